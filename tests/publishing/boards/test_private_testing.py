"""The probe of private testing: it finds a planted release, and is silent in clean studies."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from publishing.boards.finding import REGISTERED, Finding
from publishing.boards.private_testing import CHOSEN, TESTED, private_testing
from publishing.boards.tested_variants import PUBLIC, VARIANTS
from ratings.rounding import MICRO
from ratings.tables.benchmarks import Board
from ratings.tables.declarations import RATING_TABLES, conform
from ratings.tables.variants import BEST_OF_N, Release, best_of_n_table

KEY = {"weighting": "none", "stratum_id": "all", "dimension": "overall"}
NOISE, FRESH_NOISE = 0.6, 0.25
STUDIES = 200


def rows_of(
    score: NDArray[np.float64], published: int, fresh: float, *, is_joined: bool = False
) -> list[dict[str, Any]]:
    """`rpt_best_of_n` of a family with these scores."""
    names = tuple(f"v{number:02}" for number in range(score.size))
    release = Release(
        "Gadfly", "gadfly", names[published], names[published], "public", is_joined, names, ()
    )
    variance = np.array([NOISE**2] * score.size + [FRESH_NOISE**2])
    board = Board(
        KEY | {"estimator": "trueskill_ep"},
        (*names, "public"),
        np.array([*score, fresh]),
        np.diag(variance),
    )
    ratings: pa.Table = RATING_TABLES["rating"].schema.empty_table()
    judges = pa.table({"dimension": pa.array([], pa.string())})
    made = conform(BEST_OF_N, best_of_n_table([release], [board], ratings, judges)[BEST_OF_N])
    return [
        {
            name.removesuffix("_micro"): value / MICRO
            if name.endswith("_micro") and value is not None
            else value
            for name, value in row.items()
        }
        for row in made.to_pylist()
    ]


def probe(
    chosen: Sequence[dict[str, Any]],
    variants: Sequence[dict[str, Any]] = (),
    registered: int = 1,
    **changes: Any,
) -> Finding:
    tested = [
        {
            "provider": row["provider"],
            "family": row["family"],
            "model_id": row["model_id"],
            "tested_count": row["tested_count"],
            "battle_count": 2700,
            "joined_count": 0,
        }
        | changes
        for row in chosen
    ]

    def read(query: str, _: dict[str, Any]) -> Sequence[dict[str, Any]]:
        if query in (TESTED, VARIANTS):
            return tested if query == TESTED else variants
        if query == REGISTERED:
            return [{"registered_count": registered}]
        return chosen if query == CHOSEN else [{"dimension": "overall"}]

    return private_testing(read)


def planted(rng: np.random.Generator, size: int, spread: float = 0.1) -> Finding:
    skill = spread * rng.standard_normal(size)
    score = skill + NOISE * rng.standard_normal(size)
    best = int(np.argmax(score))
    return probe(rows_of(score, best, skill[best] + FRESH_NOISE * rng.standard_normal()))


def clean(rng: np.random.Generator, skill: NDArray[np.float64], published: int) -> Finding:
    score = skill + NOISE * rng.standard_normal(skill.size)
    return probe(rows_of(score, published, skill[published] + FRESH_NOISE * rng.standard_normal()))


def test_the_best_of_27_is_found() -> None:
    rng = np.random.default_rng(1)
    found = [planted(rng, 27) for _ in range(STUDIES)]
    assert np.mean([one.is_found for one in found]) >= 0.98
    assert "27 variants of Gadfly were tested before public was released" in found[0].sentence
    assert "the best by score" in found[0].sentence


@pytest.mark.parametrize("case", ["one", "far_apart", "not_by_score"])
def test_it_is_silent_where_nothing_was_chosen_by_chance(case: str) -> None:
    rng = np.random.default_rng(2)
    found = []
    for _ in range(STUDIES):
        if case == "one":
            found.append(clean(rng, np.zeros(1), 0))
        elif case == "far_apart":
            found.append(clean(rng, 4.0 * np.arange(10.0), 9))
        else:
            found.append(clean(rng, 0.1 * rng.standard_normal(27), int(rng.integers(27))))
    assert np.mean([one.is_found for one in found]) <= 0.05


def at_random(rng: np.random.Generator, releases: int, size: int) -> Finding:
    """Of a board of so many releases, each of which published any of its variants."""
    chosen = []
    for number in range(releases):
        skill = 0.1 * rng.standard_normal(size)
        score, published = skill + NOISE * rng.standard_normal(size), int(rng.integers(size))
        fresh = skill[published] + FRESH_NOISE * rng.standard_normal()
        [row] = rows_of(score, published, fresh)
        chosen.append(row | {"family": f"family-{number}", "public_id": f"public-{number}"})
    return probe(chosen)


@pytest.mark.slow
@pytest.mark.parametrize(("releases", "size"), [(1, 16), (5, 27), (10, 10), (20, 10)])
def test_it_is_silent_however_many_releases_publish_any_of_their_variants(
    releases: int, size: int
) -> None:
    rng = np.random.default_rng(5)
    found = [bool(at_random(rng, releases, size).is_found) for _ in range(5 * STUDIES)]
    assert np.mean(found) <= 0.05


def sure(number: int, size: int = 27, p: float = 1e-4) -> dict[str, Any]:
    """A release that published the best, whose score is too high."""
    best = np.array([1.5, *np.zeros(size - 1)])
    [row] = rows_of(best, 0, 1.5)
    return row | {
        "family": f"family-{number}",
        "public_id": f"public-{number}",
        "expected_inflation_lo": 0.2,
        "p_not_too_high": p,
    }


def other(number: int, size: int = 27) -> dict[str, Any]:
    """A release that published another than the best."""
    [row] = rows_of(np.array([0.0, 1.0, *np.zeros(size - 2)]), 0, 0.0)
    return row | {"family": f"other-{number}", "public_id": f"other-{number}"}


def test_one_best_among_many_releases_may_be_chance_and_two_are_not() -> None:
    one = probe([sure(0), *(other(number) for number in range(4))])
    assert not one.is_found
    assert one.figures["p_chosen"] == pytest.approx(1.0 - (26.0 / 27.0) ** 5)
    assert "not surely chosen for it: by chance one of 27 is the best" in one.sentence
    two = probe([sure(0), sure(1), *(other(number) for number in range(3))])
    assert two.is_found
    assert two.figures["chosen_count"] == 2
    assert "public-0" in two.sentence
    assert "public-1" in two.sentence
    assert "other" not in two.sentence


def test_of_fewer_variants_a_score_must_be_surer_too_high() -> None:
    assert probe([sure(0, 27, 0.02)]).is_found
    assert not probe([sure(0, 16, 0.02)]).is_found
    assert probe([sure(0, 16, 0.012)]).is_found


def test_one_variant_alone_is_not_called_the_best() -> None:
    sentence = probe(rows_of(np.zeros(1), 0, 0.0)).sentence
    assert "1 variant of Gadfly was tested before public was released" in sentence
    assert "it is the only variant." in sentence
    assert "best" not in sentence
    [row] = rows_of(np.zeros(1), 0, 0.0)
    assert "the only variant on the board" in probe([row | {"tested_count": 3}]).sentence


def test_a_model_that_is_worse_than_the_variant_that_was_tested_is_found() -> None:
    rng = np.random.default_rng(3)
    found = [probe(rows_of(NOISE * rng.standard_normal(1), 0, -4.0)) for _ in range(50)]
    assert np.mean([one.is_found for one in found]) >= 0.95
    assert "more than chance explains" in found[0].sentence


def test_names_that_an_alias_joins_do_not_hide_it() -> None:
    finding = probe(rows_of(np.zeros(5), 0, 0.0, is_joined=True))
    assert finding.is_found
    assert "can't be told apart" in finding.sentence
    assert not probe(rows_of(np.zeros(1), 0, 0.0, is_joined=True)).is_found


def test_a_study_without_private_variants_says_so() -> None:
    finding = probe([])
    assert not finding.is_found
    assert finding.sentence == "No variant was tested in private, as far as the log says."
    assert finding.figures["tested_count"] == 0


def test_a_file_of_votes_alone_says_nothing_of_private_variants() -> None:
    finding = probe([], registered=0)
    assert finding.is_found is None
    assert finding.sentence == (
        "The log registers no model, so it doesn't say which were tested in private."
    )


UNRELEASED = {
    "provider": "Gadfly",
    "family": "gadfly",
    "model_id": None,
    "tested_count": 6,
    "battle_count": 9,
    "joined_count": 0,
}


def variant(name: str, **changes: Any) -> dict[str, Any]:
    """A row of `rpt_tested_variant`: registered as private, compared, nothing else."""
    return {
        "model_id": name,
        "registration": "private",
        "public_model_id": None,
        "publication": None,
        "other_public_id": None,
        "is_public_compared": False,
        "battle_count": 9,
        "recorded_count": 9,
        "moved_to": None,
    } | changes


def unreleased(*variants: dict[str, Any], public: Sequence[str] = (), **changes: Any) -> Finding:
    answers = {
        TESTED: [UNRELEASED | changes],
        VARIANTS: list(variants),
        PUBLIC: [{"model_id": name} for name in public],
    }
    return private_testing(lambda query, _: answers.get(query, []))


def test_variants_that_were_never_published_are_said() -> None:
    finding = unreleased(variant("v1"))
    assert not finding.is_found
    assert finding.sentence == (
        "6 variants of Gadfly were tested in private; the log does not say that one was published."
    )


def test_variants_that_were_registered_otherwise_later_are_found() -> None:
    finding = unreleased(
        *(variant(f"v{number}", registration="public") for number in range(5)),
        # Of neither does a vote count any more; the second was named by none.
        variant("gone", registration="retracted", battle_count=0),
        variant("unnamed", registration="public", battle_count=0, recorded_count=0),
    )
    assert finding.is_found
    assert (
        "5 private variants (v0, v1, v2 and 2 more): another registration says not private."
        in finding.sentence
    )
    assert "1 private variant (gone): the registration was retracted." in finding.sentence
    assert "No vote counts any more of 1 variant that people compared: gone." in finding.sentence
    assert finding.figures["registered_otherwise"] == {"public": 5, "retracted": 1}


def test_names_that_are_joined_without_a_release_are_found_and_named() -> None:
    moved = [variant(name, moved_to="scrap") for name in ("v1", "v2")]
    finding = unreleased(*moved, joined_count=2)
    assert finding.is_found
    assert "Votes for v1, v2 count for scrap, by an alias or a correction." in finding.sentence
    assert not unreleased(variant("v1"), joined_count=1, tested_count=1).is_found


def test_a_public_model_that_looks_like_a_variant_nobody_compared_is_named() -> None:
    quiet = variant("quill\u20118", battle_count=0, recorded_count=0)
    finding = unreleased(quiet, public=["quill-8", "quill-9"])
    assert finding.is_found
    assert r"'quill\u20118' and 'quill-8'." in finding.sentence
    # A version is another, a variant that people compared is on the board itself.
    assert not unreleased(quiet, public=["quill-80"]).is_found
    assert not unreleased(variant("quill\u20118"), public=["quill-8"]).is_found


def test_losers_that_are_published_as_what_nobody_compared_are_no_releases() -> None:
    winner, losers = sure(0), [other(number) for number in range(26)]
    for number, row in enumerate([winner, *losers]):
        row.update(family="gadfly", model_id=f"v{number}")
    is_published = {"public_model_id": "gone", "publication": "stands"}
    variants = [
        variant(f"v{number}", **is_published, is_public_compared=not number) for number in range(27)
    ]
    finding = probe([winner, *losers], variants)
    assert finding.is_found
    assert finding.figures["p_chosen"] == pytest.approx(1.0 / 27.0)
    assert finding.figures["release_count"] == 1
    assert "26 variants were published as models that nobody compared: gone" in finding.sentence
    # Where nobody compared any of them, each is a release.
    uncompared = [one | {"is_public_compared": False} for one in variants]
    for row in losers:
        row["public_id"] += row["model_id"]
    assert probe([winner, *losers], uncompared).figures["release_count"] == 27
    # Published as one model, they are one release.
    for row in losers:
        row["public_id"] = winner["public_id"]
    compared = [one | {"is_public_compared": True} for one in variants]
    assert probe([winner, *losers], compared).is_found


def test_what_became_of_a_publication_is_said() -> None:
    published = {"public_model_id": "public", "is_public_compared": True}
    row = sure(0, 5, 0.5)
    for changes, said in (
        ({"publication": "retracted"}, "It was retracted that v00 was published as public;"),
        ({"publication": "by_another"}, "is said by another source than registered it."),
        ({"publication": "stands", "other_public_id": "ghost"}, "public, and also as ghost."),
    ):
        finding = probe([row], [variant("v00", **published | changes)])
        assert not finding.is_found
        assert said in finding.sentence
    assert "also" not in probe([row], [variant("v00", **published)]).sentence
