"""A study of very many models: what is left out is bounded, said, and nothing else."""

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from orchestration.rating_step import reading
from ratings.compiled import MANY_MODELS, FloatArray
from ratings.posterior import Posterior
from ratings.tables import bounds, hierarchical_boards, inputs, standings
from ratings.tables.count_boards import canonical, pair_rows, pairs_left_out
from ratings.tables.every_board import Tables, rate_all
from ratings.tables.planning import candidate_rows, queues_left_out
from ratings.tournaments import Rated, RatingParameters, rate_each
from tests.ratings.tables.study import Verdict, database

MODELS = MANY_MODELS + 20
EVERYBODY, GROUP = "all", "US"


@pytest.fixture(scope="module")
def boards() -> list[Rated]:
    """Everybody's board and a country's, of more than the models that have everything."""
    generator = np.random.default_rng(1)
    first = np.arange(MODELS).repeat(3)
    second = (first + generator.integers(1, MODELS, first.size)) % MODELS
    names = np.array([f"m{number:03}" for number in range(MODELS)])
    win = generator.integers(0, 2, first.size)
    counts = {
        "model_a": names[first], "model_b": names[second],
        "win_a_count": win, "win_b_count": 1 - win, "tie_count": np.zeros_like(win),
    }  # fmt: skip
    tables = [
        pa.table({"stratum_id": [stratum] * first.size, "dimension": ["overall"] * first.size})
        for stratum in (EVERYBODY, GROUP)
    ]
    for name, column in counts.items():
        tables = [table.append_column(name, pa.array(column)) for table in tables]
    parameters = RatingParameters(estimators=("trueskill_ep",))
    return list(rate_each(pa.concat_tables(tables), parameters))


def test_only_everybodys_board_has_pairs_and_a_queue(boards: list[Rated]) -> None:
    pairs = pa.concat_tables(pair_rows(one) for one in canonical(boards).values())
    assert pairs.num_rows == MODELS * (MODELS - 1)
    assert set(pairs.column("stratum_id").to_pylist()) == {EVERYBODY}
    models = list(boards[0].posterior.model_ids)
    strata = [EVERYBODY, GROUP, "UK"]
    candidates = candidate_rows(boards, strata, models)
    assert candidates.num_rows == MODELS
    said = [
        *pairs_left_out(boards, EVERYBODY),
        *queues_left_out(candidates, boards, strata, models),
    ]
    assert bounds.left_out_rows(said).to_pylist() == [
        bounds.left_out("pairs", GROUP, "overall", MODELS, 0),
        bounds.left_out("queue", "UK", "overall", MODELS, 0),
        bounds.left_out("queue", GROUP, "overall", MODELS, 0),
    ]


def test_a_study_of_few_models_is_left_as_it_is(boards: list[Rated]) -> None:
    few = [f"new{number}" for number in range(MANY_MODELS)]
    assert bounds.asked_about(None, few, is_everybody=False) == few
    assert bounds.asked_about(None, [*few, "more"], is_everybody=False) == []
    size = np.zeros(MANY_MODELS)
    posterior = posterior_of(size, np.ones(size.size))
    assert bounds.paired(posterior, is_everybody=False).tolist() == list(range(MANY_MODELS))


def posterior_of(mean: FloatArray, sd: FloatArray) -> Posterior:
    return Posterior(
        model_ids=tuple(f"m{number:04}" for number in range(mean.size)),
        mean=mean,
        covariance=np.diag(sd**2),
        reference=np.full(mean.size, 1 / mean.size),
        converged=True,
        draw_margin=1.0,
    )


def test_of_more_models_the_best_and_the_least_certain_are_paired() -> None:
    size = bounds.PAIRED_MODELS + 200
    mean, sd = np.arange(size, dtype=float), np.full(size, 1.0)
    sd[100:200] = 3.0
    kept = bounds.paired(posterior_of(mean, sd), is_everybody=True)
    assert kept.size == bounds.PAIRED_MODELS
    assert set(range(size - 500, size)) <= set(kept.tolist())
    assert set(range(100, 200)) <= set(kept.tolist())


def test_newcomers_are_asked_about_beside_those_that_are_known(boards: list[Rated]) -> None:
    newcomers = [f"new{number:04}" for number in range(700)]
    models = [*boards[0].posterior.model_ids, *newcomers]
    asked = bounds.asked_about(boards[0], models, is_everybody=True)
    assert asked == models[: MODELS + bounds.PAIRED_MODELS // 2]


def made(monkeypatch: pytest.MonkeyPatch, limit: int, hierarchy: int) -> Tables:
    """Every table of a study of four models, were ``limit`` many."""
    monkeypatch.setattr(bounds, "DETAILED_MODELS", limit)
    monkeypatch.setattr(standings, "DETAILED_MODELS", limit)
    monkeypatch.setattr(hierarchical_boards, "HIERARCHY_SIZE", hierarchy)
    verdicts = [
        Verdict(
            f"p{number}",
            ("old", "young")[number // 6 % 2],
            "overall",
            one,
            other,
            ("a", "b", "tie")[number % 3],
        )
        for number, (one, other) in enumerate([*combinations("abcd", 2)] * 8)
    ]
    with database(verdicts) as connection:
        return rate_all(reading(connection), RatingParameters(draws=64))


def test_a_build_says_what_it_leaves_out_and_keeps_every_other_board(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, cut = made(monkeypatch, 4, 100), made(monkeypatch, 3, 1)
    assert whole["left_out"].num_rows == 0
    said = {(row["what"], row["stratum_id"]) for row in cut["left_out"].to_pylist()}
    groups = {"US/age/old", "US/age/young"}
    assert {stratum for what, stratum in said if what == "pairs"} == {"US", *groups}
    assert {stratum for what, stratum in said if what == "queue"} == groups
    assert ("forecast", "all") in said
    assert ("hierarchy", "US") in said
    assert set(cut["pairwise"].column("stratum_id").to_pylist()) == {"all"}
    assert cut["next_battle"].num_rows == 0  # everybody is no stratum of this study
    # A target has its value and no forecast; one that is reached needs nothing more.
    for row in cut["stopping"].to_pylist():
        assert row["battles_needed"] == (0 if row["is_reached"] else None)
    assert whole["stopping"].column("value_micro").to_pylist()[0] is not None
    flat = [
        [
            row
            for row in tables["rating"].to_pylist()
            if row["estimator"] != "trueskill_hierarchical"
        ]
        for tables in (whole, cut)
    ]
    assert flat[0] == flat[1]
    assert len(flat[0]) < whole["rating"].num_rows


def test_a_seed_does_not_depend_on_how_many_rows_are_read_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = pa.table({"name": ["a", "b", "c"], "count": [1, 2, 3]})
    whole = inputs.seed_of(rows)
    monkeypatch.setattr(inputs, "ROWS_AT_A_TIME", 2)
    assert inputs.seed_of(rows) == whole
