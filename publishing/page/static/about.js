// About this board: what it rests on, how sure it is, ties, weights, and the command that shows it.
sections.push({
    draw(board) {
        const { stratum } = keyOf(board);
        fill(
            byId("facts"),
            factsOf(board).map(([n, what]) => html`<div><dt>${what}</dt><dd>${n}</dd></div>`),
        );
        byId("command").textContent = commandOf(board);
        drawChart("boards-chart", boardDots(board), "votes", "sd of a skill", 2);
        drawChart("models-chart", modelDots(board), "votes", "half the interval, points", 0);
        drawChart("history-chart", historyDots(keyOf(board)), "votes", "sd of a skill", 2);
        byId("ties-who").textContent = whoInline(stratum);
        fill(
            byId("ties").tBodies[0],
            data.ties.filter((row) => row.stratum_id === stratum).map(tieRow),
        );
        if (byId("costs")) {
            fill(byId("costs").tBodies[0], data.diagnostics.map(costRow));
            const figures = runs(data.margins, (row) => `${row.country} ${row.variable_label}`);
            fill(byId("margins"), figures.map(marginFigure));
        }
    },
});

function factsOf(board) {
    const people = boards.heard_count[board],
        effective = boards.effective[board],
        ofSample = strata.heard_share[boards.stratum_id[board]],
        ofAdults = strata.population_share[boards.stratum_id[board]];
    const facts = [[formats.count(boards.battle_count[board]), "votes"]];
    if (boards.battle_left_out_count[board])
        facts.push([formats.count(boards.battle_left_out_count[board]), "votes left out, of people without a weight"]);
    if (people) facts.push([formats.count(people), "people"]);
    if (effective !== null && keyOf(board).isWeighted)
        facts.push([formats.count(effective), "people picked at random would say as much; rounded down"]);
    facts.push([formats.count(rowsOf(board).length), "models"]);
    if (ofSample !== null && ofAdults !== null) {
        facts.push([formats.share(ofSample), "of the country’s sample"]);
        facts.push([formats.share(ofAdults), "of the country’s adults"]);
    }
    return facts;
}

/** The command that shows the same board in a terminal. */
function commandOf(board) {
    const quoted = (text) => (/^[\w/.-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`);
    const options = Object.entries(namesOf(board)).map(([name, text]) => ` --${name} ${quoted(text)}`);
    return `demoscope leaderboard --as-of ${data.board.release_id.slice(0, 12)}${options.join("")}`;
}

/** All groups' boards of this question; the largest and the smallest have their names beside. */
function boardDots(board) {
    const all = strata.label
        .map((label, stratum) => ({ label, stratum, board: beside(board, { stratum }) }))
        .filter((one) => one.board !== undefined);
    const count = (one) => boards.battle_count[one.board];
    const fewest = all.reduce((a, b) => (count(b) < count(a) ? b : a), all[0]);
    return all.map((one) => ({
        x: count(one),
        y: boards.sd[one.board],
        label: one.label,
        isHere: one.board === board,
        isNamed: strata.axis[one.stratum] === null || one === fewest,
    }));
}

function modelDots(board) {
    const rows = rowsOf(board).filter((row) => row.battles > 0 && row.lo !== null);
    if (!rows.length) return [];
    const half = (row) => row.win - row.lo;
    const widest = rows.reduce((a, b) => (half(b) > half(a) ? b : a), rows[0]);
    return rows.map((row) => ({
        x: row.battles,
        y: half(row),
        label: row.name,
        isHere: row.rankLo === 1,
        isNamed: row === widest,
    }));
}

/** Everybody's boards of this question over all that was published. */
function historyDots({ dimension, isWeighted }) {
    return data.history
        .filter((row) => row.dimension === dimension && row.is_weighted === isWeighted)
        .map((row) => ({
            x: row.battle_count,
            y: row.sd,
            label: data.editions[row.edition].label,
            isHere: data.editions[row.edition].is_shown,
            isNamed: row.edition === 0,
        }));
}

function drawChart(id, points, xTitle, yTitle, places) {
    byId(id).hidden = points.length < 2;
    if (points.length > 1) fill(byId(id).lastElementChild, dots(points, xTitle, yTitle, places));
}

// Letters keep their size where a chart is about as wide as it is drawn; to ask the page would make
// it lay itself out in between.
const WIDTH = matchMedia("(max-width: 40rem)").matches ? 360 : 480,
    HEIGHT = 280,
    LEFT = 44,
    RIGHT = 14,
    TOP = 28,
    BOTTOM = 36;

/** Dots over a logarithmic count; `points` have x, y (of 10^-places), label, isHere, isNamed. */
function dots(points, xTitle, yTitle, places) {
    const from = Math.log10(Math.max(1, Math.min(...points.map((p) => p.x))) * 0.85),
        to = Math.log10(Math.max(1, ...points.map((p) => p.x)) * 1.18),
        most = Math.max(...points.map((p) => p.y)) * 1.12 || 1;
    const atX = (n) =>
        LEFT + ((Math.log10(Math.max(1, n)) - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
    const atY = (n) => HEIGHT - BOTTOM - (n / most) * (HEIGHT - TOP - BOTTOM);
    const step = [2, 5, 10, 20, 50, 100, 200, 500, 1000].find((one) => most / one <= 5) || 2000;
    const steps = [...Array(Math.floor(most / step) + 1).keys()].map((n) => n * step);
    const lines = steps.map(
        (n) =>
            html`<line class="frame" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${atY(n)}" y2="${atY(n)}"/><text x="${LEFT - 8}" y="${atY(n) + 4}" text-anchor="end">${places ? formats.decimal(n, places).replace(/0$/, "") : n}</text>`,
    );
    const counts = ticksOf(10 ** from, 10 ** to).map(
        (n) =>
            html`<text x="${atX(n)}" y="${HEIGHT - BOTTOM + 17}" text-anchor="middle">${formats.count(n)}</text>`,
    );
    const placed = points.map((point) => ({ ...point, cx: atX(point.x), cy: atY(point.y) }));
    const circles = [...placed]
        .sort((a, b) => a.isHere - b.isHere)
        .map(
            ({ cx, cy, x, label, isHere }) =>
                html`<circle class="${isHere ? "here" : "point"}" cx="${cx}" cy="${cy}" r="5"><title>${label}: ${formats.count(x)} ${xTitle}</title></circle>`,
        );
    return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${yTitle} by ${xTitle}, ${points.length} dots">${lines}${counts}<text x="${WIDTH - RIGHT}" y="${HEIGHT - 3}" text-anchor="end">${xTitle}</text><text x="0" y="12">${yTitle}</text>${labelsOf(placed)}${circles}</svg>`;
}

/** Round numbers within a range, few of them. */
function ticksOf(from, to) {
    const decades = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
    const sets = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 6, 8]].map((set) =>
        decades
            .flatMap((ten) => set.map((n) => n * ten))
            .filter((n) => n >= from && n <= to && Number.isInteger(n)),
    );
    return sets.find((ticks) => ticks.length >= 3) || sets[3];
}

