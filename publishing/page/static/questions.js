// Ranks on each question, side by side.
sections.push({
    draw(board) {
        const questions = dimensions.dimension.map((_, dimension) => beside(board, { dimension }));
        const cell = (row, most) =>
            html`<td class="h${heatOfShare(row.win, most)}">${rankText(row)}</td>`;
        fill(byId("grid").tBodies[0], heatLines(board, questions, cell));
    },
});
