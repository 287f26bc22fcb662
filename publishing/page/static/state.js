// The page's data (page_data.py says how it is written), what of it is shown, and its address.
const data = JSON.parse(document.getElementById("data").textContent);
const { boards, models, dimensions, strata, estimators, weightings } = data;
const EVERYBODY = "all",
    UNWEIGHTED = "none",
    FEW_BATTLES = 1,
    WIDE_INTERVAL = 2,
    APART = 4,
    NEW_TIER = 8;

/**
 * The sections of the page; the file of each adds one `{ draw, choices }`. `draw(board)` fills it.
 * `choices` are its own inputs, if any: for each name the values it may have, the default first;
 * null where any text may be given.
 */
const sections = [];

/** What names a board: places, and whether people are weighted. */
function keyOf(board) {
    return {
        stratum: boards.stratum_id[board],
        dimension: boards.dimension[board],
        estimator: boards.estimator[board],
        isWeighted: weightings[boards.weighting[board]] !== UNWEIGHTED,
    };
}

const textOf = (key) => [key.stratum, key.dimension, key.estimator, key.isWeighted].join();
const boardAt = new Map(boards.stratum_id.map((_, board) => [textOf(keyOf(board)), board]));

/** The place of the board that differs from another in `changes` alone, or undefined. */
function beside(board, changes) {
    return boardAt.get(textOf({ ...keyOf(board), ...changes }));
}

const decoded = new Map();
/** A board's rows, best first; win shares in percent. */
function rowsOf(board) {
    if (!decoded.has(board)) decoded.set(board, decode(board));
    return decoded.get(board);
}

/** The ends of an interval that is written as differences; null where none is published. */
const endsOf = (value, lo, hi) =>
    lo === null ? { lo: null, hi: null } : { lo: value - lo, hi: value + lo + hi };

/** The models' ranks on the board that a board is compared with. */
function ranksOfReference(board) {
    const [stratum, dimension] = boards.reference[board];
    const models = boards.rows.model[beside(board, { stratum, dimension })];
    return new Map(models.map((model, place) => [model, place + 1]));
}

function decode(board) {
    const cells = {};
    for (const name in boards.rows) cells[name] = boards.rows[name][board];
    const tally = boards.tallies[boards.tally[board]],
        changes = cells.change,
        rankThere = changes ? null : ranksOfReference(board);
    let win = 0,
        tier = 1;
    return cells.model.map((model, place) => {
        win = place ? win - cells.win[place] : cells.win[0];
        const rank = place + 1,
            flags = cells.flags[place];
        if (flags & NEW_TIER) tier += 1;
        return {
            model,
            name: models.display_name[model],
            isRetired: models.retired_reason[model] !== null,
            isPrivate: models.private_note[model] !== null,
            isProvisional: Boolean(flags & (FEW_BATTLES | WIDE_INTERVAL)),
            win,
            ...endsOf(win, cells.lo[place], cells.hi[place]),
            rank,
            rankLo: rank - cells.rank_lo[place],
            rankHi: rank + cells.rank_hi[place],
            best: cells.best[place],
            change: changes ? changes[place] : rankThere.get(model) - rank,
            hasFewBattles: Boolean(flags & FEW_BATTLES),
            hasWideInterval: Boolean(flags & WIDE_INTERVAL),
            isApart: Boolean(flags & APART),
            isNewTier: Boolean(flags & NEW_TIER),
            tier,
            battles: tally[model],
        };
    });
}

/** A model's row on a board, or undefined. */
const rowOf = (board, model) => rowsOf(board).find((row) => row.model === model);

const COUNTED = ["votes", "apart", "won", "lost", "rest"];
const pairTables = new Map();
/** How many prefer one model to another on a board: `pairOf(a, b)`; null where none are here. */
function pairsOf(board) {
    if (!pairTables.has(board)) pairTables.set(board, decodePairs(board));
    return pairTables.get(board);
}

function decodePairs(board) {
    const place = data.pairs.board.indexOf(board);
    if (place < 0) return null;
    const size = data.pairs.size[place],
        order = rowsOf(board).slice(0, size),
        found = new Map();
    let at = 0;
    for (let one = 0; one < size; one += 1) {
        let share = 50;
        for (let other = one + 1; other < size; other += 1, at += 1) {
            if (data.pairs.share[place][at] === null) continue;
            share += data.pairs.share[place][at];
            const ends = endsOf(share, data.pairs.lo[place][at], data.pairs.hi[place][at]);
            const [votes, apart, won, lost, rest] = COUNTED.map((name) => data.pairs[name][place]?.[at] ?? null);
            const tied = rest === null ? null : votes - won - lost - rest;
            const pair = { share, ...ends, votes, won, lost, tied, isApart: apart === 1 };
            found.set(`${order[one].model},${order[other].model}`, pair);
        }
    }
    return { models: order.map((row) => row.model), found };
}

