// Numbers as people read them, markup, the axis of skills, and tables of coloured cells.
const MINUS = "\u2212",
    EN_DASH = "\u2013";
const formats = {
    signed: (hundredths) =>
        `${hundredths < 0 ? MINUS : "+"}${formats.decimal(Math.abs(hundredths), 2)}`,
    percent: (whole) => (whole <= 0 ? "<1%" : whole >= 100 ? ">99%" : `${whole}%`),
    share: (thousandths) => `${formats.decimal(thousandths, 1)}%`,
    count: (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ","),
    decimal: (number, places) => (number / 10 ** places).toFixed(places),
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

const STEPS = [100, 200, 500, 1000, 2000, 5000, 10000],
    MOST_TICKS = 8,
    MARGIN = 50;
/** An axis that holds every value, and 0, with a little room and few ticks. */
function axisOver(values) {
    const least = Math.min(0, ...values),
        most = Math.max(0, ...values);
    const room = Math.max(1, Math.floor((most - least) / MARGIN)),
        lo = least - room,
        hi = most + room;
    const step = STEPS.find((one) => (most - least) / one < MOST_TICKS) || STEPS[STEPS.length - 1];
    const at = (value) => `${(((value - lo) / (hi - lo)) * 100).toFixed(2)}%`;
    const ticks = [];
    for (let value = Math.ceil(lo / step) * step; value <= hi; value += step)
        ticks.push({ value, x: at(value), isMinor: (value / step) % 2 !== 0 });
    return { at, ticks };
}

/** -5 to 5: how far from the average model, against the furthest. */
function heatOfSkill(skill, most) {
    return Math.sign(skill) * Math.min(5, Math.ceil((Math.abs(skill) / Math.max(1, most)) * 5 - 0.5));
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
    const skills = columns.flatMap((rows) => [...rows.values()].map((row) => Math.abs(row.skill)));
    const most = Math.max(...skills);
    return rowsOf(first).map(({ model, name }) => {
        const cells = columns.map((rows, place) =>
            rows.has(model) ? cell(rows.get(model), most, shownBoards[place]) : html`<td></td>`,
        );
        return html`<tr><th scope="row">${name}</th>${cells}</tr>`;
    });
}
