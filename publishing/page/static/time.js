// Ranks over time: a line per model, release by release.
sections.push({
    draw(board) {
        const line = timelineOf(board);
        byId("time-panel").hidden = !line;
        byId("no-time").hidden = Boolean(line);
        if (!line) return;
        fill(byId("bump-drawing"), bumpChart(line));
        const ranks = (place) =>
            data.time.dates.map((_, at) =>
                line.rank[place][at] === null
                    ? html`<td class="number">${EN_DASH}</td>`
                    : html`<td class="number">${line.rank[place][at]} <span class="by">${formats.ranks({ rankLo: line.lo[place][at], rankHi: line.hi[place][at] })}</span></td>`,
            );
        fill(
            byId("bump-table").tHead,
            html`<tr><th scope="col">Model</th>${data.time.dates.map((date) => html`<th scope="col" class="number">${date}</th>`)}</tr>`,
        );
        fill(
            byId("bump-table").tBodies[0],
            line.model.map((model, place) => html`<tr><th scope="row">${models.display_name[model]}</th>${ranks(place)}</tr>`),
        );
    },
});

const BUMP = { width: 720, step: 20, left: 34, right: 190, top: 34, names: 26 };

function bumpChart(line) {
    const { width, step, left, right, top } = BUMP;
    const most = Math.max(...line.rank.flat().filter((rank) => rank !== null));
    const height = top + most * step + 8;
    const last = data.time.dates.length - 1;
    const x = (at) => left + (at / last) * (width - left - right),
        y = (rank) => top + (rank - 0.5) * step;
    const days = data.time.dates.map(
        (date, at) =>
            html`<text x="${x(at)}" y="14" text-anchor="${at === 0 ? "start" : at === last ? "end" : "middle"}">${date}</text><line class="frame" x1="${x(at)}" x2="${x(at)}" y1="${top - 8}" y2="${height - 8}"/>`,
    );
    const lines = line.model.map((model, place) => {
        const ranks = line.rank[place];
        const isFirst = line.lo[place][last] === 1;
        const paths = runs([...ranks.keys()], (at) => ranks[at] !== null)
            .filter(([isKnown]) => isKnown)
            .map(([, known]) => known.map((at, n) => `${n ? "L" : "M"}${x(at).toFixed(1)} ${y(ranks[at])}`).join(""));
        const reach =
            isFirst &&
            ranks.map(
                (rank, at) =>
                    rank !== null &&
                    html`<line class="reach" x1="${x(at)}" x2="${x(at)}" y1="${y(line.lo[place][at])}" y2="${y(line.hi[place][at])}"/>`,
            );
        const dots = ranks.map((rank, at) => rank !== null && html`<circle cx="${x(at).toFixed(1)}" cy="${y(rank)}" r="3.5"/>`);
        const name =
            ranks[last] !== null &&
            html`<text x="${x(last) + 12}" y="${y(ranks[last]) + 4}">${ranks[last]}  ${shortened(models.display_name[model], BUMP.names)}</text>`;
        const first = ranks[0] !== null && html`<text x="${x(0) - 12}" y="${y(ranks[0]) + 4}" text-anchor="end">${ranks[0]}</text>`;
        return html`<g class="line${isFirst && " here"}"><title>${models.display_name[model]}</title>${reach}<path d="${paths.join("")}"/>${dots}${name}${first}</g>`;
    });
    return html`<svg class="chart bump" viewBox="0 0 ${width} ${height}" role="img" aria-label="Ranks of ${line.model.length} models over ${data.time.dates.length} releases; the same as a table below">${days}${lines}</svg>`;
}
