// The board as one drawing: win shares with their intervals, and lines between tiers.
const FOREST = { width: 720, row: 22, left: 230, right: 96, top: 30, names: 30 };

const forest = {
    draw(board) {
        if (byId("forest").open) fill(byId("forest-drawing"), forestPlot(board));
    },
};
sections.push(forest);

function forestPlot(board) {
    const { width, row: step, left, right, top } = FOREST;
    const rows = rowsOf(board).filter((row) => !row.isProvisional);
    const leaders = leadersOf(board);
    const axis = axisOver(rows.flatMap((row) => [row.win, row.lo, row.hi]));
    const x = (value) => left + (axis.at(value) / 100) * (width - left - right);
    const bottom = top + rows.length * step;
    const ticks = axis.ticks.map(
        (tick) =>
            html`<text x="${x(tick)}" y="14" text-anchor="middle">${tick}%</text><line class="${tick === EVEN ? "zero" : "frame"}" x1="${x(tick)}" x2="${x(tick)}" y1="${top - 8}" y2="${bottom}"/>`,
    );
    const lines = rows.map((row, place) => {
        const y = top + (place + 0.5) * step;
        const tier = row.isNewTier && html`<line class="tier" x1="0" x2="${width}" y1="${y - step / 2}" y2="${y - step / 2}"/>`;
        const reach = row.lo !== null && html`<line class="bar" x1="${x(row.lo)}" x2="${x(row.hi)}" y1="${y}" y2="${y}"/>`;
        return html`${tier}<g class="${leaders.includes(row) && "leader"}"><text class="label" x="22" y="${y + 4}" text-anchor="end">${row.rank}</text><text class="label" x="32" y="${y + 4}">${shortened(row.name, FOREST.names)}</text>${reach}<circle class="dot" cx="${x(row.win)}" cy="${y}" r="4.5"/><text x="${width}" y="${y + 4}" text-anchor="end">${row.win}%${row.lo !== null && ` (${row.lo} to ${row.hi})`}</text></g>`;
    });
    return html`<svg class="chart forest" viewBox="0 0 ${width} ${bottom + 4}" role="img" aria-label="Win shares of ${rows.length} models with 95% intervals; the table above has the same figures">${ticks}${lines}</svg>`;
}

byId("forest").addEventListener("toggle", () => forest.draw(shown));
