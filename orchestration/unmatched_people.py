"""Sentences on people who voted and never enrolled, or the reverse, as of the last build."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ingestion.errors import BusyError, NotFoundError
from orchestration.database import mart_rows

if TYPE_CHECKING:
    from ingestion.paths import Home

SUSPECT = """
select * from rpt_unmatched_participant
where is_suspect
order by kind desc, source
"""
ENROLLED = "select count(*) as enrolled_count from dim_participant"


def unmatched_people(home: Home) -> list[str]:
    """A sentence per source whose people look as if a join had failed.

    Empty where everybody matches, where nobody enrolled, and where the database cannot be read now.
    """
    # That somebody else has the database open, or that older code built it, is no failure.
    with suppress(BusyError, NotFoundError):
        return [_sentence(row) for row in mart_rows(home, SUSPECT)]
    return []


def nobody_enrolled(home: Home) -> bool:
    """Whether the log has no enrolment at all; False where the database cannot be read now."""
    with suppress(BusyError, NotFoundError):
        return not mart_rows(home, ENROLLED)[0]["enrolled_count"]
    return False


def _sentence(row: dict[str, Any]) -> str:
    many, total, source = row["participant_count"], row["total_count"], row["source"]
    has_voted = row["kind"] == "voted_not_enrolled"
    if has_voted and not row["battle_count"]:
        said = f"{many:,} of {total:,} people of {source} who rated or judged have no enrolment"
        said += " (unweighted boards only)."
    elif has_voted:
        said = f"{many:,} of {total:,} voters of {source} have no enrolment"
        said += f" ({row['battle_count']:,} battles, on unweighted boards only)."
    else:
        said = f"{many:,} of {total:,} people enrolled under {source} never voted."
    if row["other_source"] is not None:
        other = f"{row['other_participant_count']:,}"
        enrolled, voters = (
            (row["other_source"], source) if has_voted else (source, row["other_source"])
        )
        counts = (other, f"{many:,}") if has_voted else (f"{many:,}", other)
        return (
            f"{said} {counts[0]} enrolled under {enrolled}, {counts[1]} voters under {voters}: "
            f"one `source:`? If so, load the votes with `participants_of: {enrolled}`."
        )
    if row["likely_cause"] == "ids written differently":
        return f"{said} Are ids written differently (case, blanks, leading zeros)?"
    return f"{said} Load their {'enrolments' if has_voted else 'votes'}, if there are any."
