"""The probe of private testing: whether a published score is too high by having been chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from publishing.boards.finding import UNTOLD, Finding, Read, Row, dimension_of, registers_models
from publishing.boards.tested_variants import (
    VARIANTS,
    about_publications,
    about_registrations,
    about_twins,
    about_votes,
    registered_otherwise,
    twins,
    uncompared,
)
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
DIMENSIONS = "select distinct dimension from rpt_best_of_n order by dimension"


def private_testing(read: Read, dimension: str | None = None) -> Finding:
    """Whether a published model's score is too high because it was chosen among variants.

    Found where more published variants than chance explains were the best of those tested, with a
    score that is surely above their skill; where a score fell so far by fresh votes as on one board
    in a hundred by chance; or where an alias or a correction joins votes before a release to those
    after. Also where a variant that people compared was registered otherwise too: its registration
    was taken back, or another says that it isn't private or is another's. And where nobody compared
    a variant, but a public model whose name looks the same.

    A release under a name that nobody compared is no release beside one of its family that has one:
    else losers could be published so until the winner looks like chance.

    Args:
        read: gives rows of the marts.
        dimension: by which variants are thought to be chosen: `overall` unless given, and the
            first by name where there is none.
    """
    variants = read(VARIANTS, {})
    unused = uncompared(variants)
    tested = _releases(_families(read(TESTED, {})), unused)
    dimension = dimension_of([row["dimension"] for row in read(DIMENSIONS, {})], dimension)
    chosen = _releases(read(CHOSEN, {"dimension": dimension}), unused)
    p_chosen = _p_as_many(chosen)
    otherwise, alike = registered_otherwise(variants), twins(variants, read)
    figures: dict[str, Any] = {
        "dimension": dimension,
        "tested_count": sum(row["tested_count"] for row in tested),
        "battle_count": sum(row["battle_count"] for row in tested),
        "release_count": sum(row["model_id"] is not None for row in tested),
        "chosen_count": sum(_looks_chosen(row) for row in chosen),
        "p_chosen": p_chosen,
        "releases": [dict(row) for row in chosen],
        "registered_otherwise": {what: len(names) for what, names in otherwise.items()},
        "published_uncompared": unused,
        "lookalikes": [list(pair) for pair in alike],
    }
    if not tested and not registers_models(read):
        return Finding(PROBE, None, f"{UNTOLD} which were tested in private.", figures)
    if not tested:
        return Finding(
            PROBE, False, "No variant was tested in private, as far as the log says.", figures
        )
    fall_level = FALL_LEVEL / max(1, _fall_count(chosen))
    found = [_about(row, fall_level, p_chosen) for row in chosen]
    found += [_unreleased(row) for row in tested if row["model_id"] is None]
    sentences = [sentence for is_found, sentence in found if is_found]
    is_found = bool(sentences or otherwise or alike)
    if not sentences:
        sentences = [sentence for _, sentence in found]
    sentences += about_registrations(otherwise) + about_twins(alike)
    sentences += about_votes(variants) + about_publications(variants)
    return Finding(PROBE, is_found, " ".join(sentences), figures)


def _families(rows: Sequence[Row]) -> list[Row]:
    # One row of each release, and of what no release followed: these figures are of no dimension.
    kept = {(row["provider"], row["family"], row["model_id"]): row for row in rows}
    return list(kept.values())


def _releases(rows: Sequence[Row], unused: dict[str, str]) -> list[Row]:
    """Without what was published as a model that nobody compared, where another of it was."""
    used = {
        (row["provider"], row["family"])
        for row in rows
        if row["model_id"] is not None and row["model_id"] not in unused
    }
    return [
        row
        for row in rows
        if row["model_id"] not in unused or (row["provider"], row["family"]) not in used
    ]


def _unreleased(row: Row) -> tuple[bool, str]:
    tested = f"{_variants(row)} tested in private; the log does not say that one was published"
    if row["joined_count"] > 0 and row["tested_count"] > 1:
        return True, f"{tested}, but an alias or a correction joins names of theirs to others."
    return False, f"{tested}."


def _looks_chosen(row: Row) -> bool:
    if row["rank_among_tested"] != 1 or row["variant_count"] == 1:
        return False
    is_many = row["variant_count"] >= MANY_VARIANTS
    level = NOT_TOO_HIGH if is_many else NOT_TOO_HIGH_OF_FEW
    return bool(row["p_not_too_high"] <= level)


def _p_as_many(chosen: Sequence[Row]) -> float:
    """P of as many releases that look chosen, if each published one of its variants at random.

    What several variants of a family were published as is one release of any of them.
    """
    models: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in chosen:
        if row["rank_among_tested"] is not None and row["variant_count"] > 1:
            models[row["provider"], row["family"], row["public_id"]].append(row)
    so_many = [1.0]
    for rows in models.values():
        by_chance = min(sum(1.0 / row["variant_count"] for row in rows), CHOSEN_LEVEL)
        so_many = [
            stays * (1.0 - by_chance) + comes * by_chance
            for stays, comes in zip([*so_many, 0.0], [0.0, *so_many], strict=True)
        ]
    return sum(so_many[sum(any(map(_looks_chosen, rows)) for rows in models.values()) :])


def _fall_count(chosen: Sequence[Row]) -> int:
    """How many models may have fallen: those that variants were published as, with fresh votes."""
    return len({row["public_id"] for row in chosen if row["p_fall"] is not None})


def _about(row: Row, fall_level: float, p_chosen: float) -> tuple[bool, str]:
    of_release = f"{_variants(row)} tested before {row['public_id']} was released"
    if row["not_estimated_reason"] == "names_joined":
        return row["tested_count"] > 1, (
            f"{of_release}, and an alias or a correction joins names of theirs: votes before the"
            " release count in the score after it and can't be told apart."
        )
    if row["not_estimated_reason"] == "not_on_board":
        return False, f"{of_release}; the one that was published is on no board."
    is_chosen = _looks_chosen(row) and p_chosen <= CHOSEN_LEVEL
    fell = row["p_fall"] is not None and row["p_fall"] <= fall_level
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
