// From the address to the page, and from a choice to the address.
let shownBoard = data.opens_with;

function show(message) {
    const board = boardOfState();
    shownBoard = board;
    state.isWeighted = weightings[boards.weighting[board]] !== NONE;
    state.estimator = boards.estimator[board];
    state.stratum = boards.stratum_id[board];
    state.dimension = boards.dimension[board];
    showFilters(board);
    showOpening(board);
    showLeaderboard(board);
    showGrid(board);
    showGroups(board);
    showPairs(board);
    showCharts(board);
    showTies(board);
    showCommand(board);
    document.getElementById("status").textContent =
        `${message ? `${message} ` : ""}${titleOf(board)}: ${rowsOf(board).length} models.`;
}

function showCommand(board) {
    const quoted = (text) => (/^[\w/.-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`);
    document.getElementById("command").textContent =
        `demoscope leaderboard --as-of ${data.board.board_id.slice(0, 12)} --dimension ${quoted(dimensions.dimension[boards.dimension[board]])} --stratum ${quoted(strata.stratum_id[boards.stratum_id[board]])} --estimator ${estimators.estimator[boards.estimator[board]]} --weighting ${weightings[boards.weighting[board]]}`;
}

function keepAddress() {
    const address = addressOf(shownBoard);
    if (address === location.hash) return;
    history.replaceState(null, "", address);
}

function showAddress() {
    const unknown = readAddress();
    const isMissing = unknown.length > 0;
    const notice = document.getElementById("notice");
    notice.hidden = !isMissing;
    notice.textContent = isMissing
        ? `This page has no ${unknown.join(", no ")}; it shows what is nearest.`
        : "";
    show(notice.textContent);
}

for (const element of document.querySelectorAll(".needs-script")) element.hidden = false;
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", (event) => {
    if (event.target.name === "edition") {
        location.href = event.target.value + addressOf(shownBoard);
        return;
    }
    readFilters(event.target.name);
    show();
    keepAddress();
});
for (const [name, id] of [
    ["heat", "heat-choices"],
    ["pair", "pair-choices"],
]) {
    const choices = document.getElementById(id);
    if (!choices) continue;
    choices.addEventListener("change", (event) => {
        state[name] = event.target.value;
        (name === "heat" ? showGroups : showPairs)(shownBoard);
        keepAddress();
    });
}
for (const side of ["a", "b"]) {
    document.getElementById(`pair-${side}`).addEventListener("change", (event) => {
        state[side] = Number(event.target.value);
        showPairWords(boards.dimension[shownBoard]);
        keepAddress();
    });
}
document.getElementById("csv").addEventListener("click", () => saveCsv(shownBoard));
document.getElementById("parquet").addEventListener("click", () => saveParquet(shownBoard));
document.getElementById("link").addEventListener("click", async (event) => {
    keepAddress();
    try {
        await navigator.clipboard.writeText(location.href);
        event.target.textContent = "Copied";
    } catch {
        event.target.textContent = "It is in the address bar";
    }
});
window.addEventListener("hashchange", () => {
    if (isStateAddress()) showAddress();
});

showAddress();
for (const name of ["heat", "pair"]) {
    const input = document.querySelector(`input[name="${name}"][value="${state[name]}"]`);
    if (input) input.checked = true;
}