/** A label stands beside its dot, on no other dot and on no other label; else there is none. */
function labelsOf(points) {
    const taken = points.map(({ cx, cy }) => [cx - 6, cy - 6, cx + 6, cy + 6]);
    const isFree = ([left, top, right, bottom]) =>
        left >= LEFT &&
        right <= WIDTH &&
        taken.every(
            (other) => right <= other[0] || other[2] <= left || bottom <= other[1] || other[3] <= top,
        );
    const named = points.filter((point) => point.isHere || point.isNamed);
    return named
        .sort((a, b) => b.isHere - a.isHere)
        .map(({ cx, cy, label }) => {
            const length = label.length * 6.6;
            const box = [cx + 7, cx - 7 - length, cx - length / 2]
                .flatMap((left) => [cy - 7, cy - 21, cy + 7].map((top) => [left, top]))
                .map(([left, top]) => [left, top, left + length, top + 14])
                .find(isFree);
            if (box) taken.push(box);
            return box && html`<text class="label halo" x="${box[0]}" y="${box[3] - 3}">${label}</text>`;
        });
}

function tieRow({ dimension, decided, tie, both_bad }) {
    const { share } = formats;
    return html`<tr><th scope="row">${dimensions.label[dimension]}</th><td class="plot"><svg width="100%" height="12" aria-hidden="true"><rect class="decided" x="0" width="${share(decided)}" height="12"/><rect class="tie" x="${share(decided)}" width="${share(tie)}" height="12"/><rect class="bad" x="${share(decided + tie)}" width="${share(both_bad)}" height="12"/></svg></td><td class="number">${share(decided)}</td><td class="number">${share(tie)}</td><td class="number">${share(both_bad)}</td></tr>`;
}

function costRow(row) {
    const cells = [
        formats.count(row.participant_count),
        formats.count(row.effective),
        formats.decimal(row.design_effect, 2),
        `${formats.decimal(row.weight_min, 2)} to ${formats.decimal(row.weight_max, 2)}`,
        formats.share(row.trimmed),
        formats.decimal(row.asmd_before, 3),
        formats.decimal(row.asmd_after, 3),
    ];
    return html`<tr><th scope="row">${row.country} <span class="by">${row.scheme_label}</span></th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`;
}

function marginFigure([, rows]) {
    const { share } = formats;
    const lines = rows.map(
        ({ level, before, after, target }) =>
            html`<tr><th scope="row">${level}</th><td class="plot"><svg width="100%" height="14" aria-hidden="true"><line class="tick" x1="0" x2="100%" y1="7" y2="7"/><line class="move" x1="${share(before)}" x2="${share(after)}" y1="7" y2="7"/><line class="target" x1="${share(target)}" x2="${share(target)}" y1="0" y2="14"/><circle class="sample" cx="${share(before)}" cy="7" r="3.5"/><circle class="dot" cx="${share(after)}" cy="7" r="3.5"/></svg></td><td class="number">${share(before)}</td><td class="number">${share(target)}</td></tr>`,
    );
    const [{ country, variable_label }] = rows;
    return html`<figure><figcaption><strong>${country}</strong>, ${variable_label}</figcaption><table><tbody>${lines}</tbody></table></figure>`;
}
