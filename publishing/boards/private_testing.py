"""The probe of private testing: whether a published score is too high by having been chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from publishing.boards.finding import Finding, Read, Row, dimension_of
from publishing.counted import counted

PROBE = "private_testing"
# One release in a hundred falls so far by chance where nobody chose by score.
FALL_LEVEL = 0.01
TESTED = "select * from rpt_private_testing order by provider, family, published_at, model_id"
CHOSEN = """
select * from rpt_best_of_n
where weighting = 'none' and dimension = $dimension
order by provider, family, model_id
"""
CHANGED = """
select registration, count(*) as variant_count
from rpt_tested_variant
where registration <> 'private' and is_on_board
group by registration
order by registration
"""
BECAME = {
    "changed": "another provider, family or model",
    "public": "not private",
    "retracted": "retracted",
}
DIMENSIONS = "select distinct dimension from rpt_best_of_n order by dimension"


def private_testing(read: Read, dimension: str | None = None) -> Finding:
    """Whether a published model's score is too high because it was chosen among variants.

    Found where the published variant has the best score of those tested and that is surely above
    its skill (95%), where its score fell so far by fresh votes as one in a hundred does by chance,
    or where an alias joins its votes before the release to those after. Also where a variant that
    was tested in private was registered otherwise later: its registration was taken back, or says
    that it isn't private or is another's.

    Args:
        read: gives rows of the marts.
        dimension: by which variants are thought to be chosen: `overall` unless given, and the
            first by name where there is none.
    """
    tested = _families(read(TESTED, {}))
    dimension = dimension_of([row["dimension"] for row in read(DIMENSIONS, {})], dimension)
    chosen = read(CHOSEN, {"dimension": dimension})
    changed = {row["registration"]: row["variant_count"] for row in read(CHANGED, {})}
    figures: dict[str, Any] = {
        "dimension": dimension,
        "tested_count": sum(row["tested_count"] for row in tested),
        "battle_count": sum(row["battle_count"] for row in tested),
        "release_count": sum(row["model_id"] is not None for row in tested),
        "releases": [dict(row) for row in chosen],
        "registered_otherwise": changed,
    }
    if not tested:
        return Finding(
            PROBE, False, "No variant was tested in private, as far as the log says.", figures
        )
    found = [_about(row, len(chosen)) for row in chosen]
    sentences = [sentence for is_found, sentence in found if is_found]
    is_found = bool(sentences or changed)
    if not sentences:
        sentences = [sentence for _, sentence in found]
    sentences += [
        f"{_variants(row)} tested in private; the log does not say that one was published."
        for row in tested
        if row["model_id"] is None
    ]
    sentences += [
        f"{counted(count, 'private variant')} {'was' if count == 1 else 'were'} registered"
        f" otherwise later: {BECAME[what]}."
        for what, count in changed.items()
    ]
    return Finding(PROBE, is_found, " ".join(sentences), figures)


def _families(rows: Sequence[Row]) -> list[Row]:
    # One row of each release, and of what no release followed: these figures are of no dimension.
    kept = {(row["provider"], row["family"], row["model_id"]): row for row in rows}
    return list(kept.values())


def _about(row: Row, release_count: int) -> tuple[bool, str]:
    of_release = f"{_variants(row)} tested before {row['public_id']} was released"
    if row["not_estimated_reason"] == "names_joined":
        return row["tested_count"] > 1, (
            f"{of_release}, and an alias joins names of theirs: votes before the release count in"
            " the score after it and can't be told apart."
        )
    if row["not_estimated_reason"] == "not_on_board":
        return False, f"{of_release}; the one that was published is on no board."
    place = row["rank_among_tested"]
    fell = row["p_fall"] is not None and row["p_fall"] <= FALL_LEVEL / release_count
    is_chosen = place == 1 and row["variant_count"] > 1 and row["expected_inflation_lo"] > 0.0
    is_best = "the best" if place == 1 else f"number {place} of {row['variant_count']}"
    sentence = f"{of_release}; the one that was published was {is_best} by score."
    if is_chosen:
        sentence += f" That score is too high by {_interval(row, 'expected_inflation')}."
    elif place == 1 and row["variant_count"] > 1:
        sentence += (
            f" That adds {_interval(row, 'expected_inflation')} to its score, which may be nothing."
        )
    if row["fall"] is not None:
        less = f" By fresh votes it is lower by {_interval(row, 'fall')}"
        sentence += less + (", more than chance explains." if fell else ".")
    return is_chosen or fell, sentence


def _variants(row: Row) -> str:
    count = row["tested_count"]
    maker = row["provider"] or "a provider that is not named"
    return f"{counted(count, 'variant')} of {maker} {'was' if count == 1 else 'were'}"


def _interval(row: Row, name: str) -> str:
    return f"{row[name]:.2f} (95%: {row[f'{name}_lo']:.2f} to {row[f'{name}_hi']:.2f})"
