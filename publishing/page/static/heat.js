// Two tables of ranks with numbers in the cells: by question, and by group.
const SHARES_OF_MODELS = [0, 0.08, 0.16, 0.28, 0.4];

/** -5 to 5, as heat.py says. */
function heatOfSkill(skill, most) {
    return Math.sign(skill) * Math.min(5, Math.ceil((Math.abs(skill) / Math.max(1, most)) * 5 - 0.5));
}

function heatOfChange(change, size) {
    if (!change) return 0;
    const share = Math.abs(change) / size;
    return Math.sign(change) * SHARES_OF_MODELS.filter((least) => share > least).length;
}

function tableCell(one, show, scale) {
    if (!one) return "<td></td>";
    const isSkill = show === "skill";
    const heat =
        isSkill || show === "grid"
            ? heatOfSkill(one.skill, scale.skill)
            : heatOfChange(one.change, scale.size);
    const text = isSkill ? formats.signed(one.skill) : one.rank;
    return `<td class="h${heat === 0 ? 0 : heat}${show === "rank" && one.isApart ? " apart" : ""}">${text}</td>`;
}

/** Lines of a table: the models in the order of the first board, a cell per board. */
function heatLines(shown, order, show) {
    const columns = shown.map((board) => {
        if (board === undefined) return new Map();
        const reference = boards.reference[board];
        const isAgainstOthers = reference && reference[0] !== boards.stratum_id[board];
        return new Map(
            rowsOf(board).map((row) => [
                row.model,
                isAgainstOthers ? row : { ...row, change: null, isApart: false },
            ]),
        );
    });
    const skills = columns.flatMap((rows) => [...rows.values()].map((row) => Math.abs(row.skill)));
    const scale = { skill: Math.max(...skills), size: order.length };
    return order
        .map(
            (model) =>
                `<tr><th scope="row">${formats.escape(models.display_name[model])}</th>${columns.map((rows) => tableCell(rows.get(model), show, scale)).join("")}</tr>`,
        )
        .join("");
}

function showGrid(board) {
    const table = document.getElementById("grid");
    if (!table) return;
    const stratum = boards.stratum_id[board],
        estimator = boards.estimator[board];
    const isWeighted = weightings[boards.weighting[board]] !== NONE;
    const shown = dimensions.dimension.map((_, dimension) =>
        findBoard(stratum, dimension, estimator, isWeighted),
    );
    table.tBodies[0].innerHTML = heatLines(
        shown,
        rowsOf(board).map((row) => row.model),
        "grid",
    );
}

function showGroups(board) {
    const table = document.getElementById("heat");
    if (!table) return;
    const dimension = boards.dimension[board],
        estimator = boards.estimator[board];
    const isWeighted = weightings[boards.weighting[board]] !== NONE;
    const shown = strata.stratum_id.map((_, stratum) => findBoard(stratum, dimension, estimator, isWeighted));
    const first = shown.find((one) => one !== undefined);
    table.classList.toggle("wide", state.heat === "skill");
    table.tBodies[0].innerHTML = heatLines(
        shown,
        rowsOf(first).map((row) => row.model),
        state.heat,
    );
    showDivisions(dimension);
}

function showDivisions(dimension) {
    const place = document.getElementById("divisions");
    if (!place) return;
    const rows = data.divisions.filter((row) => row.dimension === dimension);
    const most = Math.max(1, ...rows.map((row) => row.hi));
    const at = (tenths) => `${((tenths / (Math.ceil(most / 10) * 10)) * 100).toFixed(2)}%`;
    place.innerHTML = `<table class="divisions"><thead><tr><th scope="col">Axis</th><th scope="col" class="plot">Ranks moved</th><th scope="col" class="number">Ranks</th><th scope="col" class="number">by chance</th><th scope="col" class="number">P(largest)</th></tr></thead><tbody>${rows
        .map(
            (row) =>
                `<tr><th scope="row">${formats.escape(row.country)}, ${formats.escape(row.axis)}</th><td class="plot"><svg width="100%" height="16" aria-hidden="true"><line class="tick" x1="0" x2="100%" y1="8" y2="8"/><line class="bar" x1="${at(row.lo)}" x2="${at(row.hi)}" y1="8" y2="8"/><line class="chance" x1="${at(row.if_agreed)}" x2="${at(row.if_agreed)}" y1="1" y2="15"/><circle class="dot" cx="${at(row.shift)}" cy="8" r="4"/></svg></td><td class="number">${(row.shift / 10).toFixed(1)}</td><td class="number">${(row.if_agreed / 10).toFixed(1)}</td><td class="number">${formats.percent(row.largest)}</td></tr>`,
        )
        .join("")}</tbody></table>`;
}
