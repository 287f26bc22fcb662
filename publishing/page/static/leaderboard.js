// The table of models: search, filters, order, two models to compare; its notes and its CSV file.
const makers = [...new Set(models.provider.filter(Boolean))].sort((a, b) => a.localeCompare(b)),
    terms = [...new Set(models.terms.filter(Boolean))].sort((a, b) => a.localeCompare(b));
// What each order compares; a second number settles ties.
const ORDERS = {
    rank: (row) => [row.rank],
    name: (row) => [row.name.toLowerCase()],
    win: (row) => [-row.win, row.rank],
    range: (row) => [row.rankLo, row.rankHi, row.rank],
    best: (row) => [-row.best, row.rank],
    change: (row) => [-(changeOf(shown, row) ?? -models.model_id.length), row.rank],
    votes: (row) => [-row.battles, row.rank],
};
const pinned = [];

const leaderboard = {
    choices: { find: null, maker: ["", ...makers], terms: ["", ...terms], order: Object.keys(ORDERS) },
    draw(board) {
        const rows = rowsOf(board);
        const axis = axisOver(rows.flatMap((row) => [row.win, row.lo, row.hi]));
        byId("moved-head").textContent = referenceOf(board);
        byId("board").classList.toggle("without-change", !referenceOf(board));
        fill(byId("axis"), axisLabels(axis));
        for (const head of document.querySelectorAll("#board th[data-order]")) {
            if (head.dataset.order !== state.order) head.removeAttribute("aria-sort");
            else head.setAttribute("aria-sort", ORDERS[state.order](rows[0])[0] < 0 ? "descending" : "ascending");
        }
        const found = rows.filter(isFound);
        fill(byId("board").tBodies[0], bodyOf(found, axis, new Set(leadersOf(board))));
        byId("board").classList.toggle("tiered", state.order === "rank");
        byId("board").dataset.shows = state.order;
        byId("order").querySelector('[value="change"]').hidden = !referenceOf(board);
        byId("whose-share").textContent = keyOf(board).isWeighted
            ? "that the whole population would give"
            : "that people like those who voted would give";
        const isAll = found.length === rows.length;
        byId("found").textContent = isAll ? "" : `${found.length} of ${rows.length} models`;
        byId("clear").hidden = isAll;
        if (byId("find").value !== state.find) byId("find").value = state.find;
        for (const name of ["maker", "terms", "order"]) if (byId(name)) byId(name).value = state[name];
        fill(
            byId("notes"),
            notesOf(board, rows).map((note) => html`<p>${note}</p>`),
        );
        drawPinned();
    },
};
sections.push(leaderboard);

const searched = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function isFound({ model, name }) {
    const text = searched(`${name} ${models.provider[model] ?? ""}`);
    return (
        searched(state.find).split(/\s+/).every((word) => text.includes(word)) &&
        (!state.maker || models.provider[model] === state.maker) &&
        (!state.terms || models.terms[model] === state.terms)
    );
}

/** Models that are ranked; then, below a line each, those withdrawn and those of too few votes. */
function bodyOf(rows, axis, leaders) {
    const compare = (one, other) => {
        const [a, b] = [one, other].map(ORDERS[state.order]);
        const at = a.findIndex((value, place) => value !== b[place]);
        return at < 0 ? 0 : a[at] < b[at] ? -1 : 1;
    };
    const ordered = [...rows].sort(compare);
    const parts = [
        [null, ordered.filter((row) => !row.isRetired && !row.isProvisional)],
        ["No longer offered: ranked with the others, by the votes they had", ordered.filter((row) => row.isRetired && !row.isProvisional)],
        ["Not ranked yet: too few votes to quote", ordered.filter((row) => row.isProvisional)],
    ];
    if (!rows.length) return html`<tr role="row" class="none"><td role="cell" colspan="10">${state.maker || state.terms ? "No model fits these filters." : "No model is called that."}</td></tr>`;
    return parts.map(([title, own]) => {
        if (!own.length) return "";
        const head = title && html`<tr role="row" class="below"><th role="columnheader" scope="colgroup" colspan="10">${title}</th></tr>`;
        const isNewTier = (row, place) => !title && place > 0 && row.tier > own[place - 1].tier;
        return [head, own.map((row, place) => leaderboardRow(row, axis, { leader: leaders.has(row), tier: isNewTier(row, place) }))];
    });
}

/**
 * What a change of rank is against: everybody; on everybody's board the overall question; on that
 * the release before. Nothing where there is none of them.
 */
function referenceOf(board) {
    if (!boards.reference[board]) return timelineOf(board) ? "Change" : "";
    const [stratum, dimension] = boards.reference[board];
    const label =
        stratum !== boards.stratum_id[board] ? strata.label[stratum] : dimensions.short_label[dimension];
    return `vs ${label.toLowerCase()}`;
}

function provisionalText(row) {
    const halves = [row.hasFewBattles && "few votes", row.hasWideInterval && "wide interval"];
    return halves.filter(Boolean).join(", ");
}

