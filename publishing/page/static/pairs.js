// Every model against every other: everybody's verdicts, unweighted.
function showPairs(board) {
    const dimension = boards.dimension[board];
    const everybody = strata.stratum_id.indexOf(DEFAULTS.stratum);
    const section = document.getElementById("pairs");
    const of = findBoard(everybody, dimension, 0, false);
    section.hidden = !data.pairs[dimension] || of === undefined;
    if (section.hidden) return;
    const order = rowsOf(of).map((row) => row.model);
    document.getElementById("pairs-lede").textContent =
        `${dimensions.label[dimension]}: everybody, unweighted, by the exact estimator. Numbers along the top are the places of the models on the left.`;
    choosePair(order);
    showPairWords(dimension);
    const cell = (a, b) => {
        const pair = pairOf(dimension, a, b);
        if (!pair) return '<td class="self"></td>';
        if (state.pair === "battle_count") return `<td>${formats.count(pair.battle_count)}</td>`;
        const value = pair[state.pair];
        const heat =
            state.pair === "better" ? Math.round((value - 50) / 10) : Math.round((value - pair.lose) / 20);
        return `<td class="h${heat || 0}">${formats.escape(formats.percent(value).replace("%", ""))}</td>`;
    };
    document.getElementById("matrix").innerHTML =
        `<thead><tr><th scope="col">Percent, row against column</th>${order.map((model, place) => `<th scope="col"><abbr title="${formats.escape(models.display_name[model])}">${place + 1}</abbr></th>`).join("")}</tr></thead>` +
        `<tbody>${order.map((a, place) => `<tr><th scope="row">${place + 1}&ensp;${formats.escape(models.display_name[a])}</th>${order.map((b) => cell(a, b)).join("")}</tr>`).join("")}</tbody>`;
    if (state.pair === "battle_count")
        document.querySelector("#matrix th").textContent = "Battles between the two";
}

function choosePair(order) {
    const options = order
        .map((model) => `<option value="${model}">${formats.escape(models.display_name[model])}</option>`)
        .join("");
    ["a", "b"].forEach((side, place) => {
        const chosen = order.includes(state[side]) ? state[side] : order[Math.min(place, order.length - 1)];
        const select = document.getElementById(`pair-${side}`);
        select.innerHTML = options;
        select.value = chosen;
    });
}

function showPairWords(dimension) {
    const [a, b] = ["a", "b"].map((side) => Number(document.getElementById(`pair-${side}`).value));
    const pair = pairOf(dimension, a, b);
    const [one, other] = [a, b].map((model) => formats.escape(models.display_name[model]));
    document.getElementById("pair-words").innerHTML = pair
        ? `<strong>${one}</strong> is better than <strong>${other}</strong> with a chance of ${formats.escape(formats.percent(pair.better))}. In the next battle ${one} wins with a chance of ${formats.escape(formats.percent(pair.win))}, ${other} with ${formats.escape(formats.percent(pair.lose))}; else it is a tie. They have met ${formats.count(pair.battle_count)} times.`
        : "Choose two different models.";
}
