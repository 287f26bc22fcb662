// What stands at the top: the board's name, a sentence on who leads it, and what that rests on.
const MOST_NAMED = 3;

/**
 * Models that may be the best: those that the votes can’t tell from the first, pair by pair. So the
 * sentence and head to head say the same. Of a board without pairs the ranks say it.
 */
function leadersOf(board) {
    const ranked = rowsOf(board).filter((row) => !row.isProvisional);
    if (!ranked.length) return [];
    const [first] = ranked;
    const isLeading = (row) => {
        const pair = pairOf(board, first.model, row.model);
        return pair === undefined ? pairsOf(board) === null && row.rankLo === 1 : !pair.isApart;
    };
    return ranked.filter((row) => row === first || isLeading(row));
}

/** The question that the sentence answers, where it isn’t the first; the line below says who was asked. */
function subjectOf(board) {
    const { dimension } = keyOf(board);
    return dimension !== 0 && html`<span class="subject">${dimensions.short_label[dimension]}:</span> `;
}

/** The sentence: it says no more than the ranks and the pairs of the same board do. */
function headlineOf(board) {
    const leaders = leadersOf(board),
        names = leaders.map((row) => html`<span class="named">${row.name}</span>`);
    const [first, ...others] = names;
    if (!leaders.length) return "Too few votes to rank any model";
    if (leaders.length === 1) {
        const count = rowsOf(board).filter((row) => !row.isProvisional).length;
        return count > 1 ? html`${first} is the favourite` : html`${first} is the only model ranked`;
    }
    if (others.length === 1) return html`${first} and ${others[0]} can’t be told apart at the top`;
    if (names.length <= MOST_NAMED) return html`${first} can’t be told apart from ${listed(others, "or")} at the top`;
    return html`${first} can’t be told apart from ${others.length} other models at the top`;
}

/** What the sentence rests on: people, where, how they count, and when. */
function standfirstOf(board) {
    const { stratum, isWeighted } = keyOf(board);
    const people = boards.heard_count[board],
        when = data.collection[stratum] || data.collection[strata.stratum_id.indexOf(EVERYBODY)];
    const votes = `${formats.count(boards.battle_count[board])} votes`;
    const parts = [
        people ? `${formats.count(people)} ${peopleIn(stratum)}` : votes,
        isWeighted ? "weighted to the census" : "counted as they turned up",
    ];
    const period = when && `; ${people ? "votes" : "cast"} from ${when}`;
    return `${parts.join(", ")}${period || ""}.`;
}

function peopleIn(stratum) {
    const countries = strata.axis
        .map((axis, place) => place)
        .filter((place) => strata.axis[place] === null && strata.stratum_id[place] !== EVERYBODY);
    const named = (place) => countryName(strata.label[place]);
    if (strata.stratum_id[stratum] === EVERYBODY)
        return countries.length ? `people in ${listed(countries.map(named)).join("")}` : "people";
    if (strata.axis[stratum] === null) return `people in ${named(stratum)}`;
    const home = countries.find((place) => strata.country[place] === strata.country[stratum]);
    const where = home === undefined ? strata.country[stratum] : named(home);
    return `people in ${where} (${strata.axis[stratum]}: ${strata.group_name[stratum]})`;
}

const SHORT_COUNTRIES = { "United States": "the US", "United Kingdom": "the UK" };
const countryName = (label) => SHORT_COUNTRIES[label] || label;

/** The board's name. */
function titleOf(board) {
    const { stratum, dimension, isWeighted } = keyOf(board);
    const [depends] = boards.dependences[boards.dependence[board]];
    return `${dimensions.label[dimension]} · ${whoInline(stratum)} · ${isWeighted ? "weighted to the census" : "unweighted"}${depends && ` · ${depends}`}`;
}

/** Where levels that the board is weighted to had too few people, and joined others. */
function collapsedOf(board) {
    const country = strata.country[boards.stratum_id[board]],
        weighting = weightings[boards.weighting[board]];
    return data.diagnostics.filter(
        (row) =>
            row.is_collapsed &&
            weighting.startsWith(row.scheme) &&
            (country === null || country === row.country),
    );
}

/** Why the whole board can't be quoted yet, or nothing. */
function provisionalBoard(board) {
    if (boards.has_few_people[board]) return "Provisional: worth fewer than 50 people. Don’t quote it.";
    if (collapsedOf(board).length)
        return "Provisional: for want of people, some groups were weighted together.";
    return "";
}

function drawHeadline(board) {
    byId("kicker").textContent = titleOf(board);
    fill(byId("headline"), [subjectOf(board), headlineOf(board)]);
    byId("standfirst").textContent = standfirstOf(board);
    const why = provisionalBoard(board);
    byId("provisional").hidden = !why;
    byId("provisional").textContent = why;
}
