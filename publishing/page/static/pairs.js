// Every model against every other, on everybody's board that the page opens with.
sections.push({
    choices: {
        pair: ["win", "better", "battle_count"],
        a: ["", ...models.model_id],
        b: ["", ...models.model_id],
    },
    draw(board) {
        const dimension = boards.dimension[board];
        const stratum = strata.stratum_id.indexOf(EVERYBODY);
        const table = data.pairs[dimension];
        const isWeighted = table !== null && table.is_weighted;
        const everybody = beside(board, { stratum, estimator: 0, isWeighted });
        byId("pairs").hidden = !table || everybody === undefined;
        if (byId("pairs").hidden) return;
        const among = table.models;
        const every = rowsOf(everybody);
        const rows = among ? every.filter(({ model }) => among.includes(model)) : every;
        const some = among
            ? ` The best ${formats.count(rows.length)} of ${formats.count(every.length)} models.`
            : "";
        byId("pairs-lede").textContent =
            `${dimensions.label[dimension]}: everybody, ${isWeighted ? "weighted to the census" : "unweighted"}, by the exact estimator.${some} Numbers along the top are the places of the models on the left.`;
        drawPair(dimension, rows);
        const heads = rows.map(
            ({ name, rank }) => html`<th scope="col"><abbr title="${name}">${rank}</abbr></th>`,
        );
        const lines = rows.map(
            (row) =>
                html`<tr><th scope="row">${row.rank}&ensp;${row.name}</th>${rows.map((column) => pairCell(pairOf(dimension, row.model, column.model)))}</tr>`,
        );
        const what =
            state.pair === "battle_count" ? "Battles between the two" : "Percent, row against column";
        fill(
            byId("matrix"),
            html`<thead><tr><th scope="col">${what}</th>${heads}</tr></thead><tbody>${lines}</tbody>`,
        );
    },
});

const TURNED = { better: "worse", win: "lose", lose: "win", battle_count: "battle_count" };
/** What the data says of a against b, or null: each pair is there once, by places. */
function pairOf(dimension, a, b) {
    const table = data.pairs[dimension];
    const among = table.models;
    const [i, j] = (a < b ? [a, b] : [b, a]).map((model) => (among ? among.indexOf(model) : model));
    const size = among ? among.length : models.model_id.length;
    const place = i * size - (i * (i + 1)) / 2 + (j - i - 1);
    if (a === b || table.better[place] === null) return null;
    const cells = {};
    for (const name in TURNED) cells[name] = table[a < b ? name : TURNED[name]][place];
    return cells;
}

function pairCell(pair) {
    if (!pair) return html`<td class="self"></td>`;
    const value = pair[state.pair];
    if (state.pair === "battle_count") return html`<td>${value === null ? "–" : formats.count(value)}</td>`;
    const heat =
        state.pair === "better" ? Math.round((value - 50) / 10) : Math.round((value - pair.lose) / 20);
    return html`<td class="h${heat}">${formats.percent(value).replace("%", "")}</td>`;
}

/** How often two models met, in words; null where too few people compared them. */
function met(count) {
    return count === null
        ? `Fewer than ${data.board.disclosed_people_min} people compared them.`
        : `They have met ${formats.count(count)} times or more.`;
}

/** The two models that were chosen, or else the first two. */
function drawPair(dimension, rows) {
    const [one, other] = ["a", "b"].map((side, place) => {
        const isChosen = ({ model }) => models.model_id[model] === state[side];
        const row = rows.find(isChosen) || rows[Math.min(place, rows.length - 1)];
        fill(
            byId(`pair-${side}`),
            rows.map(
                ({ model, name }) => html`<option value="${models.model_id[model]}">${name}</option>`,
            ),
        );
        byId(`pair-${side}`).value = models.model_id[row.model];
        return row;
    });
    const pair = pairOf(dimension, one.model, other.model);
    fill(
        byId("pair-words"),
        pair
            ? html`<strong>${one.name}</strong> is better than <strong>${other.name}</strong> with a chance of ${formats.percent(pair.better)}. In the next battle ${one.name} wins with a chance of ${formats.percent(pair.win)}, ${other.name} with ${formats.percent(pair.lose)}; else it is a tie. ${met(pair.battle_count)}`
            : "Choose two different models.",
    );
}
