// Head to head on the board that is shown: two models, group by group, and every pair.
const headToHead = {
    choices: { cell: ["share", "votes"], a: ["", ...models.model_id], b: ["", ...models.model_id] },
    draw(board) {
        const table = pairsOf(board);
        const isHere = table !== null && table.models.length > 1;
        byId("pairs-panel").hidden = !isHere;
        byId("no-pairs").hidden = isHere;
        if (!isHere) {
            byId("no-pairs").textContent = noPairs(board);
            return;
        }
        const rows = table.models.map((model) => rowOf(board, model));
        const count = rowsOf(board).length;
        byId("pairs-some").textContent =
            rows.length < count ? `This page pairs the first ${rows.length} of ${count} models.` : "";
        const [one, other] = chosenPair(rows);
        drawPair(board, one, other);
        drawGroupsOfPair(board, one.model, other.model);
        if (byId("every-pair").open) drawMatrix(board, rows);
    },
};
sections.push(headToHead);

function noPairs(board) {
    const { estimator, isWeighted } = keyOf(board);
    const other = estimator !== 0 ? estimators.label[0] : isWeighted ? "as they turned up" : "like the census";
    return `Pairs of models are published of other boards than this one: choose “${other}” under More.`;
}

/** The models of two lists to choose from; without a choice the first two that are ranked. */
function chosenPair(rows) {
    const ranked = [...rows.filter((row) => !row.isProvisional), ...rows.filter((row) => row.isProvisional)];
    return [["a", 0], ["b", 1]].map(([name, place]) => {
        const select = byId(`pair-${name}`);
        fill(
            select,
            ranked.map((row) => html`<option value="${models.model_id[row.model]}">${row.name}</option>`),
        );
        const row =
            ranked.find(({ model }) => models.model_id[model] === state[name]) || ranked[Math.min(place, ranked.length - 1)];
        select.value = models.model_id[row.model];
        return row;
    });
}

/** Who prefers: adults where people are weighted to them, else those who voted. */
function preferrers(board) {
    const { stratum, isWeighted } = keyOf(board);
    const who = isWeighted ? "adults" : "those who voted";
    return strata.stratum_id[stratum] === EVERYBODY ? who : `${who} (${strata.label[stratum]})`;
}

function pairSentence(board, one, other, pair) {
    if (!pair) return "Choose two different models.";
    const [first, second] = pair.share >= EVEN ? [one, other] : [other, one];
    const towards = pair.share >= EVEN ? pair : pairOf(board, first.model, second.model);
    const ends = towards.lo === null ? "" : ` (${endsOfPair(towards)})`;
    if (!pair.isApart)
        return html`<strong>${first.name}</strong> and <strong>${second.name}</strong> are too close to call: an estimated <span class="figure">${towards.share}%</span> of ${preferrers(board)} prefer the first${ends}, a tie counting half to each.`;
    return html`<strong>${first.name}</strong> is preferred over <strong>${second.name}</strong> by an estimated <span class="figure">${towards.share}%</span> of ${preferrers(board)}${ends}, a tie counting half to each.`;
}

function pairInShort(a, b) {
    const pair = pairOf(shown, a, b);
    const [one, other] = [a, b].map((model) => models.display_name[model]);
    if (!pair) return html`<strong>${one}</strong> and <strong>${other}</strong>: no figure on this board.`;
    return html`<strong>${one}</strong> ${pair.share}% to ${100 - pair.share}% <strong>${other}</strong>${!pair.isApart && ", too close to call"}`;
}

const votesText = (votes) => (votes === null ? "too few to show" : `${formats.count(votes)} or more`);

function drawPair(board, one, other) {
    const pair = pairOf(board, one.model, other.model);
    fill(byId("pair-words"), pairSentence(board, one, other, pair));
    byId("pair-bar").hidden = !pair;
    if (!pair) return;
    const known = pair.lo !== null;
    fill(
        byId("pair-bar"),
        html`<svg width="100%" height="34" role="img" aria-label="${pair.share}% to ${100 - pair.share}%"><rect class="for" x="0" y="8" width="${pair.share}%" height="18"/><rect class="against" x="${pair.share}%" y="8" width="${100 - pair.share}%" height="18"/>${known && html`<line class="reach" x1="${pair.lo}%" x2="${pair.hi}%" y1="17" y2="17"/>`}<line class="half" x1="50%" x2="50%" y1="2" y2="32"/></svg><div class="pair-ends"><span>${one.name} <b>${pair.share}%</b></span><span><b>${100 - pair.share}%</b> ${other.name}</span></div>`,
    );
    fill(byId("pair-votes"), votesOfPair(pair, one, other));
}

