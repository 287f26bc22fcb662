// Numbers as people read them, markup, axes, and tables of coloured cells.
const MINUS = "\u2212",
    EN_DASH = "\u2013";
const formats = {
    percent: (whole) => (whole <= 0 ? "<1%" : whole >= 100 ? ">99%" : `${whole}%`),
    share: (thousandths) => `${formats.decimal(thousandths, 1)}%`,
    count: (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ","),
    decimal: (number, places) => (number / 10 ** places).toFixed(places),
    ends: ({ lo, hi }) => (lo === null ? "not published" : `${lo} to ${hi}`),
    ranks: ({ rankLo, rankHi }) => (rankLo === rankHi ? `${rankLo}` : `${rankLo}${EN_DASH}${rankHi}`),
};

class Markup {
    constructor(text) {
        this.text = text;
    }
    toString() {
        return this.text;
    }
}

function escaped(value) {
    if (value instanceof Markup) return value.text;
    if (Array.isArray(value)) return value.map(escaped).join("");
    if (value === null || value === undefined || value === false) return "";
    return String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Markup with every value in it escaped unless it is markup; nothing for null and false. */
function html(strings, ...values) {
    return new Markup(String.raw({ raw: strings }, ...values.map(escaped)));
}

const byId = (id) => document.getElementById(id);

function fill(element, markup) {
    element.innerHTML = escaped(markup);
}

/** Names in a sentence: A, B and C. */
function listed(names, word = "and") {
    if (names.length < 2) return names;
    return [...names.slice(0, -1).flatMap((name, at) => (at ? [", ", name] : [name])), ` ${word} `, names[names.length - 1]];
}

/** A text with its first letter large. */
const begun = (text) => text[0].toUpperCase() + text.slice(1);

/** As much of a name as there is room for. */
const shortened = (name, most) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);

/** Neighbours that are of one kind: pairs of the kind and its items. */
function runs(items, kindOf) {
    const found = [];
    for (const item of items) {
        const kind = kindOf(item);
        if (found.length && found[found.length - 1][0] === kind) found[found.length - 1][1].push(item);
        else found.push([kind, [item]]);
    }
    return found;
}

const TEN = 10,
    EVEN = 50;
/** An axis of shares that holds every value and one half, from ten to ten percent. */
function axisOver(values) {
    const known = values.filter((value) => value !== null);
    const lo = Math.floor(Math.min(EVEN - TEN, ...known) / TEN) * TEN,
        hi = Math.ceil(Math.max(EVEN + TEN, ...known) / TEN) * TEN;
    const step = hi - lo > 5 * TEN ? 2 * TEN : TEN;
    const ticks = [];
    for (let value = EVEN - Math.floor((EVEN - lo) / step) * step; value <= hi; value += step) ticks.push(value);
    const at = (value) => ((value - lo) / (hi - lo)) * 100;
    return { lo, hi, ticks, at, x: (value) => `${at(value).toFixed(2)}%` };
}

/** A dot within its interval on an axis, as a drawing that is as wide as its cell. */
function whisker(axis, { value, lo, hi }, height = 20) {
    const middle = height / 2;
    const ticks = axis.ticks.map(
        (tick) =>
            html`<line class="${tick === EVEN ? "zero" : "tick"}" x1="${axis.x(tick)}" x2="${axis.x(tick)}" y1="0" y2="${height}"/>`,
    );
    const bar =
        lo !== null &&
        html`<line class="bar" x1="${axis.x(lo)}" x2="${axis.x(hi)}" y1="${middle}" y2="${middle}"/>`;
    return html`<svg class="whisker" width="100%" height="${height}" aria-hidden="true">${ticks}${bar}<circle class="dot" cx="${axis.x(value)}" cy="${middle}" r="4.5"/></svg>`;
}

function axisLabels(axis) {
    return axis.ticks.map(
        (tick) => html`<text x="${axis.x(tick)}" y="13"${tick === EVEN && html` class="even"`}>${tick}%</text>`,
    );
}

/** -5 to 5: how far from one half, against the furthest. */
function heatOfShare(share, most) {
    const distance = share - EVEN;
    return Math.sign(distance) * Math.min(5, Math.ceil((Math.abs(distance) / Math.max(1, most)) * 5 - 0.5));
}

// A change is as strong as many of these shares of the models it is above.
const SHARES_OF_MODELS = [0, 0.08, 0.16, 0.28, 0.4];
/** -5 to 5: how many ranks of how many. */
function heatOfChange(change, size) {
    const share = Math.abs(change) / size;
    return Math.sign(change) * SHARES_OF_MODELS.filter((least) => share > least).length;
}

/** Lines of a table: models in the order of `first`, and a cell per board that has the model. */
function heatLines(first, shownBoards, cell) {
    const columns = shownBoards.map(
        (board) => new Map(board === undefined ? [] : rowsOf(board).map((row) => [row.model, row])),
    );
    const distances = columns.flatMap((rows) => [...rows.values()].map((row) => Math.abs(row.win - EVEN)));
    const most = Math.max(...distances);
    return rowsOf(first).map(({ model, name }) => {
        const cells = columns.map((rows, place) =>
            rows.has(model) ? cell(rows.get(model), most, shownBoards[place]) : html`<td></td>`,
        );
        return html`<tr><th scope="row">${profileLink(model, name)}</th>${cells}</tr>`;
    });
}

/** Lines of a table, those of one country and axis below a line that names them. */
function groupedLines(entries, columns, lineOf) {
    const kindOf = ({ stratum }) =>
        strata.axis[stratum] === null ? "" : `${strata.country[stratum]}, ${strata.axis[stratum]}`;
    return runs(entries, kindOf).map(([kind, own]) => [
        kind && html`<tr class="sub"><th scope="colgroup" colspan="${columns}">${kind}</th></tr>`,
        own.map((entry) => lineOf(entry, strata.group_name[entry.stratum] || strata.label[entry.stratum])),
    ]);
}

/** A model's name that opens its profile. */
function profileLink(model, name = models.display_name[model]) {
    return html`<a class="to-profile" href="${addressOf(shown, { model: models.model_id[model] })}" data-model="${model}">${name}</a>`;
}

/** The ends of a pair’s interval; one half that it leaves out by less than a percent is said to be. */
function endsOfPair({ lo, hi, isApart }) {
    const [over, under] = [lo === EVEN, hi === EVEN].map((isEven) => isApart && isEven);
    return lo === null ? formats.ends({ lo, hi }) : `${over ? "over " : ""}${lo} to ${under ? "under " : ""}${hi}`;
}

/** A rank as a cell of a table; none of what has too few votes. */
const rankText = (row) => (row.isProvisional ? EN_DASH : String(row.rank));
