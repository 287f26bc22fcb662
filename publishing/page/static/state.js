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
 * `choices` are its own inputs, if any: for each name the values it may have, the default first.
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
/** A board's rows, best first; skills in hundredths. */
function rowsOf(board) {
    if (!decoded.has(board)) decoded.set(board, decode(board));
    return decoded.get(board);
}

function decode(board) {
    const cells = {};
    for (const name in boards.rows) cells[name] = boards.rows[name][board];
    const tally = boards.tallies[boards.tally[board]];
    let skill = 0;
    return cells.model.map((model, place) => {
        skill = place ? skill - cells.skill[place] : cells.skill[0];
        const rank = place + 1;
        return {
            model,
            name: models.display_name[model],
            isRetired: models.retired_reason[model] !== null,
            isPrivate: models.private_note[model] !== null,
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
            isNewTier: Boolean(cells.flags[place] & NEW_TIER),
            battles: tally[model],
        };
    });
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

/** The board of the state; where there is none, the nearest there is. */
function boardOfState() {
    for (const estimator of [state.estimator, ...estimators.estimator.keys()]) {
        for (const isWeighted of [state.isWeighted, !state.isWeighted]) {
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
    for (const [name, values] of allChoices())
        state[name] = values.includes(given.get(name)) ? given.get(name) : values[0];
    return unknown;
}

/** The address of what is shown, by names, so that a link means the same on every page. */
function addressOf(board) {
    const chosen = allChoices().filter(([name, values]) => state[name] !== values[0]);
    return `#${new URLSearchParams([
        ...Object.entries(namesOf(board)),
        ...chosen.map(([name]) => [name, state[name]]),
    ])}`;
}

function keepAddress() {
    const address = addressOf(shown);
    if (address !== location.hash) history.replaceState(null, "", address);
}
