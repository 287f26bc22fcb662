"""The tables and the probe of sampling: a favoured provider is found, and fair studies are not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from publishing.boards.finding import Finding
from publishing.boards.sampling import sampling
from tests.publishing.boards.marts_alone import make, name_accounts

MODELS, PROVIDERS, DAYS = 20, 6, 30
PEOPLE, BATTLES = 150, 6
STUDIES, FEW = 200, 20
MARTS = ("rpt_sampling_rate", "rpt_sampling_fairness", "rpt_sampling_rank", "rpt_data_access")
LATE = 4
FIRST = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """How pairs are drawn: ``weight`` (M) of models; the best pair in ``best_share`` of draws.

    ``is_recorded``: whether a policy says the propensity, by chances as if ``weight`` were 1.
    ``deck``: models that a participant compares with each other; None for any. ``late``: models
    that join halfway, and as many that leave.
    """

    weight: NDArray[np.float64]
    best_share: float = 0.0
    is_recorded: bool = False
    deck: int | None = None
    late: int = 0


EVEN = np.ones(MODELS)


Drawn = tuple[str, float, int, int, float | None]
"""Who, when (days), two models and the propensity that is said."""


def battles(world: World, rng: np.random.Generator) -> pa.Table:
    rows: list[Drawn] = []
    for person in range(PEOPLE):
        day = int(rng.integers(DAYS))
        is_late = day >= DAYS // 2
        here = np.arange(world.late if is_late else 0, MODELS - (0 if is_late else world.late))
        if world.deck:
            here = rng.choice(here, world.deck, replace=False)
        chance = world.weight[here] / world.weight[here].sum()
        even = 2.0 / here.size / (here.size - 1)
        for _ in range(BATTLES):
            is_best = rng.random() < world.best_share
            left, right = rng.choice(here, 2, replace=False, p=chance)
            if is_best:
                left, right = MODELS - 1, MODELS - 2
            told = (1.0 - world.best_share) * even
            if {left, right} == {MODELS - 1, MODELS - 2}:
                told += world.best_share
            rows.append((f"p{person}", day, left, right, told if world.is_recorded else None))
    return table(rows)


def table(rows: Sequence[Drawn]) -> pa.Table:
    people, days, lefts, rights, told_all = zip(*rows, strict=True)
    return pa.table(
        {
            "battle_key": [f"b{place}" for place in range(len(rows))],
            "participant_key": people,
            "item_id": pa.nulls(len(rows), pa.string()),
            "occurred_at": [FIRST + timedelta(days=day) for day in days],
            "model_a": [f"m{model:02}" for model in lefts],
            "model_b": [f"m{model:02}" for model in rights],
            "propensity": pa.array(told_all, pa.float64()),
            "is_counted": pa.repeat(True, len(rows)),
        }
    )


@dataclass(frozen=True)
class Presence:
    """When models join and are drawn for the last time, in days of a study of ``days``."""

    days: float = float(DAYS)
    people: int = PEOPLE
    joins: Mapping[int, float] = field(default_factory=dict)
    stops: Mapping[int, float] = field(default_factory=dict)


def attended(presence: Presence, rng: np.random.Generator) -> pa.Table:
    rows: list[Drawn] = []
    for person in range(presence.people):
        at = float(rng.uniform(0.0, presence.days))
        here = [
            model
            for model in range(MODELS)
            if presence.joins.get(model, 0.0) <= at < presence.stops.get(model, presence.days)
        ]
        for _ in range(BATTLES):
            left, right = rng.choice(here, 2, replace=False)
            rows.append((f"p{person}", at, left, right, None))
    return table(rows)


def database(
    drawn: pa.Table,
    skill: NDArray[np.float64],
    is_registered: bool = True,
    retired: Mapping[int, float] | None = None,
    private: Sequence[int] = (),
    undrawn: Sequence[int] = (),
    named: Mapping[str, str] | None = None,
    is_found: bool = True,
) -> duckdb.DuckDBPyConnection:
    """The marts of a study.

    ``retired``: when the log says that models were (days); ``named``: accounts that vote quality
    names for always preferring a model, and whether it finds so many.
    """
    names = [f"m{model:02}" for model in range(MODELS)]
    retired = retired or {}
    tables = {
        "fct_battle": drawn,
        "dim_model": pa.table(
            {
                "model_id": names,
                "provider": [f"provider-{model % PROVIDERS}" for model in range(MODELS)],
                "licence_kind": [
                    "proprietary" if model % 2 else "open_weights" for model in range(MODELS)
                ],
                "is_private": [model in private for model in range(MODELS)],
                "is_registered": [is_registered] * MODELS,
                "is_retired": [model in retired for model in range(MODELS)],
                "retired_at": pa.array(
                    [
                        FIRST + timedelta(days=retired[model]) if model in retired else None
                        for model in range(MODELS)
                    ],
                    pa.timestamp("us", "UTC"),
                ),
                "has_battled": [model not in undrawn for model in range(MODELS)],
            }
        ),
        "rating": pa.table(
            {
                "model_id": names,
                "estimator": ["trueskill_ep"] * MODELS,
                "weighting": ["none"] * MODELS,
                "stratum_id": ["all"] * MODELS,
                "dimension": ["overall"] * MODELS,
                "skill_micro": np.rint(1e6 * skill).astype(np.int64),
            }
        ),
    }
    connection = duckdb.connect(config={"threads": 1})
    for name, table in tables.items():
        connection.register(f"given_{name}", table)
        connection.execute(f"create table {name} as from given_{name}")
    name_accounts(connection, named or {}, is_found)
    make(
        connection, "int_battles__sampled", "int_models__grouped", "int_sampling__expected", *MARTS
    )
    return connection


def probe(connection: duckdb.DuckDBPyConnection) -> Finding:
    def read(query: str, values: dict[str, Any]) -> Sequence[dict[str, Any]]:
        rows = connection.sql(query, params=values or None).to_arrow_table()
        return list(rows.to_pylist())

    return sampling(read)


def found(world: World, seed: int, studies: int = STUDIES) -> list[Finding]:
    rng = np.random.default_rng(seed)
    findings = []
    for _ in range(studies):
        drawn = battles(world, rng)
        # Who says nothing of its models says nothing of those that leave.
        findings.append(probe(database(drawn, rng.standard_normal(MODELS), not world.late)))
    return findings


FAIR = {
    "even": World(EVEN),
    "models come and go": World(EVEN, late=LATE),
    "each person compares four models": World(EVEN, deck=4),
    "a policy that says what it does": World(EVEN, best_share=0.5, is_recorded=True),
}


@pytest.fixture(params=[4, pytest.param(10, marks=pytest.mark.slow)])
def studies(request: pytest.FixtureRequest) -> int:
    """How many studies a test looks at; the many are slow."""
    return int(request.param)


def alarms(world: World, studies: int) -> float:
    return float(np.mean([one.is_found for one in found(world, seed=1, studies=studies)]))


def test_fair_sampling_is_silent_in_a_few_studies() -> None:
    # Of 20 at 5% more than two are alarms in one test of thirteen.
    assert alarms(FAIR["even"], FEW) <= 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", FAIR)
def test_fair_sampling_is_silent(name: str) -> None:
    assert alarms(FAIR[name], STUDIES) <= 0.05


def of_presence(
    presence: Presence, studies: int, seed: int, retired: Mapping[int, float] | None = None
) -> list[Finding]:
    rng = np.random.default_rng(seed)
    return [
        probe(database(attended(presence, rng), rng.standard_normal(MODELS), retired=retired))
        for _ in range(studies)
    ]


NOON = Presence(days=3.0, people=600, joins=dict.fromkeys(range(MODELS - LATE, MODELS), 1.5))
PROVIDER_0 = range(0, MODELS, PROVIDERS)
STARVED = Presence(stops=dict.fromkeys(PROVIDER_0, 5.0))
LEFT = Presence(stops=dict.fromkeys(range(LATE), 14.5))


def test_models_that_came_at_noon_are_not_neglected(studies: int) -> None:
    assert sum(bool(one.is_found) for one in of_presence(NOON, studies, seed=7)) <= 0.1 * studies


def test_models_that_were_retired_at_noon_are_not_neglected(studies: int) -> None:
    findings = of_presence(LEFT, studies, seed=8, retired=dict.fromkeys(range(LATE), 14.5))
    assert sum(bool(one.is_found) for one in findings) <= 0.1 * studies


@pytest.mark.slow
@pytest.mark.parametrize(
    ("presence", "retired"), [(NOON, None), (LEFT, dict.fromkeys(range(LATE), 14.5))]
)
def test_models_that_come_and_go_are_not_neglected(
    presence: Presence, retired: Mapping[int, float] | None
) -> None:
    findings = of_presence(presence, STUDIES, seed=1, retired=retired)
    assert np.mean([bool(one.is_found) for one in findings]) <= 0.05


def test_a_provider_that_is_dropped_without_a_word_is_found(studies: int) -> None:
    findings = of_presence(STARVED, studies, seed=9)
    assert all(one.is_found for one in findings)
    assert findings[0].sentence.startswith("The provider provider-0 was drawn 0.")


def test_a_file_that_registers_nobody_says_nothing_of_models_that_left(studies: int) -> None:
    rng = np.random.default_rng(10)
    findings = [
        probe(database(attended(STARVED, rng), rng.standard_normal(MODELS), is_registered=False))
        for _ in range(studies)
    ]
    assert sum(bool(one.is_found) for one in findings) <= 0.1 * studies


def test_models_that_were_never_drawn_are_named() -> None:
    never = Presence(stops=dict.fromkeys(PROVIDER_0, 0.0))
    rng = np.random.default_rng(11)
    drawn, skill = attended(never, rng), rng.standard_normal(MODELS)
    told = probe(database(drawn, skill, undrawn=PROVIDER_0))
    assert (
        "4 models are registered and not retired, and were never compared:"
        " m00, m06, m12 and 1 more." in told.sentence
    )
    assert told.figures["models_never_drawn"] == ["m00", "m06", "m12", "m18"]
    retired = dict.fromkeys(PROVIDER_0, 0.0)
    for silent in (
        probe(database(drawn, skill, undrawn=PROVIDER_0, is_registered=False)),
        probe(database(drawn, skill, undrawn=PROVIDER_0, retired=retired)),
        probe(database(drawn, skill, undrawn=PROVIDER_0, private=PROVIDER_0)),
    ):
        assert "never compared" not in silent.sentence


def test_a_model_that_was_dropped_near_the_end_is_named() -> None:
    # Too late to bend how often it was drawn by a quarter.
    late = Presence(days=10.0, people=2_000, stops={3: 9.0})
    rng = np.random.default_rng(12)
    drawn = attended(late, rng)
    told = probe(database(drawn, rng.standard_normal(MODELS)))
    assert told.is_found is False
    assert (
        "1 model is not retired, but was surely not drawn any more: m03 after 2025-01-09."
        in told.sentence
    )
    assert not probe(database(drawn, EVEN, retired={3: 9.0})).figures["models_stopped"]
    assert not probe(database(drawn, EVEN, is_registered=False)).figures["models_stopped"]


def test_battles_of_private_variants_are_said_to_be_left_out() -> None:
    drawn = battles(World(EVEN), np.random.default_rng(13))
    told = probe(database(drawn, EVEN, private=(0, 1)))
    sides = [{row["model_a"], row["model_b"]} for row in drawn.to_pylist()]
    count = sum(bool(side & {"m00", "m01"}) for side in sides)
    assert told.sentence.endswith(f" {count} battles with a private variant are left out.")
    assert f"how {900 - count} of {900 - count} battles were drawn" in told.sentence
    assert "private" not in probe(database(drawn, EVEN)).sentence


def adaptive(chance_share: float, rng: np.random.Generator) -> tuple[pa.Table, NDArray[np.float64]]:
    """An honest queue that prefers pairs of equals, with a floor of ``chance_share`` for any pair.

    A pair that it avoids weighs up to 20 times what others do.
    """
    skill = np.sort(rng.standard_normal(MODELS))
    pairs = np.array([(one, other) for one in range(MODELS) for other in range(one)])
    preferred = np.exp(-4.0 * np.abs(skill[pairs[:, 0]] - skill[pairs[:, 1]]))
    chance = (1.0 - chance_share) * preferred / preferred.sum() + chance_share / len(pairs)
    picked = rng.choice(len(pairs), PEOPLE * BATTLES, p=chance)
    days = np.repeat(rng.uniform(0.0, DAYS, PEOPLE), BATTLES)
    return table(
        [
            (f"p{place // BATTLES}", float(days[place]), *pairs[pair], float(chance[pair]))
            for place, pair in enumerate(picked)
        ]
    ), skill


def adaptive_alarms(chance_share: float, studies: int) -> float:
    rng = np.random.default_rng(14)
    findings = [probe(database(*adaptive(chance_share, rng))) for _ in range(studies)]
    return float(np.mean([bool(one.is_found) for one in findings]))


def test_an_honest_queue_with_rare_pairs_is_not_accused_in_a_few_studies() -> None:
    assert adaptive_alarms(0.1, FEW) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("chance_share", [0.2, 0.1])
def test_an_honest_queue_with_rare_pairs_is_not_accused(chance_share: float) -> None:
    assert adaptive_alarms(chance_share, STUDIES) <= 0.05


FAVOURED = np.where(np.arange(MODELS) % PROVIDERS == 2, 2.0, 1.0)


@pytest.mark.parametrize(
    ("world", "chances"),
    [
        (World(FAVOURED), "even chances"),
        # The log's propensities are those of a policy that favours nobody.
        (World(FAVOURED, best_share=0.5, is_recorded=True), "its policy's chances"),
    ],
)
def test_a_provider_that_is_drawn_twice_as_often_is_found(
    world: World, chances: str, studies: int
) -> None:
    findings = found(world, seed=2, studies=studies)
    assert all(one.is_found for one in findings)
    assert findings[0].sentence.startswith("The provider provider-2 was drawn 1.")
    assert f"times as often as at {chances}" in findings[0].sentence


def test_a_model_that_nobody_says_is_drawn_more_is_found_by_its_name(studies: int) -> None:
    findings = found(World(EVEN, best_share=0.2), seed=3, studies=studies)
    assert all("The model m18" in one.sentence for one in findings)
    assert "Nobody said how 900 of 900 battles were drawn" in findings[0].sentence


def test_better_models_that_are_drawn_more_often_are_found(studies: int) -> None:
    rng = np.random.default_rng(4)
    skill = rng.standard_normal(MODELS)
    world = World(np.exp(0.5 * skill))
    findings = [probe(database(battles(world, rng), skill)) for _ in range(studies)]
    assert all("the better half of models was drawn" in one.sentence for one in findings)


FAN_BATTLES = 10


def fans(
    count: int, model: int, rng: np.random.Generator, share: float = 1.0
) -> tuple[list[Drawn], dict[str, str]]:
    """Accounts that judge one model's battles, and so many others; and as whose fans."""
    rows: list[Drawn] = []
    others = [other for other in range(MODELS) if other != model]
    for account in range(count):
        for place in range(FAN_BATTLES):
            right, left = rng.choice(others, 2, replace=False)
            left = model if place < share * FAN_BATTLES else left
            rows.append((f"fan{account}", float(rng.uniform(0.0, DAYS)), left, right, None))
    return rows, {f"fan{account}": f"m{model:02}" for account in range(count)}


