// The common axis that skills are drawn on; axis.py draws alike.
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
    for (let value = Math.ceil(lo / step) * step; value <= hi; value += step) {
        const label = value === 0 ? "0" : `${value < 0 ? MINUS : "+"}${Math.abs(value) / 100}`;
        ticks.push([at(value), label]);
    }
    const zero = ticks.findIndex(([, label]) => label === "0");
    const labels = ticks.map(([x, label], place) =>
        svg("text", { ...((place - zero) % 2 ? { class: "minor" } : {}), x, y: 13 }, label),
    );
    return { at, ticks, labels };
}

const SVG = "http://www.w3.org/2000/svg";
/** An SVG element with attributes. */
function svg(name, attributes, text) {
    const element = document.createElementNS(SVG, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
}
