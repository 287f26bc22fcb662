// How sure: dots of boards and of models, and shares of ties.
// Letters keep their size where a chart is about as wide as it is drawn; to ask the page would make
// it lay itself out in between.
const WIDTH = matchMedia("(max-width: 40rem)").matches ? 360 : 480,
    HEIGHT = 280,
    LEFT = 44,
    RIGHT = 14,
    TOP = 28,
    BOTTOM = 36;

/** Round numbers within a range, few of them. */
function ticksOf(from, to) {
    const decades = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
    const sets = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 6, 8]];
    const inside = sets.map((set) =>
        decades
            .flatMap((ten) => set.map((n) => n * ten))
            .filter((n) => n >= from && n <= to && Number.isInteger(n)),
    );
    return inside.find((ticks) => ticks.length >= 3) || inside[3];
}

/** Dots over a logarithmic count; `points` have x, y (hundredths), label, isHere, isNamed. */
function dots(points, xTitle, yTitle) {
    const low = Math.min(...points.map((p) => p.x)),
        high = Math.max(...points.map((p) => p.x));
    const from = Math.log10(Math.max(1, low) * 0.85),
        to = Math.log10(Math.max(1, high) * 1.18);
    const most = Math.max(...points.map((p) => p.y)) * 1.12 || 1;
    const x = (n) => LEFT + ((Math.log10(Math.max(1, n)) - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
    const y = (n) => HEIGHT - BOTTOM - (n / most) * (HEIGHT - TOP - BOTTOM);
    const chart = svg("svg", {
        class: "chart",
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        role: "img",
        "aria-label": `${yTitle} by ${xTitle}, ${points.length} dots`,
    });
    const step = [10, 20, 50, 100, 200, 500, 1000].find((one) => most / one <= 5) || 2000;
    for (let tick = 0; tick <= most; tick += step) {
        chart.append(svg("line", { class: "frame", x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }));
        chart.append(
            svg(
                "text",
                { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" },
                (tick / 100).toFixed(step < 100 ? 1 : 0),
            ),
        );
    }
    for (const tick of ticksOf(10 ** from, 10 ** to)) {
        chart.append(
            svg(
                "text",
                { x: x(tick), y: HEIGHT - BOTTOM + 17, "text-anchor": "middle" },
                formats.count(tick),
            ),
        );
    }
    chart.append(svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 3, "text-anchor": "end" }, xTitle));
    chart.append(svg("text", { x: 0, y: 12 }, yTitle));
    // A label stands beside its dot, on no other dot and on no other label; else there is none.
    const taken = points.map((point) => [x(point.x) - 6, y(point.y) - 6, x(point.x) + 6, y(point.y) + 6]);
    const isFree = ([left, top, right, bottom]) =>
        left >= LEFT &&
        right <= WIDTH &&
        taken.every(
            (other) => right <= other[0] || other[2] <= left || bottom <= other[1] || other[3] <= top,
        );
    const named = points.filter((point) => point.isHere || point.isNamed);
    for (const point of named.sort((a, b) => b.isHere - a.isHere)) {
        const length = point.label.length * 6.6;
        const [px, py] = [x(point.x), y(point.y)];
        const boxes = [px + 7, px - 7 - length, px - length / 2].flatMap((left) =>
            [py - 7, py - 21, py + 7].map((top) => [left, top, left + length, top + 14]),
        );
        const box = boxes.find(isFree);
        if (!box) continue;
        taken.push(box);
        chart.append(svg("text", { class: "label halo", x: box[0], y: box[3] - 3 }, point.label));
    }
    for (const point of [...points].sort((a, b) => a.isHere - b.isHere)) {
        const dot = svg("circle", {
            class: point.isHere ? "here" : "point",
            cx: x(point.x),
            cy: y(point.y),
            r: 5,
        });
        dot.append(svg("title", {}, `${point.label}: ${formats.count(point.x)} ${xTitle}`));
        chart.append(dot);
    }
    return chart;
}

function showCharts(board) {
    const here = boards.stratum_id[board],
        isWeighted = weightings[boards.weighting[board]] !== NONE;
    const shown = strata.label.map((_, stratum) =>
        findBoard(stratum, boards.dimension[board], boards.estimator[board], isWeighted),
    );
    const fewest = shown
        .filter((one) => one !== undefined)
        .sort((a, b) => boards.battle_count[a] - boards.battle_count[b])[0];
    const points = strata.label.flatMap((label, stratum) => {
        const one = shown[stratum];
        if (one === undefined) return [];
        return [
            {
                x: boards.battle_count[one],
                y: boards.sd[one],
                label,
                isHere: stratum === here,
                isNamed: strata.axis[stratum] === null || one === fewest,
            },
        ];
    });
    place("boards-chart", points, "verdicts", "sd of a skill");
    const rows = rowsOf(board).filter((row) => row.battles > 0);
    const widest = rows.reduce((a, b) => (b.skill - b.lo > a.skill - a.lo ? b : a), rows[0]);
    place(
        "models-chart",
        rows.map((row) => ({
            x: row.battles,
            y: row.skill - row.lo,
            label: models.display_name[row.model],
            isHere: row.rankLo === 1,
            isNamed: row === widest,
        })),
        "battles",
        "half the interval",
    );
    showHistory(board);
}

/** Everybody's boards of this question over all that was published. */
function showHistory(board) {
    const { history, editions } = data;
    const isWeighted = weightings[boards.weighting[board]] !== NONE;
    const points = history.edition.flatMap((edition, row) =>
        history.dimension[row] === boards.dimension[board] && Boolean(history.is_weighted[row]) === isWeighted
            ? [
                  {
                      x: history.battle_count[row],
                      y: history.sd[row],
                      label: editions[edition].label,
                      isHere: editions[edition].is_shown,
                      isNamed: edition === 0,
                  },
              ]
            : [],
    );
    place("history-chart", points, "verdicts", "sd of a skill");
}

function place(id, points, xTitle, yTitle) {
    const figure = document.getElementById(id);
    figure.hidden = points.length < 2;
    if (!figure.hidden) figure.lastElementChild.replaceChildren(dots(points, xTitle, yTitle));
}

function showTies(board) {
    const stratum = boards.stratum_id[board],
        { ties } = data;
    document.getElementById("ties-who").textContent = whoInline(stratum);
    const width = formats.share;
    const lines = [];
    ties.stratum_id.forEach((one, row) => {
        if (one !== stratum) return;
        const [decided, tie, bad] = [ties.decided[row], ties.tie[row], ties.both_bad[row]];
        lines.push([
            ties.dimension[row],
            `<tr><th scope="row">${formats.escape(dimensions.label[ties.dimension[row]])}</th><td class="plot"><svg width="100%" height="12" aria-hidden="true"><rect class="decided" x="0" width="${width(decided)}" height="12"/><rect class="tie" x="${width(decided)}" width="${width(tie)}" height="12"/><rect class="bad" x="${width(decided + tie)}" width="${width(bad)}" height="12"/></svg></td><td class="number">${width(decided)}</td><td class="number">${width(tie)}</td><td class="number">${width(bad)}</td></tr>`,
        ]);
    });
    document.getElementById("ties").tBodies[0].innerHTML = lines
        .sort((a, b) => a[0] - b[0])
        .map(([, line]) => line)
        .join("");
}
