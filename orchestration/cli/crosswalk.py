"""`demoscope crosswalk`: rows for answers that no seed explains."""

from __future__ import annotations

import csv
import io

from ingestion.paths import Home
from orchestration.cli.output import FORMAT, Format, print_rows, put, say


def crosswalk(*, output: FORMAT = Format.TABLE) -> None:
    """Propose rows of seed_crosswalk for answers that no seed explains."""
    from dataclasses import asdict, fields

    from orchestration.weighting_gaps import AGE, Proposal, proposals, unknown_countries

    home = Home.from_environment()
    found, elsewhere = proposals(home), unknown_countries(home)
    nothing = "Every answer is understood."
    if elsewhere:
        nothing = "Every answer of people in countries with census targets is understood."
        for sentence in elsewhere:
            say(sentence)
    if output is not Format.TABLE:
        print_rows(
            "proposals", [asdict(one) for one in found], output, {}, nothing=nothing,
            fields=lambda: [one.name for one in fields(Proposal)],
        )  # fmt: skip
        return
    for one in found:
        if one.level:
            line = io.StringIO()
            csv.writer(line, lineterminator="").writerow((one.coding, one.source_value, one.level))
            put(line.getvalue())
            say(f"  ({one.variables}: like {one.alike!r})")
            continue
        why = "fits no band of years" if one.coding.startswith(AGE) else "is like no known wording"
        say(
            f"{one.source_value!r} of {one.variables} {why}: write a row"
            f" {one.coding},{one.source_value},LEVEL with the level that it means, or unknown."
        )
    say(
        nothing
        if not found
        else "Check each row, then add it to dbt_project/seeds/seed_crosswalk.csv and build again."
    )