/** What a board says of a against b; undefined where it says nothing. */
function pairOf(board, a, b) {
    const table = pairsOf(board);
    if (!table) return undefined;
    const there = table.found.get(`${a},${b}`);
    if (there) return there;
    const back = table.found.get(`${b},${a}`);
    if (!back) return undefined;
    const turned = (share) => (share === null ? null : 100 - share);
    const sides = { won: back.lost, lost: back.won };
    return { ...back, ...sides, share: 100 - back.share, lo: turned(back.hi), hi: turned(back.lo) };
}

const timelines = data.time === null ? [] : data.time.boards;

/** The ranks over time of a board, if the page has them. */
function timelineOf(board) {
    const { stratum, dimension, estimator, isWeighted } = keyOf(board);
    if (estimator !== 0) return undefined;
    return timelines.find(
        (one) => one.stratum === stratum && one.dimension === dimension && one.is_weighted === isWeighted,
    );
}

/** Who judged, within a sentence. */
function whoInline(stratum) {
    const label = strata.label[stratum];
    return strata.stratum_id[stratum] === EVERYBODY ? label.toLowerCase() : label;
}

/** What names a board in an address, in a command and in a file's name. */
function namesOf(board) {
    return {
        dimension: dimensions.dimension[boards.dimension[board]],
        stratum: strata.stratum_id[boards.stratum_id[board]],
        estimator: estimators.estimator[boards.estimator[board]],
        weighting: weightings[boards.weighting[board]],
    };
}

const NAMES = {
    dimension: dimensions.dimension,
    stratum: strata.stratum_id,
    estimator: estimators.estimator,
};
const state = {};
let shown = data.opens_with;

/** Every section's choices: name and values, the default first. */
function allChoices() {
    return sections.flatMap(({ choices }) => Object.entries(choices || {}));
}

/** The board of the state; where there is none, the nearest: another estimator comes first. */
function boardOfState() {
    for (const isWeighted of [state.isWeighted, !state.isWeighted]) {
        for (const estimator of [state.estimator, ...estimators.estimator.keys()]) {
            const board = boardAt.get(textOf({ ...state, estimator, isWeighted }));
            if (board !== undefined) return board;
        }
    }
    const isNear = (stratum, board) =>
        stratum === state.stratum || boards.dimension[board] === state.dimension;
    return Math.max(0, boards.stratum_id.findIndex(isNear));
}

/** Take the address into the state; returns what it names that this page doesn't have. */
function readAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    const unknown = [];
    const isWeighted = weightings.some((name) => name !== UNWEIGHTED);
    Object.assign(state, keyOf(data.opens_with), { isWeighted });
    for (const name in NAMES) {
        if (!given.has(name)) continue;
        const place = NAMES[name].indexOf(given.get(name));
        if (place < 0) unknown.push(`${name} ${given.get(name)}`);
        else state[name] = place;
    }
    const weighting = given.get("weighting");
    if (weightings.includes(weighting)) state.isWeighted = weighting !== UNWEIGHTED;
    else if (weighting !== null) unknown.push(`weighting ${weighting}`);
    for (const [name, values] of allChoices()) {
        const value = given.get(name) ?? "";
        if (values === null) state[name] = value;
        else state[name] = values.includes(value) ? value : values[0];
        if (name === "model" && value && !state.model) unknown.push(`model ${value}`);
    }
    return unknown;
}

/** The address of what is shown, by names, so that a link means the same on every page. */
function addressOf(board, changes = {}) {
    const all = { ...state, ...changes };
    const chosen = allChoices().filter(([name, values]) => all[name] !== (values ? values[0] : ""));
    return `#${new URLSearchParams([
        ...Object.entries(namesOf(board)),
        ...chosen.map(([name]) => [name, all[name]]),
    ])}`;
}

/** Write the address; the way back leads to the one before, unless it is of the same step. */
function keepAddress({ isStep = true } = {}) {
    const address = addressOf(shown);
    if (address === location.hash) return;
    if (isStep) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
}