def drawn_rows(drawn: pa.Table) -> list[Drawn]:
    return [
        (
            row["participant_key"],
            (row["occurred_at"] - FIRST) / timedelta(days=1),
            int(row["model_a"][1:]),
            int(row["model_b"][1:]),
            row["propensity"],
        )
        for row in drawn.to_pylist()
    ]


def test_accounts_that_choose_one_models_battles_are_no_queue(studies: int) -> None:
    rng = np.random.default_rng(15)
    for _ in range(studies):
        honest, (rows, named) = battles(World(EVEN), rng), fans(32, 3, rng)
        both, skill = table([*drawn_rows(honest), *rows]), rng.standard_normal(MODELS)
        assert probe(database(both, skill)).is_found
        told = probe(database(both, skill, named=named))
        alone = probe(database(honest, skill))
        assert told.is_found == alone.is_found
        assert told.figures["members_found"] == alone.figures["members_found"]
        assert (
            "320 battles of 32 accounts are set aside, as these judge one model's battles alone,"
            " and for it (vote quality names them on overall). With them: The " in told.sentence
        )
        # The model, or its provider, which bends as much.
        assert "3 was drawn 1." in told.sentence.partition("With them:")[2]
        # What nobody finds is no reason.
        assert probe(database(both, skill, named=named, is_found=False)).is_found


