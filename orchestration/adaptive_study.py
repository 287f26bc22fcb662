"""A study that chooses its battles, simulated: queue, votes, load, build, until it may stop.

Everything goes through the real pipeline, in a warehouse of its own. Beside it runs, in memory, the
same study with random pairs: the distance between the two is what choosing has bought. Its boards
are made by the functions that a build calls, so that both courses have the same intervals.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.errors import NotFoundError
from ingestion.paths import Home
from ingestion.simulation.battles import Vote, Voters
from ingestion.simulation.parameters import Parameters, Purpose, stream
from ingestion.simulation.population import read_population
from ingestion.simulation.study import BATTLES, simulate
from ingestion.simulation.truth import draw_truth
from ingestion.vocabulary import EventType, Outcome
from orchestration.building import build
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.loading import load_file
from orchestration.queueing import find_policy, load_events, next_battles, read_start, schedule
from orchestration.uncertainty_plot import Curve, Panel, plot
from ratings.counts import COUNT_COLUMNS
from ratings.rounding import MICRO
from ratings.stopping import Measure, is_met, value_of
from ratings.tables import board_fit, inputs
from ratings.tables.judged_boards import clustered
from ratings.tables.planning import StudyPolicy, Wanted
from ratings.tables.standings import Standing, of_counts
from ratings.tournaments import TRUESKILL_EP, RatingParameters, rate_each

BOARD, DIMENSION, TIES = "all", "overall", 0.10
CELL = 0
SOURCE = "simulated-adaptive"
CHOSEN, AT_RANDOM = 1, 2
# Random pairs need longer; a comparison that never ends is none.
LONGEST = 4
PARAMETERS = RatingParameters(estimators=(TRUESKILL_EP,))
COLOURS = {"chosen": "#1f5fa8", "at random": "#888888"}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Which study: its size, seed, scale of demographic effects and sd of skill between models.

    Each participant judges one battle on average before any is chosen; then at most `rounds` times
    a batch of battles is chosen, until a target of seed_stopping_targets is met.
    """

    participants: int
    seed: int
    effects: float
    skill_sd: float
    batch: int
    rounds: int
    target: str


@dataclass(frozen=True)
class Moment:
    """The study after a build: battles, the measure, and what is still needed."""

    battle_count: int
    value: float
    is_reached: bool
    battles_needed: int | None


@dataclass(frozen=True)
class Course:
    """How it went: with chosen battles, with random ones, and what was asked for."""

    measure: Measure
    threshold: float
    chosen: tuple[Moment, ...]
    at_random: tuple[Moment, ...]


def run(setup: Setup, out: Path, tell: Callable[[Moment], None] = lambda _moment: None) -> Course:
    """Run the study in `out/warehouse` until its target is met, then the one beside it.

    `out` gets the study's files and `uncertainty.svg`; `tell` is called after every build.

    Raises:
        NotFoundError: the study has no such target for its board.
        UsageError: parameters outside their range.
    """
    parameters = Parameters(
        participants=setup.participants,
        seed=setup.seed,
        effects=setup.effects,
        skill_sd=setup.skill_sd,
        source=SOURCE,
        tie_rates={DIMENSION: TIES},
        low_effort_share=0.0,
    )
    home = Home(out.resolve() / "warehouse")
    policy = find_policy(PROJECT_DIRECTORY, None)
    voters = Voters.of(draw_truth(parameters, read_population()))
    summary = simulate(parameters, out)
    for file in summary.files:
        load_file(home, str(file))
    chosen: list[Moment] = []
    while True:
        build(home)
        row = _stopping_row(home, setup, policy)
        value, needed = row["value_micro"] / MICRO, row["battles_needed"]
        chosen.append(Moment(row["battle_count"], value, row["is_reached"], needed))
        tell(chosen[-1])
        if row["is_reached"] or len(chosen) > setup.rounds:
            break
        _one_round(home, setup, voters, policy, len(chosen))
    measure, threshold = Measure(row["measure"]), row["threshold_micro"] / MICRO
    models = read_start(home.ratings, DIMENSION).candidates.column("model_id").unique().to_pylist()
    beside = _beside(setup, voters, out / BATTLES, models, (measure, threshold), chosen)
    course = Course(measure, threshold, tuple(chosen), tuple(beside))
    (out / "uncertainty.svg").write_text(drawn(course), encoding="utf-8")
    return course


def drawn(course: Course) -> str:
    """Uncertainty against battles, chosen and at random, as an SVG document."""
    courses = {"chosen": course.chosen, "at random": course.at_random}
    curves = tuple(
        Curve(name, tuple((one.battle_count, one.value) for one in moments), COLOURS[name])
        for name, moments in courses.items()
    )
    title = f"Simulated: {DIMENSION}, board of {BOARD}"
    panel = Panel(title, curves, target=course.threshold)
    return plot([panel], across="battles", up=course.measure.replace("_", " "))


def _one_round(home: Home, setup: Setup, voters: Voters, policy: StudyPolicy, number: int) -> None:
    """Queue, schedule, vote, load."""
    wanted = Wanted(BOARD, DIMENSION, setup.batch)
    proposals = next_battles(read_start(home.ratings, DIMENSION), wanted, policy)
    schedule(home, proposals, SOURCE, None)
    pairs = [(proposal["model_a"], proposal["model_b"]) for proposal in proposals]
    votes = voters.judge(pairs, dimension=DIMENSION, place=(CHOSEN, number))
    events = [
        {
            "event_type": str(EventType.BATTLE_JUDGED),
            "source": SOURCE,
            "native_id": proposal["proposal_id"],
            "participant_id": vote.participant_id,
            "dimension": DIMENSION,
            "model_a": vote.model_a,
            "model_b": vote.model_b,
            "outcome": str(vote.outcome),
            "conversation_id": proposal["proposal_id"],
        }
        for proposal, vote in zip(proposals, votes, strict=True)
    ]
    load_events(home, "votes", events)


