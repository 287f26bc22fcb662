// The page's data and the boards in it; board_columns.py says how they are written.
const data = JSON.parse(document.getElementById("data").textContent);
const { boards, models, dimensions, strata, estimators, weightings } = data;
const NONE = "none",
    FEW_BATTLES = 1,
    WIDE_INTERVAL = 2,
    APART = 4;

const boardAt = new Map();
boards.stratum_id.forEach((stratum, board) => {
    const isWeighted = weightings[boards.weighting[board]] !== NONE;
    boardAt.set([stratum, boards.dimension[board], boards.estimator[board], isWeighted].join("|"), board);
});

/** The place of a board, or undefined. */
function findBoard(stratum, dimension, estimator, isWeighted) {
    return boardAt.get([stratum, dimension, estimator, isWeighted].join("|"));
}

const decoded = new Map();
/** A board's rows, best first. */
function rowsOf(board) {
    if (decoded.has(board)) return decoded.get(board);
    const cells = {};
    for (const name in boards.rows) cells[name] = boards.rows[name][board];
    const tally = boards.tallies[boards.tally[board]];
    let skill = 0;
    const rows = cells.model.map((model, place) => {
        skill = place ? skill - cells.skill[place] : cells.skill[0];
        const rank = place + 1;
        return {
            model,
            skill,
            rank,
            lo: skill - cells.lo[place],
            hi: skill + cells.lo[place] + cells.hi[place],
            rankLo: rank - cells.rank_lo[place],
            rankHi: rank + cells.rank_hi[place],
            best: cells.best[place],
            win: cells.win[place],
            change: cells.change[place],
            hasFewBattles: Boolean(cells.flags[place] & FEW_BATTLES),
            hasWideInterval: Boolean(cells.flags[place] & WIDE_INTERVAL),
            isApart: Boolean(cells.flags[place] & APART),
            battles: tally[model],
        };
    });
    decoded.set(board, rows);
    return rows;
}

/** What `pairs` has of a against b, or null. */
function pairOf(dimension, a, b) {
    const table = data.pairs[dimension];
    if (!table || a === b) return null;
    const [i, j] = a < b ? [a, b] : [b, a];
    const size = models.model_id.length;
    const place = i * size - (i * (i + 1)) / 2 + (j - i - 1);
    if (table.better[place] === null) return null;
    const turned = { better: "worse", win: "lose", lose: "win", battle_count: "battle_count" };
    const cells = {};
    for (const name in turned) cells[name] = table[a < b ? name : turned[name]][place];
    return cells;
}