/** How many ranks a model is higher there than on the board of reference; null where it isn't. */
function changeOf(board, row) {
    if (boards.reference[board]) return row.change;
    const line = timelineOf(board);
    return line ? (line.change[line.model.indexOf(row.model)] ?? null) : null;
}

function changeInWords(ranksUp) {
    if (ranksUp === null) return "nothing to compare";
    return ranksUp === 0 ? "same rank" : `${Math.abs(ranksUp)} ${ranksUp > 0 ? "higher" : "lower"}`;
}

function leaderboardRow(row, axis, { leader, tier }) {
    const kinds = {
        leader,
        retired: row.isRetired,
        tier,
        provisional: row.isProvisional,
    };
    const ranksUp = changeOf(shown, row);
    const change = ranksUp ? `${ranksUp > 0 ? "▲" : "▼"}${Math.abs(ranksUp)}` : ranksUp === 0 && "=";
    const tags = [row.isProvisional && provisionalText(row), row.isPrivate && "private"];
    const isPinned = pinned.includes(row.model);
    return html`<tr role="row" class="${Object.keys(kinds).filter((kind) => kinds[kind]).join(" ")}">
<td role="cell" class="rank" data-f="rank">${rankText(row)}</td>
<th role="rowheader" scope="row"><span class="name" data-f="name">${profileLink(row.model)}</span> ${tags.filter(Boolean).map((tag) => html`<span class="tag">${tag}</span> `)}<span class="by">${models.provider[row.model]}</span></th>
<td role="cell" class="plot">${whisker(axis, { value: row.win, lo: row.lo, hi: row.hi })}</td>
<td role="cell" class="number win" data-f="win">${formats.percent(row.win)}</td>
<td role="cell" class="number ends more" data-label="95% interval" data-f="ends">${formats.ends(row)}</td>
<td role="cell" class="number range more" data-label="Rank may be" data-f="range">${formats.ranks(row)}</td>
<td role="cell" class="number best more" data-label="Chance to be the best" data-f="best">${formats.percent(row.best)}</td>
<td role="cell" class="number moved more${boards.reference[shown] && row.isApart && " apart"}" data-label="${referenceOf(shown)}"><span aria-hidden="true">${change}</span><span class="unseen">${changeInWords(ranksUp)}</span></td>
<td role="cell" class="number votes more" data-label="Votes" data-f="votes">${formats.count(row.battles)}</td>
<td role="cell" class="pin more" data-label="Compare"><input type="checkbox" name="pin" value="${row.model}"${isPinned && " checked"} aria-label="Compare ${row.name}"></td>
<td role="cell" class="open"><button type="button" aria-expanded="false" aria-label="More figures of ${row.name}"></button></td>
</tr>`;
}

function notesOf(board, rows) {
    const [, sentence] = boards.dependences[boards.dependence[board]];
    const notes = sentence ? [sentence] : [];
    if (rows.some((row) => row.lo === null))
        notes.push("A model that too few people judged is not shown here. Win shares are those among the models that are shown, and have no intervals. Ranges of ranks do.");
    if (!boards.reference[board] && timelineOf(board))
        notes.push(html`<strong>Change</strong>: ranks risen or fallen since the release of ${data.time.dates.at(-2)}.`);
    const provisional = rows.filter((row) => row.isProvisional).length;
    if (provisional) {
        const few =
            rows.some((row) => row.hasFewBattles) &&
            html`<em>few votes</em> are fewer than ${data.board.provisional_battle_count}`;
        const wide =
            rows.some((row) => row.hasWideInterval) &&
            html`a <em>wide interval</em> leaves nearly every place open`;
        notes.push(
            html`<strong>Not ranked yet</strong>: ${few}${few && wide && "; "}${wide}. Don’t quote ${provisional === 1 ? "it" : "them"}.`,
        );
    }
    for (const row of collapsedOf(board))
        notes.push(
            html`<strong>Some groups were weighted together</strong> in ${row.country}, as too few of them took part. To the census they count as one, so the board is provisional.`,
        );
    if (rows.some((row) => row.isNewTier))
        notes.push(
            "A thick line divides tiers: every model above is better than every one below, with all pairs of the board considered together (at most one board in twenty is wrong about any pair).",
        );
    for (const { name, model } of rows.filter((row) => row.isRetired)) {
        const day = models.retired_date[model];
        notes.push(
            html`<strong>${name}</strong> is no longer offered${day && `, since ${day}`}: ${models.retired_reason[model]}`,
        );
    }
    const tested = new Map();
    for (const { name, model } of rows.filter((row) => row.isPrivate)) {
        const [maker, note] = [models.provider[model] ?? "their provider", models.private_note[model]];
        const key = JSON.stringify([maker, note]);
        if (!tested.has(key)) tested.set(key, { maker, note, names: [] });
        tested.get(key).names.push(name);
    }
    for (const { maker, note, names } of tested.values())
        notes.push(
            html`Tested in <strong>private</strong> by ${maker}, ${note}: ${names.join(", ")}.`,
        );
    const components = boards.component_count[board];
    if (components > 1)
        notes.push(
            html`<strong>Not all compared</strong>: the models fall into ${components} sets, and no vote connects one with another. Ranks across sets rest on no evidence.`,
        );
    for (const check of (boards.misfits[board] || "").split(", ").filter(Boolean)) notes.push(misfitText(check));
    return notes;
}

