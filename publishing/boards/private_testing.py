"""The probe of private testing: whether a published score is too high by having been chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from publishing.boards.finding import Finding, Read, Row, dimension_of
from publishing.counted import counted

PROBE = "private_testing"
# One board in a hundred has a fall so far by chance where nobody chose by score.
FALL_LEVEL = 0.01
# One board in 25 has so many chosen releases by chance.
CHOSEN_LEVEL = 0.04
# Of 25 variants or more the best is rarely published by chance; of fewer it must be surer that its
# score is too high, for one release in 25 at most to look chosen (simulated in docs/method.md).
MANY_VARIANTS = 25
NOT_TOO_HIGH, NOT_TOO_HIGH_OF_FEW = 0.025, 0.0125
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

    Found where more published variants than chance explains were the best of those tested, with a
    score that is surely above their skill; where a score fell so far by fresh votes as on one board
    in a hundred by chance; or where an alias joins votes before a release to those after. Also
    where a variant that was tested in private was registered otherwise later: its registration was
    taken back, or says that it isn't private or is another's.

    Args:
        read: gives rows of the marts.
        dimension: by which variants are thought to be chosen: `overall` unless given, and the
            first by name where there is none.
    """
    tested = _families(read(TESTED, {}))
    dimension = dimension_of([row["dimension"] for row in read(DIMENSIONS, {})], dimension)
    chosen = read(CHOSEN, {"dimension": dimension})
    p_chosen = _p_as_many(chosen)
    changed = {row["registration"]: row["variant_count"] for row in read(CHANGED, {})}
    figures: dict[str, Any] = {
        "dimension": dimension,
        "tested_count": sum(row["tested_count"] for row in tested),
        "battle_count": sum(row["battle_count"] for row in tested),
        "release_count": sum(row["model_id"] is not None for row in tested),
        "chosen_count": sum(_looks_chosen(row) for row in chosen),
        "p_chosen": p_chosen,
        "releases": [dict(row) for row in chosen],
        "registered_otherwise": changed,
    }
    if not tested:
        return Finding(
            PROBE, False, "No variant was tested in private, as far as the log says.", figures
        )
    found = [_about(row, len(chosen), p_chosen) for row in chosen]
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


def _looks_chosen(row: Row) -> bool:
    if row["rank_among_tested"] != 1 or row["variant_count"] == 1:
        return False
    is_many = row["variant_count"] >= MANY_VARIANTS
    level = NOT_TOO_HIGH if is_many else NOT_TOO_HIGH_OF_FEW
    return bool(row["p_not_too_high"] <= level)


def _p_as_many(chosen: Sequence[Row]) -> float:
    """P of as many releases that look chosen, if each published one of its variants at random."""
    so_many = [1.0]
    for row in chosen:
        if row["rank_among_tested"] is None or row["variant_count"] == 1:
            continue
        by_chance = min(1.0 / row["variant_count"], CHOSEN_LEVEL)
        so_many = [
            stays * (1.0 - by_chance) + comes * by_chance
            for stays, comes in zip([*so_many, 0.0], [0.0, *so_many], strict=True)
        ]
    return sum(so_many[sum(_looks_chosen(row) for row in chosen) :])


def _about(row: Row, release_count: int, p_chosen: float) -> tuple[bool, str]:
    of_release = f"{_variants(row)} tested before {row['public_id']} was released"
    if row["not_estimated_reason"] == "names_joined":
        return row["tested_count"] > 1, (
            f"{of_release}, and an alias joins names of theirs: votes before the release count in"
            " the score after it and can't be told apart."
        )
    if row["not_estimated_reason"] == "not_on_board":
        return False, f"{of_release}; the one that was published is on no board."
    is_chosen = _looks_chosen(row) and p_chosen <= CHOSEN_LEVEL
    fell = row["p_fall"] is not None and row["p_fall"] <= FALL_LEVEL / release_count
    sentence = f"{of_release}; {_place(row)}."
    if row["rank_among_tested"] == 1 and row["variant_count"] > 1:
        sentence += f" {_too_high(row, is_chosen=is_chosen)}"
    if row["fall"] is not None:
        less = f" By fresh votes it is lower by {_interval(row, 'fall')}"
        sentence += less + (
            ", more than chance explains." if fell else ": not surely more than chance."
        )
    return is_chosen or fell, sentence


def _place(row: Row) -> str:
    place, count = row["rank_among_tested"], row["variant_count"]
    if row["tested_count"] == 1:
        return "it is the only variant"
    if count == 1:
        return "the one that was published is the only variant on the board"
    is_best = "the best" if place == 1 else f"number {place} of {count}"
    return f"the one that was published was {is_best} by score"


def _too_high(row: Row, *, is_chosen: bool) -> str:
    inflation = _interval(row, "expected_inflation")
    if row["expected_inflation_lo"] <= 0.0:
        return f"That adds {inflation} to its score: not surely more than nothing."
    if is_chosen:
        return f"That score is too high by {inflation}."
    return (
        f"That score is too high by {inflation}, but it was not surely chosen for it: by chance one"
        f" of {row['variant_count']} is the best in any case."
    )


def _variants(row: Row) -> str:
    count = row["tested_count"]
    maker = row["provider"] or "a provider that is not named"
    return f"{counted(count, 'variant')} of {maker} {'was' if count == 1 else 'were'}"


def _interval(row: Row, name: str) -> str:
    return f"{row[name]:.2f} (95%: {row[f'{name}_lo']:.2f} to {row[f'{name}_hi']:.2f})"
