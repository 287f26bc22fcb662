"""Queues from what a build wrote: read back exactly, right for the population, clear when empty."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ingestion.errors import NotFoundError
from ingestion.paths import Home
from orchestration import queueing
from orchestration.cli import planning
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.queueing import find_policy, is_unjudged, next_battles, read_start
from ratings.posterior import Posterior, over_models
from ratings.tables import bounds
from ratings.tables.declarations import conform
from ratings.tables.planning import (
    POPULATION,
    Start,
    Wanted,
    candidate_rows,
    next_battle_rows,
    parts_of,
    queue,
    read_back,
)
from ratings.tables.standings import awaited, of_counts, stopping_rows
from ratings.tournaments import Rated, RatingParameters
from tests.orchestration.pairing_tables import DEFAULT, MODELS, POLICY, STRATA, rated, start_of

TARGETS: list[dict[str, Any]] = [
    {"target": "width", "stratum_id": None, "dimension": None, "weighting": "none",
     "estimator": None, "measure": "interval_width", "threshold": 2.0},
    {"target": "leader", "stratum_id": "all", "dimension": "overall", "weighting": None,
     "estimator": None, "measure": "lead_confidence", "threshold": 0.95},
]  # fmt: skip


@pytest.fixture(scope="module")
def boards() -> list[Rated]:
    return rated()


@pytest.fixture(scope="module")
def start(boards: list[Rated]) -> Start:
    return start_of(boards)


@pytest.fixture
def posterior_of(boards: list[Rated]) -> Callable[[str], Posterior]:
    def find(stratum: str) -> Posterior:
        [one] = [
            one.posterior
            for one in boards
            if (one.stratum_id, one.estimator) == (stratum, "trueskill_ep")
        ]
        return over_models(one, MODELS)

    return find


@pytest.mark.parametrize("stratum", ["all", "US/age/55+"])
def test_the_posterior_comes_back(
    start: Start, posterior_of: Callable[[str], Posterior], stratum: str
) -> None:
    known, found = (
        posterior_of(stratum),
        read_back(start.candidates, start.pairwise, stratum, "overall"),
    )
    assert found.model_ids == tuple(MODELS)
    assert found.mean == pytest.approx(known.mean, abs=1e-4)
    assert found.covariance == pytest.approx(known.covariance, abs=1e-3)
    assert found.draw_margin == pytest.approx(known.draw_margin, abs=1e-6)


def test_a_stratum_nobody_is_in_knows_the_prior(start: Start) -> None:
    found = read_back(start.candidates, start.pairwise, "UK", "overall")
    own = start.candidates.filter(pc.equal(start.candidates.column("stratum_id"), "UK"))
    sd = own.column("prior_sd_micro")[0].as_py() / 1e6
    assert found.covariance == pytest.approx(np.eye(6) * sd**2, abs=1e-4)
    assert is_unjudged(start, "UK", "overall")
    assert not is_unjudged(start, "US", "overall")
    assert len(queue(start, Wanted("UK", "overall", 4), POLICY)) == 4


def test_the_population_asks_those_it_knows_least_of(start: Start) -> None:
    assert parts_of(start, POPULATION, POLICY) == [("US/age/18-34", 0.3), ("US/age/55+", 0.7)]
    greedy = replace(POLICY, pairing=replace(POLICY.pairing, random_share=0.0))
    rows = queue(start, Wanted(POPULATION, "overall", 5), greedy)
    asked = [row["stratum_id"] for row in rows]
    assert asked[0] == "US/age/55+"
    assert asked.count("US/age/55+") >= 4
    assert "newcomer" in {rows[0]["model_a"], rows[0]["model_b"]}
    assert rows[0]["expected_gain"] == max(row["expected_gain"] for row in rows)


def test_a_country_in_which_nobody_judges_has_no_part_of_the_population(start: Start) -> None:
    rows = start.parts.to_pylist()
    pool = [row for row in rows if row["axis"] == POLICY.population_axis]
    others = [row | {"stratum_id": row["stratum_id"].replace("US", "UK")} for row in pool]
    halved = [row | {"share_micro": row["share_micro"] // 2} for row in [*pool, *others]]
    both = replace(start, parts=pa.Table.from_pylist(halved, schema=start.parts.schema))
    assert len(parts_of(both, POPULATION, POLICY)) == 4
    own = queueing.with_people(both, POLICY, ["US", "FR"])
    assert own is not None
    assert parts_of(own, POPULATION, POLICY) == parts_of(start, POPULATION, POLICY)
    assert queueing.with_people(both, POLICY, ["ES", "MX"]) is None


def test_a_queue_and_quotas_say_why_they_are_not_of_the_countries_of_who_judges(
    start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(queueing, "countries_judging", lambda _: ["ES", "MX"])
    found, board = planning.of_own_people(Home(Path()), start, POLICY)
    assert (found, board) == (start, "all")
    assert "Those who judged are of ES, MX, and the census shares are those of US" in (
        capsys.readouterr().err
    )
    without, elsewhere = planning.about_countries(["UK", "US"], ["ES"], ["UK", "US"])
    assert without.startswith("People of ES judge, and have no targets: add rows of theirs to")
    assert elsewhere.startswith("Nobody of UK, US has judged, so nothing is asked there:")


def test_a_build_writes_what_a_command_says(start: Start) -> None:
    written = conform("next_battle", next_battle_rows(start, [POLICY])).to_pylist()
    assert {row["board"] for row in written} == {*STRATA, POPULATION}
    for board in ("all", POPULATION):
        asked = queue(start, Wanted(board, "overall", POLICY.batch_size), POLICY)
        kept = [row for row in written if row["board"] == board]
        assert [row["proposal_id"] for row in kept] == [row["proposal_id"] for row in asked]
        assert [row["model_a"] for row in kept] == [row["model_a"] for row in asked]


def test_whoever_is_asked_meets_no_pair_twice(start: Start) -> None:
    met: frozenset[frozenset[str]] = frozenset()
    ids: set[str] = set()
    for _ in range(5):
        rows = next_battles(start, Wanted("US", "overall", 3, "ann", met), POLICY)
        pairs = {frozenset((row["model_a"], row["model_b"])) for row in rows}
        assert len(pairs) == 3
        assert not pairs & met
        met |= pairs
        ids |= {row["proposal_id"] for row in rows}
    assert len(met) == len(ids) == 15
    with pytest.raises(NotFoundError, match="Every pair of the 6 models has been asked for"):
        next_battles(start, Wanted("US", "overall", 3, "ann", met), POLICY)


def test_nobody_is_asked_for_more_than_the_policy_says(start: Start) -> None:
    policy = replace(POLICY, pairing=replace(POLICY.pairing, participant_limit=2))
    met = frozenset({frozenset(MODELS[:2]), frozenset(MODELS[1:3])})
    with pytest.raises(NotFoundError, match=r"has met 2 pairs; .* asks for at most 2"):
        next_battles(start, Wanted("US", "overall", 3, "ann", met), policy)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted("Mars", "overall", 1), "no stratum 'Mars' .* all, US"),
        (Wanted("all", "humour", 1), "no dimension 'humour' .* overall"),
    ],
)
def test_what_there_is_not_is_named(start: Start, wanted: Wanted, message: str) -> None:
    with pytest.raises(NotFoundError, match=message):
        next_battles(start, wanted, POLICY)


def test_of_very_many_models_only_everybody_has_a_queue(
    boards: list[Rated], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (bounds, queueing):
        monkeypatch.setattr(module, "DETAILED_MODELS", len(MODELS) - 1)
    many = start_of(boards)
    assert {row["board"] for row in next_battle_rows(many, [POLICY]).to_pylist()} == {"all"}
    asked = next_battles(many, Wanted("all", "overall", 4), POLICY)
    assert len(asked) == 4
    for board in ("US", POPULATION):
        with pytest.raises(NotFoundError, match="only everybody's board has a queue"):
            next_battles(many, Wanted(board, "overall", 4), POLICY)


def test_one_model_has_nobody_to_meet(start: Start, boards: list[Rated]) -> None:
    alone = replace(
        start, candidates=conform("candidate", candidate_rows(boards, STRATA, MODELS[:1]))
    )
    with pytest.raises(NotFoundError, match="nothing to compare model-000 with"):
        next_battles(alone, Wanted("all", "overall", 1), POLICY)
    assert next_battle_rows(alone, [POLICY]).num_rows == 0


def test_a_population_needs_its_axis(start: Start) -> None:
    with pytest.raises(NotFoundError, match="merges the population by 'shoe size'"):
        next_battles(
            start, Wanted(POPULATION, "overall", 1), replace(POLICY, population_axis="shoe size")
        )


def test_policies_are_found_by_name_and_version() -> None:
    assert DEFAULT.is_default
    assert find_policy(PROJECT_DIRECTORY, "random@1").pairing.rule == "random"
    assert find_policy(PROJECT_DIRECTORY, "random") == find_policy(PROJECT_DIRECTORY, "random@1")
    for wrong in ("random@2", "nonsense"):
        with pytest.raises(NotFoundError, match=r"no pairing policy .* information_gain@1"):
            find_policy(PROJECT_DIRECTORY, wrong)


def test_before_the_first_build_there_is_no_queue(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="Build first"):
        read_start(tmp_path, "overall")


def test_reading_takes_one_dimension(start: Start, tmp_path: Path) -> None:
    for name, table in (
        ("candidate", start.candidates), ("pairwise", start.pairwise),
        ("population_part", start.parts),
    ):  # fmt: skip
        pq.write_table(table, tmp_path / f"{name}.parquet")
    assert read_start(tmp_path, "overall").pairwise.equals(start.pairwise)
    assert read_start(tmp_path, "trust").pairwise.num_rows == 0


def test_stopping_says_what_is_needed_with_and_without_choosing(boards: list[Rated]) -> None:
    policies = [DEFAULT, find_policy(PROJECT_DIRECTORY, "random")]
    certain = list(of_counts(boards, RatingParameters()))
    table = stopping_rows(awaited(certain, TARGETS, MODELS[:5]), policies, seed=1)
    rows = conform("stopping", table).to_pylist()
    keys = {(row["target"], row["stratum_id"], row["policy"]) for row in rows}
    assert len(keys) == len(rows) == 2 * (4 + 1)
    assert {row["stratum_id"] for row in rows if row["target"] == "leader"} == {"all"}
    by_policy = {
        row["policy"]: row
        for row in rows
        if (row["target"], row["stratum_id"]) == ("width", "US/age/55+")
    }
    chosen, at_random = by_policy["information_gain"], by_policy["random"]
    assert chosen["value_micro"] == at_random["value_micro"] > 2_000_000
    assert not chosen["is_reached"]
    assert chosen["battles_needed"] < at_random["battles_needed"]
    assert chosen["battles_needed_lo"] <= chosen["battles_needed"] <= chosen["battles_needed_hi"]
    unseen = stopping_rows(awaited(certain, TARGETS[:1], MODELS), policies, seed=1).to_pylist()
    # A newcomer is as uncertain as the prior says, so no board with one is finished.
    assert min(row["value"] for row in unseen) > 20