/** How the votes on the pair fell, as many as may be published, and what the bar shows. */
function votesOfPair(pair, one, other) {
    const least = data.board.disclosed_people_min;
    const counted = (votes) => (votes ? formats.count(votes) : `fewer than ${least}`);
    const line = (label, votes) => html`<tr><th scope="row">${label}</th><td class="number">${counted(votes)}</td></tr>`;
    const outcomes =
        pair.tied !== null &&
        html`<table class="lines outcomes"><thead><tr><th scope="col">Votes on this pair</th><th scope="col" class="number">${votesText(pair.votes)}</th></tr></thead><tbody>${line(html`preferred ${one.name}`, pair.won)}${line("saw no winner", pair.tied)}${line(html`preferred ${other.name}`, pair.lost)}</tbody></table>`;
    const said = outcomes ? `Votes are rounded down to multiples of ${least}.` : `Votes on this pair: ${votesText(pair.votes)}.`;
    return html`${outcomes}<p class="note">${said} The percentages are estimated from all votes of the board, not from these alone; a tie counts half. The line in the bar is the 95% interval, of this pair alone.</p>`;
}

/** The same pair on the boards of the other groups. */
function drawGroupsOfPair(board, a, b) {
    const all = strata.label
        .map((label, stratum) => ({ stratum, board: beside(board, { stratum }) }))
        .filter((one) => one.board !== undefined)
        .map((one) => ({ ...one, pair: pairOf(one.board, a, b) }))
        .filter(({ pair }) => pair !== undefined);
    byId("pair-groups").hidden = all.length < 2;
    if (all.length < 2) return;
    const axis = axisOver(all.flatMap(({ pair }) => [pair.share, pair.lo, pair.hi]));
    fill(byId("pair-axis"), axisLabels(axis));
    byId("pair-share-head").textContent = `Prefer ${models.display_name[a]}`;
    fill(
        byId("pair-table").tBodies[0],
        groupedLines(
            all,
            5,
            ({ pair }, label) =>
                html`<tr class="${pair.isApart && "leader"}"><th scope="row">${label}</th><td class="plot">${whisker(axis, { value: pair.share, lo: pair.lo, hi: pair.hi }, 16)}</td><td class="number${pair.isApart && " apart"}">${pair.share}%</td><td class="number">${endsOfPair(pair)}</td><td class="number wide">${pair.votes === null ? "too few" : `${formats.count(pair.votes)}+`}</td></tr>`,
        ),
    );
}

function drawMatrix(board, rows) {
    const heads = rows.map(
        (row) => html`<th scope="col"><abbr title="${row.name}">${rankText(row)}</abbr></th>`,
    );
    const lines = rows.map(
        (row) =>
            html`<tr><th scope="row">${rankText(row)}&ensp;${profileLink(row.model, row.name)}</th>${rows.map((column) => pairCell(row === column ? null : pairOf(board, row.model, column.model)))}</tr>`,
    );
    const what = state.cell === "votes" ? "Votes on the pair" : "Percent who prefer the row to the column";
    fill(
        byId("matrix"),
        html`<caption class="unseen">${what}</caption><thead><tr><td></td>${heads}</tr></thead><tbody>${lines}</tbody>`,
    );
}

function pairCell(pair) {
    if (!pair) return html`<td class="self"></td>`;
    const text = state.cell === "votes" ? pair.votes : pair.share;
    return html`<td class="h${heatOfShare(pair.share, EVEN)}${pair.isApart && " apart"}">${text}</td>`;
}

byId("every-pair").addEventListener("toggle", () => headToHead.draw(shown));
byId("pairs-swap").addEventListener("click", () => {
    [state.a, state.b] = [byId("pair-b").value, byId("pair-a").value];
    headToHead.draw(shown);
    keepAddress();
});