/** What a check of rpt_model_fit that fails says to a reader. */
function misfitText(check) {
    if (check === "sides")
        return html`<strong>Shown one way round</strong>: too few pairs were shown both ways round, so an advantage of being shown first can’t be told from skill.`;
    const what = {
        drift: "votes changed between the earlier and the later half",
        pairs: "votes on some pairs of models differ from what one number per model says, by more than chance",
        triads: "more models beat each other in a circle than by chance",
    }[check];
    return html`<strong>Does not fit</strong>: ${what}. One number per model doesn’t tell the whole story, and intervals are too sure of it.`;
}

/** Two models at most: a third takes the place of the first. */
function pin(model) {
    const at = pinned.indexOf(model);
    if (at >= 0) pinned.splice(at, 1);
    else pinned.push(model);
    const gone = pinned.length > 2 ? pinned.shift() : null;
    for (const input of document.querySelectorAll('#board input[name="pin"]'))
        input.checked = pinned.includes(Number(input.value));
    if (pinned.length === 2) {
        [state.a, state.b] = pinned.map((one) => models.model_id[one]);
        headToHead.draw(shown);
        keepAddress({ isStep: false });
    }
    drawPinned(gone);
}

/** Two models, and which one a third has taken the place of. */
function drawPinned(gone = null) {
    const bar = byId("pinned");
    bar.hidden = !pinned.length;
    if (!pinned.length) return;
    const [a, b] = pinned;
    fill(
        byId("pinned-words"),
        pinned.length < 2
            ? html`<strong>${models.display_name[a]}</strong> and which other model?`
            : [pairInShort(a, b), gone !== null && html` <span class="by">(in place of ${models.display_name[gone]})</span>`],
    );
    byId("pinned-go").hidden = pinned.length < 2;
}

function redrawTable(isStep) {
    leaderboard.draw(shown);
    keepAddress({ isStep });
}

byId("find").addEventListener("input", ({ target: { value } }) => {
    state.find = value;
    redrawTable(false);
});
byId("clear").addEventListener("click", () => {
    Object.assign(state, { find: "", maker: "", terms: "" });
    redrawTable(true);
    byId("find").focus();
});
byId("board").addEventListener("click", (event) => {
    const order = event.target.closest("th[data-order] button");
    if (order) {
        state.order = order.parentElement.dataset.order;
        redrawTable(true);
        return;
    }
    if (event.target.name === "pin") {
        pin(Number(event.target.value));
        return;
    }
    const row = event.target.closest("tbody tr");
    const button = row?.querySelector(".open button");
    if (!button || !button.offsetParent || event.target.closest("a, input")) return;
    const isOpen = row.classList.toggle("opened");
    button.setAttribute("aria-expanded", String(isOpen));
});
byId("pinned-clear").addEventListener("click", () => {
    pinned.length = 0;
    for (const input of document.querySelectorAll('#board input[name="pin"]')) input.checked = false;
    drawPinned();
});

byId("csv").addEventListener("click", () => save(fileName(shown, "csv"), new Blob([csvOf(shown)], { type: "text/csv" })));

/** What is shown, rounded as it is shown. */
function csvOf(board) {
    const { stratum, ...names } = namesOf(board);
    const hundredth = (whole) => (whole === null ? "" : whole / 100);
    const lines = rowsOf(board).map((row) => ({
        release_id: data.board.release_id,
        is_simulated: data.board.is_simulated,
        ...names,
        stratum_id: stratum,
        rank: row.rank,
        rank_lo: row.rankLo,
        rank_hi: row.rankHi,
        model_id: models.model_id[row.model],
        display_name: row.name,
        win_share: hundredth(row.win),
        win_share_lo: hundredth(row.lo),
        win_share_hi: hundredth(row.hi),
        p_best: row.best / 100,
        battle_count: row.battles,
        is_provisional: row.isProvisional,
        provisional_reason: [row.hasFewBattles && "few_battles", row.hasWideInterval && "wide_interval"].filter(Boolean).join("_and_"),
        is_retired: row.isRetired,
    }));
    const cells = [Object.keys(lines[0]), ...lines.map(Object.values)];
    return cells.map((line) => `${line.map(csvCell).join(",")}\n`).join("");
}

/** A cell; text that a spreadsheet would take for a formula gets an apostrophe before it. */
function csvCell(value) {
    if (typeof value !== "string") return String(value);
    const safe = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
