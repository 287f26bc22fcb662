"""The probe of vote quality: whether a board's verdicts look like rigging, and how many do."""

from __future__ import annotations

from publishing.boards.finding import Finding, Read, Row, dimension_of
from publishing.counted import counted

PROBE = "vote_quality"
SIGNALS = """
select * from rpt_vote_quality
where source is null and ($dimension is null or dimension = $dimension)
order by dimension, is_found desc nulls last, p_adjusted nulls last, signal, model_id nulls first
"""
OTHER_ANSWERS = "The other answers rest on the same votes: rigged ones can bend them too."
RETRACTION = "selective_retraction"
WHO = {
    "burst": "people with 20 verdicts or more within 80 seconds",
    "impossible_speed": "people half of whose verdicts follow within 4 seconds of another",
    "identical_pattern": "people who gave the same answers in the same order as another",
    "near_duplicate": "people who said nearly the same of the same pairs as another",
    "copied_profile": "people who said the very same about themselves as too many others",
    "one_model_preferred": "people who prefer {model} nearly always, beyond its strength",
    "unrelated_verdicts": "people whose verdicts have nothing to do with which model is better",
}


def vote_quality(read: Read, dimension: str | None = None) -> Finding:
    """Of the last build's board of everybody.

    Args:
        read: gives rows of the marts.
        dimension: `overall` unless given, and the first by name where there is none.
    """
    if dimension is None:
        known = {row["dimension"] for row in read(SIGNALS, {"dimension": None})}
        dimension = dimension_of(sorted(known), None)
    rows = read(SIGNALS, {"dimension": dimension})
    found = [row for row in rows if row["is_found"]]
    looked_for = {row["signal"] for row in rows if row["tested_count"]}
    figures = {
        "dimension": dimension,
        "signals_looked_for": sorted(looked_for),
        "signals_found": sorted({row["signal"] for row in found}),
        "people": max((row["people_count"] for row in found), default=0),
        "verdicts": max((row["verdict_count"] for row in found), default=0),
        "largest_verdict_share": max((row["verdict_share"] for row in found), default=0.0),
    }
    if found:
        said = "; ".join(map(sentence_of, found))
        sentence = f"{said[0].upper()}{said[1:]}. {OTHER_ANSWERS}"
    elif looked_for:
        sentence = f"Nothing in the votes looks rigged: {counted(len(looked_for), 'signal')} tried."
    else:
        sentence = "Nobody known voted often enough to tell whether votes are rigged."
    return Finding(PROBE, bool(found) if looked_for else None, sentence, figures)


def sentence_of(row: Row) -> str:
    """A row of `rpt_vote_quality` that is found, in words."""
    if row["signal"] == RETRACTION:
        verdicts = counted(row["verdict_count"], "verdict")
        return f"{verdicts} on {row['model_id']} taken back, not evenly for and against it"
    who = WHO[row["signal"]].format(model=row["model_id"])
    return (
        f"{who}: {row['people_count']:,}, where {row['expected_people']:.1f} are expected"
        f" ({row['verdict_share']:.1%} of verdicts)"
    )
