// The filters: what can be chosen together, and what is chosen.
const form = document.getElementById("filters");
const groupSelect = document.getElementById("group");

function checked(name) {
    return form.querySelector(`input[name="${name}"]:checked`);
}

function check(name, value) {
    const input = form.querySelector(`input[name="${name}"][value="${CSS.escape(value)}"]`);
    if (input) input.checked = true;
}

/** The groups of a country, by axis; the country itself first. */
function fillGroups(country) {
    if (!groupSelect) return;
    const inside = [...strata.stratum_id.keys()].filter(
        (s) => country !== DEFAULTS.stratum && strata.country[s] === country,
    );
    const axes = [...new Set(inside.map((s) => strata.axis[s]))].filter((axis) => axis !== null);
    const option = (s, label) =>
        `<option value="${formats.escape(strata.stratum_id[s])}">${formats.escape(label)}</option>`;
    const whole = inside.filter((s) => strata.axis[s] === null).map((s) => option(s, "All adults"));
    groupSelect.innerHTML =
        (whole.length ? whole.join("") : '<option value="all">Choose a country first</option>') +
        axes
            .map(
                (axis) =>
                    `<optgroup label="${formats.escape(axis[0].toUpperCase() + axis.slice(1))}">${inside
                        .filter((s) => strata.axis[s] === axis)
                        .map((s) => option(s, strata.group_name[s]))
                        .join("")}</optgroup>`,
            )
            .join("");
    groupSelect.disabled = !inside.length;
}

/** Make the filters say what is shown. */
function showFilters(board) {
    const stratum = boards.stratum_id[board],
        dimension = boards.dimension[board],
        estimator = boards.estimator[board];
    const isWeighted = weightings[boards.weighting[board]] !== NONE;
    const country = strata.country[stratum] || DEFAULTS.stratum;
    check("dimension", dimensions.dimension[dimension]);
    check("country", country);
    check("weighted", isWeighted ? "yes" : "no");
    fillGroups(country);
    if (groupSelect && !groupSelect.disabled) groupSelect.value = strata.stratum_id[stratum];
    for (const input of form.querySelectorAll('input[name="weighted"]')) {
        input.disabled = findBoard(stratum, dimension, estimator, input.value === "yes") === undefined;
    }
    const select = document.getElementById("estimator");
    if (select) {
        for (const option of select.options) {
            const place = estimators.estimator.indexOf(option.value);
            option.disabled = [true, false].every(
                (one) => findBoard(stratum, dimension, place, one) === undefined,
            );
        }
        select.value = estimators.estimator[estimator];
    }
    document.getElementById("estimator-note").textContent = estimators.note[estimator];
}

/** Take what was chosen into the state. */
function readFilters(changed) {
    const dimension = checked("dimension");
    if (dimension) state.dimension = placeOf(dimensions.dimension, dimension.value);
    if (changed === "country") state.stratum = placeOf(strata.stratum_id, checked("country").value);
    if (changed === "group") state.stratum = placeOf(strata.stratum_id, groupSelect.value);
    const weighted = checked("weighted");
    if (weighted && changed === "weighted") state.isWeighted = weighted.value === "yes";
    const select = document.getElementById("estimator");
    if (select) state.estimator = placeOf(estimators.estimator, select.value);
}
