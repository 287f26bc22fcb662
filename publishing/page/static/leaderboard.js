// The sentence and the facts at the top, the leaderboard, the notes under it, and its CSV file.
sections.push({
    draw(board) {
        const rows = rowsOf(board);
        const axis = axisOver(rows.flatMap((row) => [row.lo, row.hi]));
        fill(byId("standfirst"), openingOf(board, rows));
        fill(
            byId("facts"),
            factsOf(board, rows).map(([n, what]) => html`<div><dt>${what}</dt><dd>${n}</dd></div>`),
        );
        byId("board-title").textContent = titleOf(board);
        byId("moved-head").textContent = referenceOf(board);
        byId("board").classList.toggle("without-change", !boards.reference[board]);
        fill(byId("axis"), axis.ticks.map(axisLabel));
        fill(
            byId("board").tBodies[0],
            rows.map((row) => leaderboardRow(row, axis)),
        );
        fill(
            byId("notes"),
            notesOf(board, rows).map((note) => html`<p>${note}</p>`),
        );
    },
});

function openingOf(board, rows) {
    const [first] = rows,
        leaders = boards.leader_count[board],
        question = dimensions.label[boards.dimension[board]],
        who = whoInline(boards.stratum_id[board]);
    const others =
        leaders > 1
            ? `${leaders} models may be the best: the verdicts can’t tell which is.`
            : "It stands alone at the top.";
    return html`<strong>${first.name}</strong> comes first on <em>${question}</em> with <em>${who}</em>: ${formats.percent(first.best)} likely to be the best of ${rows.length}. ${others}`;
}

function factsOf(board, rows) {
    const people = boards.heard_count[board],
        effective = boards.effective[board],
        ofSample = strata.heard_share[boards.stratum_id[board]],
        ofAdults = strata.population_share[boards.stratum_id[board]];
    const facts = [[formats.count(boards.battle_count[board]), "verdicts"]];
    if (boards.battle_left_out_count[board])
        facts.push([formats.count(boards.battle_left_out_count[board]), "verdicts left out, of people without a weight"]);
    if (people) facts.push([formats.count(people), "people"]);
    if (effective !== null && keyOf(board).isWeighted)
        facts.push([formats.count(effective), "effective, after weighting"]);
    if (boards.has_few_people[board]) facts.push(["*", "provisional: worth fewer than 50 people"]);
    if (collapsedOf(board).length)
        facts.push(["*", "provisional: for want of people, groups are weighted together"]);
    facts.push([formats.count(rows.length), "models"]);
    if (ofSample !== null && ofAdults !== null) {
        facts.push([formats.share(ofSample), "of the country's sample"]);
        facts.push([formats.share(ofAdults), "of the country's adults"]);
    }
    return facts;
}

function titleOf(board) {
    const { stratum, dimension, isWeighted } = keyOf(board);
    const [beside] = boards.dependences[boards.dependence[board]];
    return `${dimensions.label[dimension]} · ${whoInline(stratum)} · ${isWeighted ? "weighted to the census" : "unweighted"}${beside && ` · ${beside}`}`;
}

/** Where levels that the board is weighted to had too few people, and joined others. */
function collapsedOf(board) {
    const country = strata.country[boards.stratum_id[board]],
        weighting = weightings[boards.weighting[board]];
    return data.diagnostics.filter(
        (row) =>
            row.is_collapsed &&
            weighting.startsWith(row.scheme) &&
            (country === null || country === row.country),
    );
}

/** What a change of rank is against: everybody, or on everybody's board the overall question. */
function referenceOf(board) {
    if (!boards.reference[board]) return "Change";
    const [stratum, dimension] = boards.reference[board];
    const label =
        stratum !== boards.stratum_id[board] ? strata.label[stratum] : dimensions.label[dimension];
    return `vs ${label.toLowerCase()}`;
}

function axisLabel({ value, x, isMinor }) {
    const label = value === 0 ? "0" : `${value < 0 ? MINUS : "+"}${Math.abs(value) / 100}`;
    return html`<text${isMinor && html` class="minor"`} x="${x}" y="13">${label}</text>`;
}

function provisionalText(row) {
    const halves = [row.hasFewBattles && "few battles", row.hasWideInterval && "wide interval"];
    return halves.filter(Boolean).join(", ");
}

function changeInWords(ranksUp) {
    if (ranksUp === null) return "not on the other board";
    return ranksUp === 0 ? "same rank" : `${Math.abs(ranksUp)} ${ranksUp > 0 ? "higher" : "lower"}`;
}

