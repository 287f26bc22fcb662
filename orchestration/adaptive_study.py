"""A study that chooses its battles, simulated: queue, votes, load, build, until it may stop.

Everything goes through the real pipeline, in a warehouse of its own. Beside it runs, in memory, the
same study with random pairs: the distance between the two is what choosing has bought.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.errors import NotFoundError
from ingestion.paths import Home
from ingestion.simulation.battles import Voters
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
from ratings.counts import PairCounts
from ratings.draw_margin import fit_draw_margin
from ratings.posterior import over_models
from ratings.rounding import MICRO
from ratings.skewness import corrected
from ratings.stopping import Measure, is_met, value_of
from ratings.tables.planning import StudyPolicy, Wanted

BOARD, DIMENSION, TIES = "all", "overall", 0.10
SOURCE = "simulated-adaptive"
CHOSEN, AT_RANDOM = 1, 2
# Random pairs need longer; a comparison that never ends is none.
LONGEST = 4
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
    votes = [
        (row["model_a"], row["model_b"], row["outcome"])
        for row in map(json.loads, first.read_text(encoding="utf-8").splitlines())
    ]
    measure, threshold = target
    longest = LONGEST * chosen[-1].battle_count
    moments: list[Moment] = []
    while True:
        counts = _counted(votes)
        posterior = over_models(corrected(fit_draw_margin(counts), counts), models)
        value = value_of(measure, posterior)
        moments.append(Moment(len(votes), value, is_met(measure, value, threshold), None))
        if moments[-1].is_reached or len(votes) >= longest:
            return moments
        place = (AT_RANDOM, len(moments))
        generator = stream(setup.seed, Purpose.ASKED, *place, 0)
        left = generator.integers(0, len(models), setup.batch)
        right = (left + generator.integers(1, len(models), setup.batch)) % len(models)
        pairs = [(models[i], models[j]) for i, j in zip(left, right, strict=True)]
        votes += [
            (vote.model_a, vote.model_b, str(vote.outcome))
            for vote in voters.judge(pairs, dimension=DIMENSION, place=place)
        ]


def _counted(votes: list[tuple[str, str, str]]) -> PairCounts:
    said = {"win_a_count": Outcome.A, "win_b_count": Outcome.B, "tie_count": Outcome.TIE}
    rows = [
        {"model_a": a, "model_b": b, **{name: float(outcome == one) for name, one in said.items()}}
        for a, b, outcome in votes
    ]
    return PairCounts.from_arrow(pa.Table.from_pylist(rows))
