// What is shown, as a file: the figures as they stand on the page.
const REASONS = ["", "few_battles", "wide_interval", "few_battles_and_wide_interval"];
function shownColumns(board) {
    const rows = rowsOf(board),
        same = (value) => rows.map(() => value);
    const centi = (name) => rows.map((row) => row[name] / 100);
    return [
        ["board_id", same(data.board.board_id)],
        ["is_simulated", same(Boolean(data.board.is_simulated))],
        ["dimension", same(dimensions.dimension[boards.dimension[board]])],
        ["stratum_id", same(strata.stratum_id[boards.stratum_id[board]])],
        ["estimator", same(estimators.estimator[boards.estimator[board]])],
        ["weighting", same(weightings[boards.weighting[board]])],
        ["rank", rows.map((row) => row.rank)],
        ["rank_lo", rows.map((row) => row.rankLo)],
        ["rank_hi", rows.map((row) => row.rankHi)],
        ["model_id", rows.map((row) => models.model_id[row.model])],
        ["display_name", rows.map((row) => models.display_name[row.model])],
        ["skill", centi("skill"), DOUBLE],
        ["skill_lo", centi("lo"), DOUBLE],
        ["skill_hi", centi("hi"), DOUBLE],
        ["p_best", centi("best"), DOUBLE],
        ["winshare", centi("win"), DOUBLE],
        ["battle_count", rows.map((row) => row.battles)],
        ["is_provisional", rows.map((row) => row.hasFewBattles || row.hasWideInterval)],
        ["provisional_reason", rows.map((row) => REASONS[row.hasFewBattles + 2 * row.hasWideInterval])],
        ["is_retired", rows.map((row) => models.retired_reason[row.model] !== null)],
    ];
}

/** A cell; text that a spreadsheet would take for a formula gets an apostrophe before it. */
function csvCell(value) {
    if (typeof value !== "string") return String(value);
    const safe = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

function csvOf(columns) {
    const lines = columns[0][1].map((_, row) => columns.map(([, values]) => csvCell(values[row])).join(","));
    return `${[columns.map(([name]) => name).join(","), ...lines].join("\n")}\n`;
}

function save(content, type, suffix, board) {
    const words = [
        strata.stratum_id[boards.stratum_id[board]],
        dimensions.dimension[boards.dimension[board]],
        estimators.estimator[boards.estimator[board]],
        weightings[boards.weighting[board]],
    ];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = `${data.board.is_simulated ? "SIMULATED-" : ""}${words.join("-").replace(/[^\w+-]+/g, "_")}.${suffix}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function saveCsv(board) {
    save(csvOf(shownColumns(board)), "text/csv", "csv", board);
}

function saveParquet(board) {
    save(
        parquetOf(shownColumns(board), { board_id: data.board.board_id }),
        "application/vnd.apache.parquet",
        "parquet",
        board,
    );
}