function leaderboardRow(row, axis) {
    const provisional = provisionalText(row);
    const kinds = {
        leader: row.rankLo === 1,
        retired: row.isRetired,
        tier: row.isNewTier,
        provisional,
    };
    const arrow = row.change > 0 ? "▲" : "▼";
    const change = row.change ? `${arrow} ${Math.abs(row.change)}` : row.change === 0 && "=";
    const tags = [
        provisional && `provisional: ${provisional}`,
        row.isPrivate && "private",
        row.isRetired && "retired",
    ];
    const ticks = axis.ticks.map(
        ({ value, x }) =>
            html`<line class="${value === 0 ? "zero" : "tick"}" x1="${x}" x2="${x}" y1="0" y2="20"/>`,
    );
    return html`<tr role="row" class="${Object.keys(kinds).filter((kind) => kinds[kind]).join(" ")}">
<td role="cell" class="rank"><b data-f="rank_lo">${row.rankLo}</b><span class="range" data-f="rank_hi">${row.rankHi > row.rankLo && EN_DASH + row.rankHi}</span></td>
<th role="rowheader" scope="row"><span class="name" data-f="name">${row.name}</span> ${tags.filter(Boolean).map((tag) => html`<span class="tag">${tag}</span> `)}<span class="by">${models.provider[row.model]}</span></th>
<td role="cell" class="plot"><span class="unseen" data-f="interval">${formats.signed(row.lo)} to ${formats.signed(row.hi)}</span><svg class="whisker" width="100%" height="20" aria-hidden="true">${ticks}<line class="bar" x1="${axis.at(row.lo)}" x2="${axis.at(row.hi)}" y1="10" y2="10"/><circle class="dot" cx="${axis.at(row.skill)}" cy="10" r="4.5"/></svg></td>
<td role="cell" class="number skill" data-f="skill_text">${formats.signed(row.skill)}</td>
<td role="cell" class="number best" data-f="best">${formats.percent(row.best)}</td>
<td role="cell" class="number win" data-f="win">${formats.percent(row.win)}</td>
<td role="cell" class="number moved${row.isApart && " apart"}"><span aria-hidden="true">${change}</span><span class="unseen">${changeInWords(row.change)}</span></td>
<td role="cell" class="number battles" data-f="battles">${formats.count(row.battles)}</td>
</tr>`;
}

function notesOf(board, rows) {
    const [, sentence] = boards.dependences[boards.dependence[board]];
    const notes = sentence ? [sentence] : [];
    const provisional = rows.filter(provisionalText).length;
    if (provisional) {
        const few =
            rows.some((row) => row.hasFewBattles) &&
            html`<em>few battles</em> are fewer than ${data.board.provisional_battle_count}`;
        const wide =
            rows.some((row) => row.hasWideInterval) &&
            html`a <em>wide interval</em> leaves nearly every place open`;
        notes.push(
            html`<strong>Provisional</strong>: ${few}${few && wide && "; "}${wide}. Don’t quote ${provisional === 1 ? "it" : "them"}.`,
        );
    }
    for (const row of collapsedOf(board))
        notes.push(
            html`<strong>Some groups were weighted together</strong> in ${row.country}, as too few of them took part. To the census they count as one, so the board is provisional.`,
        );
    if (rows.some((row) => row.isNewTier))
        notes.push(
            "A line divides tiers: every model above is better than every one below, with all pairs of the board considered together (at most one board in twenty is wrong about any pair).",
        );
    for (const { name, model } of rows.filter((row) => row.isRetired)) {
        const day = models.retired_date[model];
        notes.push(
            html`<strong>${name}</strong> is retired${day && ` since ${day}`}: ${models.retired_reason[model]}`,
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
            html`<strong>Not all compared</strong>: the models fall into ${components} sets, and no battle connects one with another. Ranks across sets rest on the prior alone.`,
        );
    for (const check of (boards.misfits[board] || "").split(", ").filter(Boolean)) notes.push(misfitText(check));
    return notes;
}

/** What a check of rpt_model_fit that fails says to a reader. */
function misfitText(check) {
    if (check === "sides")
        return html`<strong>Shown one way round</strong>: too few pairs were shown both ways round, so an advantage of being shown first can’t be told from skill.`;
    const what = {
        drift: "verdicts changed between the earlier and the later half of the battles",
        pairs: "verdicts on some pairs of models differ from what skills say, by more than chance",
        triads: "more models beat each other in a circle than by chance",
    }[check];
    return html`<strong>Does not fit</strong>: ${what}. One number per model doesn’t tell the whole story, and intervals are too sure of it.`;
}

byId("csv").addEventListener("click", () => {
    const names = namesOf(shown);
    const words = [names.stratum, names.dimension, names.estimator, names.weighting];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csvOf(shown)], { type: "text/csv" }));
    link.download = `${data.board.is_simulated ? "SIMULATED-" : ""}${words.join("-").replace(/[^\w+-]+/g, "_")}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

/** What is shown, rounded as it is shown. */
function csvOf(board) {
    const { stratum, ...names } = namesOf(board);
    const lines = rowsOf(board).map((row) => ({
        board_id: data.board.board_id,
        is_simulated: data.board.is_simulated,
        ...names,
        stratum_id: stratum,
        rank: row.rank,
        rank_lo: row.rankLo,
        rank_hi: row.rankHi,
        model_id: models.model_id[row.model],
        display_name: row.name,
        skill: row.skill / 100,
        skill_lo: row.lo / 100,
        skill_hi: row.hi / 100,
        p_best: row.best / 100,
        win_share: row.win / 100,
        battle_count: row.battles,
        is_provisional: row.hasFewBattles || row.hasWideInterval,
        provisional_reason: provisionalText(row).replace(", ", " and ").replaceAll(" ", "_"),
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
