// Ratings of one model at a time: means by criterion, gaps between criteria, findings by group.
sections.push({
    draw(board) {
        const { stratum, isWeighted } = keyOf(board);
        const has = (weighted) => (row) =>
            row.stratum === stratum && row.is_weighted === weighted;
        const { criteria, models: rated, gaps, findings } = data.experience;
        const weighted = isWeighted && rated.some(has(true));
        const rows = rated.filter(has(weighted));
        byId("experience-who").textContent = rows.length
            ? `Rated by ${whoInline(stratum)}${weighted ? ", weighted to the census" : ""}.`
            : `Too few of ${whoInline(stratum)} rated models to show it.`;
        fill(
            byId("ratings").tHead,
            rows.length &&
                html`<tr><th scope="col">Model</th>${criteria.map(
                    ({ label, question }) => html`<th scope="col" title="${question}">${label}</th>`,
                )}</tr>`,
        );
        fill(byId("ratings").tBodies[0], rows.map(ratedRow));
        const compared = gaps.filter(has(weighted));
        byId("gaps-panel").hidden = !compared.length;
        fill(byId("gaps").tBodies[0], compared.map(gapRow));
        const isEverybody = strata.stratum_id[stratum] === EVERYBODY;
        const said = findings.filter(
            (row) => row.is_weighted === weighted && (isEverybody || row.stratum === stratum),
        );
        byId("findings-panel").hidden = !rows.length;
        fill(
            byId("findings"),
            said.length
                ? said.map(({ sentence }) => html`<li>${sentence}</li>`)
                : html`<li>Nothing was found.</li>`,
        );
    },
});

function ratedRow({ name, rating, lo, hi, people }) {
    const { criteria } = data.experience;
    const { decimal, count } = formats;
    const ends = (place) =>
        lo[place] === null
            ? "no interval, as all said the same"
            : `${decimal(lo[place], 1)} to ${decimal(hi[place], 1)}`;
    const cells = rating.map((one, place) =>
        one === null
            ? html`<td></td>`
            : html`<td title="${criteria[place].label}: ${ends(place)}, ${count(people[place])} people">${decimal(one, 1)}</td>`,
    );
    return html`<tr><th scope="row">${name}</th>${cells}</tr>`;
}

// Who can't point can tap.
byId("ratings").addEventListener("click", ({ target }) => {
    const model = target.closest("tr")?.querySelector("th")?.textContent;
    byId("ratings-ends").textContent = target.title && `${model}, ${target.title}`;
});

function gapRow({ criterion, against_criterion, gap, lo, hi, is_different }) {
    const signed = (tenths) =>
        `${tenths < 0 ? MINUS : "+"}${formats.decimal(Math.abs(tenths), 1)}`;
    const ends = lo === null ? "" : `${signed(lo)} to ${signed(hi)}`;
    return html`<tr><th scope="row">${criterion || "All of the person"}</th><td>${against_criterion || "All of the task"}</td><td class="number${is_different && " apart"}">${signed(gap)}</td><td class="number">${ends}</td></tr>`;
}
