// From the address to the page, and from a choice to the address.
function show(message = "") {
    const wanted = keyOfState();
    shown = boardOfState();
    const found = keyOf(shown);
    const instead = wanted === textOf(found) ? "" : "There is no such board; this is the nearest.";
    Object.assign(state, found);
    const notice = byId("notice");
    notice.textContent = [message, instead].filter(Boolean).join(" ");
    notice.hidden = !notice.textContent;
    drawFilters(shown);
    drawHeadline(shown);
    for (const { draw } of sections) draw(shown);
    const said = `${notice.textContent} ${titleOf(shown)}: ${rowsOf(shown).length} models.`;
    byId("status").textContent = said.trim();
}

const keyOfState = () => textOf(state);

function showAddress() {
    const unknown = readAddress();
    // An address that names an estimator alone means the boards it has.
    if (!location.hash.includes("weighting=") && boardAt.get(keyOfState()) === undefined)
        state.isWeighted = keyOf(boardOfState()).isWeighted;
    show(unknown.length ? `This page has no ${unknown.join(", no ")}; it shows what is nearest.` : "");
    for (const [name] of allChoices()) check(name, state[name]);
}

/** Draw again the section that a choice is of. */
function drawSection(name) {
    sections.find(({ choices }) => choices && name in choices)?.draw(shown);
}

document.addEventListener("change", ({ target: { name, value } }) => {
    if (!allChoices().some(([one]) => one === name)) return;
    state[name] = value;
    drawSection(name);
    keepAddress();
});
byId("link").addEventListener("click", async (event) => {
    keepAddress();
    try {
        await navigator.clipboard.writeText(location.href);
        event.target.textContent = "Copied";
    } catch {
        event.target.textContent = "It is in the address bar";
    }
});

/** Go to a part of the page; the address goes on naming what is shown. */
function toPart(id) {
    const part = byId(id);
    if (!part) return;
    part.closest("details")?.setAttribute("open", "");
    part.tabIndex = -1;
    part.focus({ preventScroll: true });
    part.scrollIntoView();
}
document.addEventListener("click", (event) => {
    const href = event.target.closest("a")?.getAttribute("href") || "";
    if (!href.startsWith("#") || href.includes("=") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    byId("menu")?.removeAttribute("open");
    toPart(href.slice(1));
});
// Menus close where a reader would expect it.
const openMenus = () => document.querySelectorAll("details.menu[open], details.settings[open]");
document.addEventListener("click", ({ target }) => {
    for (const menu of openMenus()) if (!menu.contains(target)) menu.open = false;
});
document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const menu of openMenus()) {
        menu.open = false;
        menu.querySelector("summary").focus();
    }
});
// Back and forward, and an address that is typed; those of parts of the page hold no choice.
window.addEventListener("popstate", () => {
    if (location.hash.includes("=") || !location.hash) showAddress();
});

byId("plain").remove();
for (const element of document.querySelectorAll(".needs-script")) element.hidden = false;
const part = location.hash.includes("=") ? "" : location.hash.slice(1);
showAddress();
if (part) toPart(part);