def test_a_queue_that_favours_is_found_behind_accounts_that_are_named(studies: int) -> None:
    rng = np.random.default_rng(16)
    weight = np.where(np.arange(MODELS) == 3, 2.0, 1.0)
    for _ in range(studies):
        rows, named = fans(16, 3, rng)
        both = table([*drawn_rows(battles(World(weight), rng)), *rows])
        told = probe(database(both, rng.standard_normal(MODELS), named=named))
        assert told.is_found
        assert told.sentence.startswith("The model m03 was drawn ")


def test_people_who_are_named_and_saw_other_models_too_stay() -> None:
    """Nobody hides a queue's favour by having honest people named: they saw what it drew."""
    rng = np.random.default_rng(17)
    weight = np.where(np.arange(MODELS) == 3, 4.0, 1.0)
    drawn = battles(World(weight), rng)
    everybody = dict.fromkeys(set(drawn.column("participant_key").to_pylist()), "m03")
    told = probe(database(drawn, rng.standard_normal(MODELS), named=everybody))
    assert told.is_found
    assert told.sentence.startswith("The model m03 was drawn ")
    rows, named = fans(16, 3, rng, share=0.8)
    both = table([*drawn_rows(battles(World(EVEN), rng)), *rows])
    assert "set aside" not in probe(database(both, EVEN, named=named)).sentence