def targets() -> list[str]:
    """Names of the stopping targets there are."""
    with (PROJECT_DIRECTORY / "seeds" / "seed_stopping_targets.csv").open(encoding="utf-8") as file:
        return [row["target"] for row in csv.DictReader(file)]


def _stopping_row(home: Home, setup: Setup, policy: StudyPolicy) -> dict[str, Any]:
    board = {"stratum_id": BOARD, "dimension": DIMENSION, "weighting": "none"}
    wanted = {"target": setup.target, **board, "policy": policy.pairing.policy}
    table = pq.read_table(
        home.ratings / "stopping.parquet",
        filters=[(name, "=", value) for name, value in wanted.items()],
    )
    if not table.num_rows:
        message = f"No target {setup.target!r} is for the unweighted board of {BOARD}."
        raise NotFoundError(message, remedy="Add a row to seed_stopping_targets.csv.")
    row: dict[str, Any] = table.to_pylist()[0]
    return row


def _beside(
    setup: Setup,
    voters: Voters,
    first: Path,
    models: list[str],
    target: tuple[Measure, float],
    chosen: list[Moment],
) -> list[Moment]:
    """The same study from its first battles on, every later pair drawn at random."""
    votes = read_votes(first)
    measure, threshold = target
    longest = LONGEST * chosen[-1].battle_count
    moments: list[Moment] = []
    while True:
        board = board_of(votes)
        value = value_of(measure, board.over(models)[0], board.provisional(models))
        moments.append(Moment(len(votes), value, is_met(measure, value, threshold), None))
        if moments[-1].is_reached or len(votes) >= longest:
            return moments
        place = (AT_RANDOM, len(moments))
        generator = stream(setup.seed, Purpose.ASKED, *place, 0)
        left = generator.integers(0, len(models), setup.batch)
        right = (left + generator.integers(1, len(models), setup.batch)) % len(models)
        pairs = [(models[i], models[j]) for i, j in zip(left, right, strict=True)]
        votes += voters.judge(pairs, dimension=DIMENSION, place=place)


def read_votes(battles: Path) -> list[Vote]:
    """The votes of a simulated study's file of battles that has one dimension."""
    rows = map(json.loads, battles.read_text(encoding="utf-8").splitlines())
    return [
        Vote(row["participant_id"], row["model_a"], row["model_b"], Outcome(row["outcome"]))
        for row in rows
    ]


def board_of(votes: Sequence[Vote]) -> Standing:
    """Everybody's unweighted board as a build makes it."""
    read = _tables(votes).__getitem__
    rated = list(rate_each(read("tournament_counts"), PARAMETERS))
    sides = board_fit.read_sides(read, rated, BOARD)
    shown = clustered(board_fit.without_sides(rated, sides), inputs.judged(read).of)
    [standing] = of_counts(shown, PARAMETERS)
    return standing


def _tables(votes: Sequence[Vote]) -> dict[str, pa.Table]:
    """What a build would read of these votes, by name (rating_queries.py); all are one cell's."""
    people = dict.fromkeys(vote.participant_id for vote in votes)
    numbers = {person: number for number, person in enumerate(people)}
    every = pa.Table.from_pylist([_row(vote, numbers[vote.participant_id]) for vote in votes])

    def counted(*keys: str) -> pa.Table:
        by = [*keys, "dimension", "model_a", "model_b"]
        sums = every.group_by(by).aggregate([(name, "sum") for name in COUNT_COLUMNS])
        return sums.rename_columns([*by, *COUNT_COLUMNS]).sort_by(
            [(name, "ascending") for name in by]
        )

    judges = ("participant_id", "cell_id")
    no_items = inputs.NOTHING_JUDGED["items"]
    nobody = {"policy": pa.string(), "policy_version": pa.string(), "participant_id": pa.int64()}
    return {
        "tournament_counts": counted("stratum_id"),
        "participant_counts": counted(*judges),
        "judged_battles": counted(*judges, "is_a_first", "is_late"),
        "item_counts": no_items.append_column("dimension", pa.array([], pa.string())),
        "policy_exclusions": pa.schema(nobody).empty_table(),
        "stratum_cells": pa.table({"stratum_id": [BOARD], "cells": [[CELL]]}),
    }


def _row(vote: Vote, number: int) -> dict[str, Any]:
    first, second = sorted((vote.model_a, vote.model_b))
    is_a_first = first == vote.model_a
    winner = {Outcome.A: vote.model_a, Outcome.B: vote.model_b}.get(vote.outcome)
    said = (winner == first, winner == second, winner is None)
    return {
        "stratum_id": BOARD,
        "cell_id": CELL,
        "participant_id": number,
        "dimension": DIMENSION,
        "model_a": first,
        "model_b": second,
        "is_a_first": is_a_first,
        # Halves of the time are for checks of the fit.
        "is_late": False,
        **dict(zip(COUNT_COLUMNS, map(int, said), strict=True)),
    }
