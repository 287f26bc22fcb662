// Ranks or win shares in each group, people like the reader, and how far ranks move between groups.
sections.push({
    choices: { heat: ["rank", "win"] },
    draw(board) {
        const groups = strata.label.map((_, stratum) => beside(board, { stratum }));
        const first = groups.find((one) => one !== undefined);
        const table = byId("heat");
        for (const caption of document.querySelectorAll("#groups [data-heat]"))
            caption.hidden = caption.dataset.heat !== state.heat;
        fill(table.tHead, groupHeads());
        const cell = state.heat === "win" ? winCell : changeCell(rowsOf(first).length);
        fill(table.tBodies[0], heatLines(first, groups, cell));
        drawDivisions(boards.dimension[board]);
    },
});

/** Two lines: country and axis, spanning; then every group. */
function groupHeads() {
    const spans = runs([...strata.label.keys()], (stratum) =>
        strata.axis[stratum] === null
            ? "All adults"
            : `${strata.country[stratum]}, ${strata.axis[stratum]}`,
    );
    const labels = strata.label.map((label, stratum) => strata.group_name[stratum] || label);
    return html`<tr><td></td>${spans.map(
            ([label, inside]) => html`<th scope="colgroup" colspan="${inside.length}">${label}</th>`,
        )}</tr>
        <tr><th scope="col">Model</th>${labels.map(
            (label) => html`<th scope="col" class="turned"><span>${label}</span></th>`,
        )}</tr>`;
}

function winCell(row, most) {
    return html`<td class="h${heatOfShare(row.win, most)}">${row.win}</td>`;
}

/** Everybody's changes of rank are against another question, not other people: no colour. */
function changeCell(size) {
    return (row, _most, board) => {
        const reference = boards.reference[board];
        const isAgainstOthers = reference && reference[0] !== boards.stratum_id[board];
        const heat = isAgainstOthers ? heatOfChange(row.change, size) : 0;
        return html`<td class="h${heat}${isAgainstOthers && row.isApart && " apart"}">${rankText(row)}</td>`;
    };
}

function drawDivisions(dimension) {
    const table = byId("divisions");
    if (!table) return;
    const rows = data.divisions.filter((row) => row.dimension === dimension);
    const most = Math.ceil(Math.max(1, ...rows.map((row) => row.hi)) / 10) * 10;
    const at = (tenths) => `${((tenths / most) * 100).toFixed(2)}%`;
    fill(
        table.tBodies[0],
        rows.map(
            (row) =>
                html`<tr><th scope="row">${row.country}, ${row.axis}</th><td class="plot"><svg width="100%" height="16" aria-hidden="true"><line class="tick" x1="0" x2="100%" y1="8" y2="8"/><line class="bar" x1="${at(row.lo)}" x2="${at(row.hi)}" y1="8" y2="8"/><line class="chance" x1="${at(row.if_agreed)}" x2="${at(row.if_agreed)}" y1="1" y2="15"/><circle class="dot" cx="${at(row.shift)}" cy="8" r="4"/></svg></td><td class="number">${formats.decimal(row.shift, 1)}</td><td class="number">${formats.decimal(row.if_agreed, 1)}</td><td class="number">${row.largest === null ? "" : formats.percent(row.largest)}</td></tr>`,
        ),
    );
}
