// The filters: what can be chosen together, and what is chosen.
const form = byId("filters");
const groupSelect = byId("group");
// Input -> what of the state it chooses.
const FILTERS = {
    dimension: "dimension",
    country: "stratum",
    group: "stratum",
    estimator: "estimator",
};

function check(name, value) {
    const input = document.querySelector(`input[name="${name}"][value="${CSS.escape(value)}"]`);
    if (input) input.checked = true;
}

/** Make the filters say what is shown. */
function drawFilters(board) {
    const { stratum, dimension, estimator, isWeighted } = keyOf(board);
    const country = strata.country[stratum] || EVERYBODY;
    check("dimension", dimensions.dimension[dimension]);
    check("country", country);
    check("weighted", isWeighted ? "yes" : "no");
    if (groupSelect) drawGroupSelect(country, strata.stratum_id[stratum]);
    for (const input of form.querySelectorAll('input[name="weighted"]'))
        input.disabled = beside(board, { isWeighted: input.value === "yes" }) === undefined;
    for (const option of byId("estimator")?.options || []) {
        const place = estimators.estimator.indexOf(option.value);
        option.disabled = [true, false].every(
            (one) => beside(board, { estimator: place, isWeighted: one }) === undefined,
        );
        option.selected = place === estimator;
    }
    byId("estimator-note").textContent = estimators.note[estimator];
}

/** The groups of a country, by axis; the country itself first. */
function drawGroupSelect(country, chosen) {
    const inside = [...strata.country.keys()].filter((s) => strata.country[s] === country);
    const options = runs(inside, (s) => strata.axis[s]).map(([axis, groups]) => {
        const listed = groups.map(
            (s) =>
                html`<option value="${strata.stratum_id[s]}">${strata.group_name[s] || "All adults"}</option>`,
        );
        if (axis === null) return listed;
        return html`<optgroup label="${axis[0].toUpperCase() + axis.slice(1)}">${listed}</optgroup>`;
    });
    const nothing = html`<option value="${EVERYBODY}">Choose a country first</option>`;
    groupSelect.disabled = !inside.length;
    fill(groupSelect, inside.length ? options : nothing);
    if (inside.length) groupSelect.value = chosen;
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