def test_shares_of_providers() -> None:
    drawn = battles(World(EVEN), np.random.default_rng(5)).slice(0, 30)
    connection = database(drawn, np.arange(MODELS) / 10.0)
    rows = connection.sql("select * from rpt_data_access order by provider").to_arrow_table()
    sides = [
        {f"provider-{int(name[1:]) % PROVIDERS}" for name in (row["model_a"], row["model_b"])}
        for row in drawn.to_pylist()
    ]
    for row in rows.to_pylist():
        with_it = [row["provider"] in side for side in sides]
        people = {
            person
            for person, is_in in zip(
                drawn.column("participant_key").to_pylist(), with_it, strict=True
            )
            if is_in
        }
        assert row["battle_count"] == sum(with_it)
        assert row["participant_count"] == len(people)
        assert row["participant_share"] == pytest.approx(len(people) / 5, abs=1e-6)
        assert row["item_share"] is None


def test_a_provider_that_is_nearly_everywhere_has_so_much_of_the_data() -> None:
    """Of one battle both models are its own: that is one battle, one person and one prompt."""
    rng = np.random.default_rng(18)
    weight = np.where(np.arange(MODELS) % PROVIDERS == 0, 12.0, 1.0)
    drawn = battles(World(weight), rng)
    prompts = [f"i{place % 40}" for place in range(drawn.num_rows)]
    drawn = drawn.set_column(2, "item_id", pa.array(prompts))
    query = "select * from rpt_data_access order by battle_share desc, provider limit 1"
    [row] = database(drawn, EVEN).sql(query).to_arrow_table().to_pylist()
    own = [
        one
        for one in drawn.to_pylist()
        if any(int(one[side][1:]) % PROVIDERS == 0 for side in ("model_a", "model_b"))
    ]
    assert row["provider"] == "provider-0"
    assert (row["model_count"], row["battle_count"]) == (4, len(own))
    assert row["battle_share"] == pytest.approx(len(own) / drawn.num_rows, abs=1e-6)
    assert row["battle_share"] > 0.8
    assert row["participant_count"] == len({one["participant_key"] for one in own})
    assert row["item_count"] == len({one["item_id"] for one in own})
    assert row["item_share"] == pytest.approx(row["item_count"] / 40, abs=1e-6)


def test_a_study_of_tallies_alone_says_that_nothing_is_known() -> None:
    connection = database(battles(World(EVEN), np.random.default_rng(6)).slice(0, 0), EVEN)
    assert probe(connection).sentence == "No battle's models are known one by one."
