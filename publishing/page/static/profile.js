// One model: a panel with an address of its own.
const panel = byId("profile");
let opener = null;

sections.push({
    choices: { model: ["", ...models.model_id] },
    draw(board) {
        const model = models.model_id.indexOf(state.model);
        if (model < 0) {
            if (panel.open) panel.close();
            return;
        }
        drawProfile(board, model);
        if (!panel.open) {
            panel.showModal();
            panel.scrollTop = 0;
            byId("profile-name").focus();
        }
    },
});

function drawProfile(board, model) {
    byId("profile-name").textContent = models.display_name[model];
    const facts = [
        models.provider[model],
        models.terms[model],
        models.released[model] && `released ${models.released[model]}`,
        models.retired_reason[model] && "no longer offered",
        models.private_note[model] && `private, ${models.private_note[model]}`,
    ];
    byId("profile-facts").textContent = facts.filter(Boolean).join(" · ");
    const own = rowOf(board, model);
    fill(byId("profile-words"), own ? profileWords(board, own) : `It is not on this board: ${titleOf(board)}.`);
    const parts = [
        ["On each question", questionsOfModel(board, model)],
        ["Where it differs from everybody’s board by more than chance", differencesOfModel(board, model)],
        ["In each group", groupsOfModel(board, model)],
        ["Beside its neighbours", neighboursOf(board, model)],
        ["Rated by itself, from 1 to 7", ratingsOfModel(model)],
        ["What stands out in its ratings", findingsOfModel(model)],
        ["Trust on sensitive topics, everybody", topicsOfModel(model)],
        ["Safety and sycophancy", readingsOfModel(model)],
        ["Votes by month", monthsOfModel(board, model)],
        ["From release to release", releasesOfModel(board, model)],
    ];
    fill(
        byId("profile-parts"),
        parts.filter(([, part]) => part).map(([title, part]) => html`<section><h3>${title}</h3>${part}</section>`),
    );
}

function profileWords(board, row) {
    const where = `${dimensions.label[boards.dimension[board]]}, ${whoInline(boards.stratum_id[board])}`;
    if (row.isProvisional) return html`Not ranked yet on <em>${where}</em>: ${provisionalText(row)}. Don’t quote it.`;
    const ends = row.lo === null ? "" : ` (${formats.ends(row)})`;
    return html`Rank <b>${row.rank}</b> of ${rowsOf(board).length}, between ${formats.ranks(row).replace(EN_DASH, " and ")} with 95% probability, on <em>${where}</em>. People prefer it to another model in <b>${formats.percent(row.win)}</b> of comparisons${ends}.`;
}

/** A line per board: its name, rank and range, and the win share with its interval drawn. */
function linesOf(entries) {
    const known = entries.filter(({ row }) => row !== undefined);
    if (!known.length) return null;
    const axis = axisOver(known.flatMap(({ row }) => [row.win, row.lo, row.hi]));
    const lines = groupedLines(
        known,
        6,
        ({ question, row, isApart }, label) =>
            html`<tr${isApart && html` class="leader"`}><th scope="row">${question || label}</th><td class="number${isApart && " apart"}">${rankText(row)}</td><td class="number by">${formats.ranks(row)}</td><td class="plot">${whisker(axis, { value: row.win, lo: row.lo, hi: row.hi }, 16)}</td><td class="number">${formats.percent(row.win)}</td><td class="number by wide">${formats.ends(row)}</td></tr>`,
    );
    return html`<table class="lines"><thead><tr><th scope="col"><span class="unseen">Board</span></th><th scope="col" class="number">Rank</th><th scope="col" class="number">may be</th><th scope="col" class="plot"><span class="unseen">drawn</span></th><th scope="col" class="number">Win share</th><th scope="col" class="number wide">95%</th></tr></thead><tbody>${lines}</tbody></table>`;
}

const questionsOfModel = (board, model) =>
    dimensions.dimension.length > 1 &&
    linesOf(
        dimensions.label.map((label, dimension) => {
            const own = beside(board, { dimension });
            return { question: label, stratum: boards.stratum_id[board], row: own === undefined ? undefined : rowOf(own, model) };
        }),
    );

/** Boards of groups, each with whether the model differs there from everybody's board. */
function groupEntries(board, model) {
    return strata.label
        .map((label, stratum) => ({ label, stratum, board: beside(board, { stratum }) }))
        .filter((one) => one.board !== undefined)
        .map((one) => {
            const reference = boards.reference[one.board];
            const row = rowOf(one.board, model);
            const isApart = Boolean(row?.isApart && reference && reference[0] !== one.stratum);
            return { ...one, row, isApart };
        });
}

const groupsOfModel = (board, model) => strata.label.length > 1 && linesOf(groupEntries(board, model));

function differencesOfModel(board, model) {
    const found = groupEntries(board, model).filter(({ isApart, row }) => isApart && row.change);
    if (strata.label.length < 2) return null;
    if (!found.length) return html`<p class="note">Nowhere, as far as these votes can tell.</p>`;
    const stronger = (sign) => found.filter(({ row }) => Math.sign(row.change) === sign);
    const said = (title, entries) =>
        entries.length > 0 &&
        html`<li><b>${title}</b> with ${listed(entries.map(({ label, row }) => html`${label} (${changeInWords(row.change)})`))}.</li>`;
    return html`<ul>${said("Stronger", stronger(1))}${said("Weaker", stronger(-1))}</ul><p class="note">Of all such differences on the page at most one in twenty is expected to be chance.</p>`;
}

