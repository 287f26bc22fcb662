// Drawings as files: SVG as they are, PNG by the browser.
const DRAWN = [
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity",
    "font-family", "font-size", "font-weight", "text-anchor", "paint-order",
];
const PNG_SCALE = 2,
    EDGE = 16,
    HEAD = 52,
    FOOT = 26;

/** Hand a file to the reader. */
function save(name, blob) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** A file's name that says which board it is of. */
function fileName(board, ending, what = "") {
    const { stratum, dimension, estimator, weighting } = namesOf(board);
    const words = [stratum, dimension, estimator, weighting, what].filter(Boolean);
    return `${data.board.is_simulated ? "SIMULATED-" : ""}${words.join("-").replace(/[^\w+-]+/g, "_")}.${ending}`;
}

/** A drawing that needs no page: its looks in it, a title above, where it is from below. */
function standalone(drawing, title) {
    const copy = drawing.cloneNode(true);
    const originals = [drawing, ...drawing.querySelectorAll("*")],
        copies = [copy, ...copy.querySelectorAll("*")];
    originals.forEach((element, place) => {
        const looks = getComputedStyle(element);
        for (const name of DRAWN) copies[place].setAttribute(name, looks.getPropertyValue(name));
        copies[place].removeAttribute("class");
    });
    const { width, height } = drawing.viewBox.baseVal;
    const page = getComputedStyle(document.body);
    const whole = [width + 2 * EDGE, height + HEAD + FOOT + EDGE];
    const svg = (name, attributes, text) => {
        const element = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
        if (text) element.textContent = text;
        return element;
    };
    const letters = { "font-family": page.fontFamily, fill: page.color };
    const outer = svg("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${whole.join(" ")}`, width: whole[0], height: whole[1] });
    const simulated = data.board.is_simulated ? "SIMULATED: " : "";
    const source = `Demoscope, board ${data.board.release_id.slice(0, 12)}${data.study ? `. ${data.study.title}` : ""}`;
    outer.append(
        svg("rect", { width: whole[0], height: whole[1], fill: page.backgroundColor }),
        svg("text", { x: EDGE, y: 32, "font-size": 16, "font-weight": 600, ...letters }, simulated + title),
    );
    for (const [name, value] of Object.entries({ x: EDGE, y: HEAD, width, height })) copy.setAttribute(name, value);
    outer.append(copy, svg("text", { x: EDGE, y: whole[1] - EDGE, "font-size": 11, ...letters }, source));
    return { text: new XMLSerializer().serializeToString(outer), width: whole[0], height: whole[1] };
}

function savePicture(drawing, title, name, kind) {
    const { text, width, height } = standalone(drawing, title);
    if (kind === "svg") {
        save(`${name}.svg`, new Blob([text], { type: "image/svg+xml" }));
        return;
    }
    const image = new Image();
    image.onload = () => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [width * PNG_SCALE, height * PNG_SCALE];
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob((blob) => save(`${name}.png`, blob), "image/png");
    };
    const bytes = new TextEncoder().encode(text);
    image.src = `data:image/svg+xml;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
}

// A button `data-picture` saves the drawing of its figure.
document.addEventListener("click", ({ target }) => {
    const kind = target.dataset?.picture;
    if (!kind) return;
    const figure = target.closest("figure");
    const what = figure.dataset.name;
    const title = figure.dataset.title || `${titleOf(shown)} · ${what}`;
    savePicture(figure.querySelector("svg"), title, fileName(shown, "", what).slice(0, -1), kind);
});
