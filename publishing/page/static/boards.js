// The command that shows the same board in a terminal; the rest of the section is fixed.
sections.push({
    draw(board) {
        const quoted = (text) =>
            /^[\w/.-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
        const options = Object.entries(namesOf(board)).map(([name, text]) => ` --${name} ${quoted(text)}`);
        byId("command").textContent =
            `demoscope leaderboard --as-of ${data.board.board_id.slice(0, 12)}${options.join("")}`;
    },
});
