// How often two people name different winners, by whose groups are compared.
sections.push({
    draw(board) {
        const { dimension } = keyOf(board);
        const rows = data.judges.filter((row) => row.dimension === dimension);
        byId("judges").hidden = rows.length === 0;
        fill(byId("judges-table").tBodies[0], rows.map(judgeRow));
    },
});

function judgeRow(row) {
    const { share } = formats;
    const range = (name) =>
        `${share(row[name])} (${share(row[`${name}_lo`])} to ${share(row[`${name}_hi`])})`;
    return html`<tr><th scope="row">${row.axis}</th><td class="number">${range("same")}</td><td class="number">${range("other")}</td></tr>`;
}
