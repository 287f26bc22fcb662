// The leaderboard: rows are copies of one pattern in the page, filled.
function fill(row, field, text) {
    row.querySelector(`[data-f="${field}"]`).textContent = text;
}

function leaderboardRow(one, axis) {
    const row = document.getElementById("row").content.firstElementChild.cloneNode(true);
    const isRetired = models.retired_reason[one.model] !== null;
    row.classList.toggle("leader", one.rankLo === 1);
    row.classList.toggle("retired", isRetired);
    const provisional = formats.provisional(one);
    row.classList.toggle("provisional", provisional !== "");
    fill(row, "rank_lo", one.rankLo);
    fill(row, "rank_hi", formats.lastRank(one.rankLo, one.rankHi));
    fill(row, "name", models.display_name[one.model]);
    fill(row, "provider", models.provider[one.model] || "");
    fill(row, "interval", `${formats.signed(one.lo)} to ${formats.signed(one.hi)}`);
    fill(row, "skill_text", formats.signed(one.skill));
    fill(row, "best", formats.percent(one.best));
    fill(row, "win", formats.percent(one.win));
    fill(row, "battles", formats.count(one.battles));
    fill(row, "provisional", provisional);
    row.querySelector('[data-f="provisional"]').hidden = provisional === "";
    row.querySelector('[data-f="retired"]').hidden = !isRetired;
    const moved = row.querySelector('[data-f="change"]');
    moved.className = `number moved ${one.change > 0 ? "up" : one.change < 0 ? "down" : "same"}${one.isApart ? " apart" : ""}`;
    moved.firstElementChild.textContent = formats.change(one.change);
    moved.lastElementChild.textContent = formats.changeInWords(one.change);
    const whisker = row.querySelector(".whisker");
    for (const [at, label] of axis.ticks) {
        whisker.append(
            svg("line", { class: label === "0" ? "zero" : "tick", x1: at, x2: at, y1: 0, y2: 20 }),
        );
    }
    whisker.append(svg("line", { class: "bar", x1: axis.at(one.lo), x2: axis.at(one.hi), y1: 10, y2: 10 }));
    whisker.append(svg("circle", { class: "dot", cx: axis.at(one.skill), cy: 10, r: 4.5 }));
    return row;
}

function showLeaderboard(board) {
    const rows = rowsOf(board);
    const axis = axisOver(rows.flatMap((row) => [row.lo, row.hi]));
    document.getElementById("axis").replaceChildren(...axis.labels);
    const table = document.getElementById("board");
    table.tBodies[0].replaceChildren(...rows.map((row) => leaderboardRow(row, axis)));
    const reference = boards.reference[board];
    table.classList.toggle("without-change", !reference);
    document.getElementById("moved-head").textContent = referenceWords(board);
    document.getElementById("board-title").textContent = titleOf(board);
    document.getElementById("notes").innerHTML = notesOf(board, rows)
        .map((note) => `<p>${note}</p>`)
        .join("");
}

function referenceWords(board) {
    const reference = boards.reference[board];
    if (!reference) return "Change";
    const [stratum, dimension] = reference;
    return stratum !== boards.stratum_id[board]
        ? `vs ${strata.label[stratum].toLowerCase()}`
        : `vs ${dimensions.label[dimension].toLowerCase()}`;
}

/** Who judged, within a sentence. */
function whoInline(stratum) {
    return strata.stratum_id[stratum] === DEFAULTS.stratum
        ? strata.label[stratum].toLowerCase()
        : strata.label[stratum];
}

function titleOf(board) {
    const isWeighted = weightings[boards.weighting[board]] !== NONE;
    return `${dimensions.label[boards.dimension[board]]} · ${whoInline(boards.stratum_id[board])} · ${isWeighted ? "weighted to the census" : "unweighted"}`;
}

function notesOf(board, rows) {
    const notes = [];
    const few = rows.filter((row) => row.hasFewBattles).length,
        wide = rows.filter((row) => row.hasWideInterval).length,
        provisional = rows.filter((row) => formats.provisional(row)).length;
    if (provisional) {
        const halves = [
            few && `<em>few battles</em> are fewer than ${data.board.provisional_battle_count}`,
            wide &&
                "a <em>wide interval</em> is still more than half as wide as before the first battle",
        ];
        notes.push(
            `<strong>Provisional</strong>: ${halves.filter(Boolean).join("; ")}. Don’t quote ${provisional === 1 ? "it" : "them"}.`,
        );
    }
    for (const { model } of rows) {
        const reason = models.retired_reason[model];
        if (reason === null) continue;
        const since = models.retired_date[model] ? ` since ${models.retired_date[model]}` : "";
        notes.push(
            `<strong>${formats.escape(models.display_name[model])}</strong> is retired${since}: ${formats.escape(reason)}`,
        );
    }
    const components = boards.component_count[board];
    if (components > 1)
        notes.push(
            `<strong>Not all compared</strong>: the models fall into ${components} sets that no battle joins. Ranks across sets rest on the prior alone.`,
        );
    return notes;
}

function showOpening(board) {
    const rows = rowsOf(board),
        [first] = rows,
        leaders = boards.leader_count[board];
    const escape = formats.escape;
    document.getElementById("standfirst").innerHTML =
        `<strong>${escape(models.display_name[first.model])}</strong> comes first on <em>${escape(dimensions.label[boards.dimension[board]])}</em> ` +
        `with <em>${escape(whoInline(boards.stratum_id[board]))}</em>: ${escape(formats.percent(first.best))} likely to be the best of ${rows.length}. ` +
        (leaders > 1
            ? `${leaders} models share first place: the verdicts can’t tell which is best.`
            : "It stands alone at the top.");
    const facts = [[boards.battle_count[board], "verdicts"]];
    if (boards.heard_count[board]) facts.push([boards.heard_count[board], "people"]);
    if (boards.effective[board] !== null) facts.push([boards.effective[board], "effective, after weighting"]);
    facts.push([rows.length, "models"]);
    const [ofSample, ofAdults] = [strata.heard, strata.population].map(
        (shares) => shares[boards.stratum_id[board]],
    );
    const texts = facts.map(([n, what]) => [formats.count(n), what]);
    if (ofSample !== null && ofAdults !== null) {
        texts.push(
            [formats.share(ofSample), "of the country's sample"],
            [formats.share(ofAdults), "of the country's adults"],
        );
    }
    document.getElementById("facts").innerHTML = texts
        .map(([n, what]) => `<div><dt>${what}</dt><dd>${n}</dd></div>`)
        .join("");
}