function neighboursOf(board, model) {
    const rows = rowsOf(board).filter((row) => !row.isProvisional);
    const at = rows.findIndex((row) => row.model === model);
    if (at < 0) return null;
    const found = [at - 2, at - 1, at + 1, at + 2]
        .filter((place) => rows[place])
        .map((place) => ({ row: rows[place], pair: pairOf(board, model, rows[place].model) }))
        .filter(({ pair }) => pair);
    if (!found.length) return null;
    return html`<ul>${found.map(({ row, pair }) => html`<li>${pair.share}% prefer it to ${profileLink(row.model, row.name)}, rank ${row.rank}${pair.lo !== null && ` (${endsOfPair(pair)})`}: ${pair.isApart ? "told apart" : "too close to call"}</li>`)}</ul>`;
}

function ratingsOfModel(model) {
    if (!data.experience) return null;
    const { criteria, models: rated } = data.experience;
    const everybody = strata.stratum_id.indexOf(EVERYBODY);
    const own = [true, false]
        .map((isWeighted) => rated.find((row) => row.model === model && row.stratum === everybody && row.is_weighted === isWeighted))
        .find(Boolean);
    if (!own) return null;
    const { decimal } = formats;
    const ends = (place) => (own.lo[place] === null ? "" : `${decimal(own.lo[place], 1)} to ${decimal(own.hi[place], 1)}`);
    return html`<table class="lines"><tbody>${criteria.map(({ label }, place) => own.rating[place] !== null && html`<tr><th scope="row">${label}</th><td class="number">${decimal(own.rating[place], 1)}</td><td class="number by">${ends(place)}</td></tr>`)}</tbody></table>`;
}

function findingsOfModel(model) {
    const found = (data.experience?.findings || []).filter((row) => row.model === model);
    const weighted = found.some((row) => row.is_weighted);
    const own = found.filter((row) => row.is_weighted === weighted);
    return own.length > 0 && html`<ul>${own.map(({ sentence }) => html`<li>${sentence}</li>`)}</ul>`;
}

const topicsOfModel = (model) =>
    linesOfTopics(
        data.profiles.topics
            .map(({ label, rows }) => ({ label, row: rows.find((row) => row.model === model) }))
            .filter(({ row }) => row),
    );

function linesOfTopics(entries) {
    if (!entries.length) return null;
    return html`<table class="lines"><thead><tr><th scope="col">Topic</th><th scope="col" class="number">Rank</th><th scope="col" class="number">Win share</th><th scope="col" class="number">95%</th></tr></thead><tbody>${entries.map(({ label, row }) => html`<tr><th scope="row">${label}</th><td class="number">${row.rank === null ? EN_DASH : row.rank}</td><td class="number">${formats.percent(row.win)}</td><td class="number by">${formats.ends(endsOf(row.win, row.lo, row.hi))}</td></tr>`)}</tbody></table>`;
}

function readingsOfModel(model) {
    const { incidents, sycophancy } = data.profiles;
    const lines = [
        [incidents[model], "Incidents per 1,000 answers"],
        [sycophancy[model], "Sycophantic answers"],
    ].filter(([found]) => found);
    return (
        lines.length > 0 &&
        html`<table class="lines"><tbody>${lines.map(([{ value, interval }, label]) => html`<tr><th scope="row">${label}</th><td class="number">${value}</td><td class="number by">${interval}</td></tr>`)}</tbody></table>`
    );
}

function releasesOfModel(board, model) {
    const line = timelineOf(board);
    const place = line ? line.model.indexOf(model) : -1;
    if (place < 0) return null;
    return html`<table class="lines"><tbody>${data.time.dates.map((date, at) => line.rank[place][at] !== null && html`<tr><th scope="row">${date}</th><td class="number">rank ${line.rank[place][at]}</td><td class="number by">${formats.ranks({ rankLo: line.lo[place][at], rankHi: line.hi[place][at] })}</td></tr>`)}</tbody></table>`;
}

/** A bar per month; of everybody, on the question that is shown. */
function monthsOfModel(board, model) {
    const dimension = boards.dimension[board],
        votes = data.months.votes[dimension]?.[model];
    if (!votes) return null;
    const most = Math.max(...votes.filter((count) => count !== null));
    const bar = (count) =>
        html`<svg class="whisker" width="100%" height="14" aria-hidden="true"><rect class="for" x="0" y="2" width="${((count / most) * 100).toFixed(1)}%" height="10"/></svg>`;
    const lines = data.months.months.map((month, at) =>
        votes[at] === null
            ? html`<tr><th scope="row">${month}</th><td class="plot"></td><td class="number by">not shown</td></tr>`
            : html`<tr><th scope="row">${month}</th><td class="plot">${bar(votes[at])}</td><td class="number">${formats.count(votes[at])}</td></tr>`,
    );
    return html`<table class="lines months"><thead><tr><th scope="col">Month</th><th scope="col" class="plot"><span class="unseen">Drawn</span></th><th scope="col" class="number">Votes</th></tr></thead><tbody>${lines}</tbody></table><p class="note">Everybody’s votes on ${dimensions.label[dimension]}, rounded down to a multiple of ${data.board.disclosed_people_min}. A month with too few people is not shown. A second month is hidden with it, so that nobody can work the first out from the total.</p>`;
}

function openProfile(model) {
    state.model = models.model_id[model];
    drawSection("model");
    keepAddress();
}

document.addEventListener("click", (event) => {
    const link = event.target.closest("a.to-profile");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!panel.open) opener = link;
    openProfile(Number(link.dataset.model));
});
// However it is closed, by its button, Escape or the way back.
panel.addEventListener("close", () => {
    if (state.model) {
        state.model = "";
        keepAddress();
    }
    if (opener?.isConnected) opener.focus();
    opener = null;
});
panel.addEventListener("click", (event) => {
    if (event.target === panel) panel.close();
});
byId("profile-close").addEventListener("click", () => panel.close());
