// The filters: what can be chosen together, and what is chosen.
const form = byId("filters");
// Input -> what of the state it chooses.
const FILTERS = { dimension: "dimension", stratum: "stratum", estimator: "estimator" };

function check(name, value) {
    const input = document.querySelector(`input[name="${name}"][value="${CSS.escape(value)}"]`);
    if (input) input.checked = true;
}

/** Make the filters say what is shown. */
function drawFilters(board) {
    const { stratum, dimension, estimator, isWeighted } = keyOf(board);
    check("dimension", dimensions.dimension[dimension]);
    check("weighted", isWeighted ? "yes" : "no");
    if (byId("who")) byId("who").value = strata.stratum_id[stratum];
    for (const input of form.querySelectorAll('input[name="weighted"]'))
        input.disabled = beside(board, { isWeighted: input.value === "yes" }) === undefined;
    // Another estimator never changes how people count.
    for (const option of byId("estimator")?.options || []) {
        const place = estimators.estimator.indexOf(option.value);
        option.disabled = beside(board, { estimator: place }) === undefined;
        const only = isWeighted ? "as they turned up" : "like the census";
        option.textContent = `${estimators.label[place]}${option.disabled ? ` (only ${only})` : ""}`;
        option.selected = place === estimator;
    }
    byId("estimator-note").textContent = [estimators.note[estimator], otherWeights(board)].join(" ").trim();
    const unusual = [!isWeighted && "as they turned up", estimator !== 0 && estimators.label[estimator]];
    byId("more-now").textContent = weightings.length > 1 ? unusual.filter(Boolean).join(", ") : "";
}

/** Where people weigh otherwise than on the board to quote: not every estimator has every scheme. */
function otherWeights(board) {
    const quoted = beside(board, { estimator: 0 });
    const isOther = quoted !== undefined && boards.weighting[quoted] !== boards.weighting[board];
    return isOther ? "People are weighted to other questions than on the board to quote." : "";
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", ({ target: { name, value } }) => {
    if (name === "edition") {
        location.href = value + addressOf(shown);
        return;
    }
    const what = FILTERS[name];
    if (what) state[what] = Math.max(0, NAMES[what].indexOf(value));
    else state.isWeighted = value === "yes";
    show();
    keepAddress();
});
