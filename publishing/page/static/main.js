// From the address to the page, and from a choice to the address.
function show(message = "") {
    shown = boardOfState();
    Object.assign(state, keyOf(shown));
    drawFilters(shown);
    for (const { draw } of sections) draw(shown);
    const said = `${message} ${titleOf(shown)}: ${rowsOf(shown).length} models.`;
    byId("status").textContent = said.trim();
}

function showAddress() {
    const unknown = readAddress();
    const notice = byId("notice");
    notice.hidden = !unknown.length;
    notice.textContent = unknown.length
        ? `This page has no ${unknown.join(", no ")}; it shows what is nearest.`
        : "";
    show(notice.textContent);
    for (const [name] of allChoices()) check(name, state[name]);
}

document.addEventListener("change", ({ target: { name, value } }) => {
    const section = sections.find(({ choices }) => choices && name in choices);
    if (!section) return;
    state[name] = value;
    section.draw(shown);
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
// Other addresses are of parts of the page.
window.addEventListener("hashchange", () => {
    if (location.hash.includes("=")) showAddress();
});

byId("plain").remove();
for (const element of document.querySelectorAll(".needs-script")) element.hidden = false;
showAddress();
