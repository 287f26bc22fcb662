// What is shown: by names in the address, so that a link means the same on every page.
const DEFAULTS = { dimension: "overall", stratum: "all", estimator: estimators.estimator[0] };
const state = {
    dimension: 0,
    stratum: 0,
    estimator: 0,
    isWeighted: false,
    heat: "rank",
    pair: "win",
    a: null,
    b: null,
};

function placeOf(names, wanted) {
    return Math.max(0, names.indexOf(wanted));
}

/** The board of the state; where there is none, the nearest there is. */
function boardOfState() {
    const { stratum, dimension, estimator, isWeighted } = state;
    for (const one of [estimator, 0, ...estimators.estimator.keys()]) {
        for (const weighted of [isWeighted, !isWeighted]) {
            const board = findBoard(stratum, dimension, one, weighted);
            if (board !== undefined) return board;
        }
    }
    const any = boards.stratum_id.findIndex(
        (s, board) => s === stratum || boards.dimension[board] === dimension,
    );
    return Math.max(0, any);
}

function resetState() {
    state.dimension = placeOf(dimensions.dimension, DEFAULTS.dimension);
    state.stratum = placeOf(strata.stratum_id, DEFAULTS.stratum);
    state.estimator = 0;
    state.isWeighted = weightings.some((name) => name !== NONE);
}

/** Read the address; returns what it names that this page doesn't have. */
function readAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    const unknown = [];
    resetState();
    const known = {
        dimension: dimensions.dimension,
        stratum: strata.stratum_id,
        estimator: estimators.estimator,
    };
    for (const name in known) {
        const wanted = given.get(name);
        if (wanted === null) continue;
        const place = known[name].indexOf(wanted);
        if (place < 0) unknown.push(`${name} ${wanted}`);
        else state[name] = place;
    }
    const weighting = given.get("weighting");
    if (weighting !== null) {
        if (weightings.includes(weighting)) state.isWeighted = weighting !== NONE;
        else unknown.push(`weighting ${weighting}`);
    }
    if (given.get("heat") === "skill" || given.get("heat") === "rank") state.heat = given.get("heat");
    if (["better", "win", "battle_count"].includes(given.get("pair"))) state.pair = given.get("pair");
    for (const side of ["a", "b"]) {
        const place = models.model_id.indexOf(given.get(side));
        state[side] = place < 0 ? null : place;
    }
    return unknown;
}

/** The address of the state, by names; `board` says which weighting it is. */
function addressOf(board) {
    const named = new URLSearchParams();
    named.set("dimension", dimensions.dimension[boards.dimension[board]]);
    named.set("stratum", strata.stratum_id[boards.stratum_id[board]]);
    named.set("estimator", estimators.estimator[boards.estimator[board]]);
    named.set("weighting", weightings[boards.weighting[board]]);
    if (state.heat !== "rank") named.set("heat", state.heat);
    if (state.pair !== "win") named.set("pair", state.pair);
    for (const side of ["a", "b"]) if (state[side] !== null) named.set(side, models.model_id[state[side]]);
    return `#${named}`;
}

/** Whether the address is of the state, or of a part of the page. */
function isStateAddress() {
    return location.hash.includes("=");
}
