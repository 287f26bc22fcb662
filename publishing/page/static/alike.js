// People like the reader: the nearest groups that are published, one per answer given.
const asked = byId("alike");
const answers = {};

sections.push({
    draw(board) {
        drawQuestions();
        drawAlike(board);
    },
});

/** Countries that have groups. */
const homes = [...new Set(strata.country.filter((country, place) => country && strata.axis[place]))];
const axesOf = (country) => [
    ...new Set(strata.axis.filter((axis, place) => axis && strata.country[place] === country)),
];

function drawQuestions() {
    if (!answers.country) answers.country = homes[0];
    const countries = homes.map((country) => [country, labelOfCountry(country)]);
    const choices = axesOf(answers.country).map((axis) => {
        const groups = strata.group_name.filter(
            (name, place) => strata.axis[place] === axis && strata.country[place] === answers.country,
        );
        return [axis, begun(axis), [["", "any"], ...groups.map((name) => [name, name])]];
    });
    fill(
        byId("alike-fields"),
        [["country", "Country", countries], ...choices].map(
            ([name, label, options]) =>
                html`<label class="field">${label}<select name="${name}">${options.map(([value, text]) => html`<option value="${value}"${(answers[name] ?? "") === value && " selected"}>${text}</option>`)}</select></label>`,
        ),
    );
}

function labelOfCountry(country) {
    const place = strata.label.findIndex((_, at) => strata.country[at] === country && !strata.axis[at]);
    return place < 0 ? country : strata.label[place];
}

/** A board that borrows from what all say where there is one: it serves small groups best. */
function poolingBoard(board, stratum) {
    const estimator = estimators.estimator.indexOf("trueskill_hierarchical");
    return beside(board, { stratum, estimator }) ?? beside(board, { stratum, estimator: 0 }) ?? beside(board, { stratum });
}

const FIRST = 5;
function drawAlike(board) {
    const chosen = axesOf(answers.country).filter((axis) => answers[axis]);
    const strataOf = (axis, name) =>
        strata.label.findIndex(
            (_, place) => strata.country[place] === answers.country && strata.axis[place] === axis && strata.group_name[place] === name,
        );
    const country = strata.label.findIndex(
        (_, place) => strata.country[place] === answers.country && strata.axis[place] === null,
    );
    const places = chosen.length ? chosen.map((axis) => strataOf(axis, answers[axis])) : [country];
    byId("alike-words").textContent =
        chosen.length > 1
            ? "No board of people who are all of this at once is published, because too few of them took part. These are the nearest boards: each is of one of your answers."
            : "";
    fill(
        byId("alike-boards"),
        places.filter((stratum) => stratum >= 0).map((stratum) => alikeBoard(board, stratum)),
    );
}

function alikeBoard(board, stratum) {
    const own = poolingBoard(board, stratum);
    if (own === undefined)
        return html`<div><h3>${strata.label[stratum]}</h3><p class="note">Too few of them judged this question, so no board is shown.</p></div>`;
    const rows = rowsOf(own).filter((row) => !row.isProvisional);
    const people = boards.heard_count[own];
    const key = keyOf(own);
    const how = [
        people ? `${formats.count(people)} people` : `${formats.count(boards.battle_count[own])} votes`,
        key.isWeighted ? "weighted to the census" : "unweighted",
        estimators.estimator[key.estimator] === "trueskill_hierarchical" && "the pooled estimate, which also learns from other groups, so it may differ from the tables above",
    ];
    return html`<div><h3>${strata.label[stratum]}</h3><p class="note">${how.filter(Boolean).join(", ")}</p><ol>${rows.slice(0, FIRST).map((row) => html`<li>${profileLink(row.model, row.name)} <span class="by">${formats.percent(row.win)}, rank ${formats.ranks(row)}</span></li>`)}</ol><p><button type="button" value="${own}">Show this board</button></p></div>`;
}

asked.addEventListener("change", ({ target: { name, value } }) => {
    if (name === "country") for (const axis of axesOf(answers.country)) delete answers[axis];
    answers[name] = value;
    drawQuestions();
    drawAlike(shown);
    asked.querySelector(`select[name="${CSS.escape(name)}"]`).focus();
});
asked.addEventListener("click", ({ target }) => {
    if (target.tagName !== "BUTTON") return;
    Object.assign(state, keyOf(Number(target.value)));
    show();
    keepAddress();
    toPart("leaderboard");
});
