"""A study that chooses its battles, simulated: queue, votes, load, build, until it may stop.

Everything goes through the real pipeline, in a warehouse of its own. Beside it runs, in memory, the
same study with random pairs: what choosing has bought is the distance between the two.

What stays out: who votes and how (ingestion/simulation/voters.py), and showing progress (cli/).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
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
from orchestration.queueing import find_policy, next_battles, read_start, schedule
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
    """Which study.

    Args:
        participants: who enrol; each judges one battle on average before any is chosen.
        seed: of everything random.
        effects: scale of demographic effects.
        skill_sd: sd of skill between models.
        batch: battles chosen between two builds.
        rounds: at most so many.
        target: the stopping target; a row of seed_stopping_targets.
    """

    participants: int = 300
    seed: int = 1
    effects: float = 1.0
    skill_sd: float = 3.0
    batch: int = 60
    rounds: int = 100
    target: str = "width"


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

    Args:
        setup: which study.
        out: directory; gets the study's files, its warehouse and `uncertainty.svg`.
        tell: told after every build.

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
    chosen = [_built(home, setup, policy)]
    tell(chosen[-1])
    while not chosen[-1].is_reached and len(chosen) <= setup.rounds:
        _one_round(home, setup, voters, policy, len(chosen))
        chosen.append(_built(home, setup, policy))
        tell(chosen[-1])
    row = _stopping_row(home, setup, policy)
    measure, threshold = Measure(row["measure"]), row["threshold_micro"] / MICRO
    models = _start(home).candidates.column("model_id").unique().to_pylist()
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
    proposals = next_battles(_start(home), wanted, policy)
    schedule(home, proposals, SOURCE, None)
    pairs = [(proposal["model_a"], proposal["model_b"]) for proposal in proposals]
    votes = voters.judge(pairs, dimension=DIMENSION, place=(CHOSEN, number))
    path = home.cache / "votes.jsonl"
    lines = [_line(proposal, vote) for proposal, vote in zip(proposals, votes, strict=True)]
    path.write_text("".join(lines), encoding="utf-8")
    load_file(home, str(path))
    path.unlink()


def _line(proposal: dict[str, Any], vote: Vote) -> str:
    event = {
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
    return json.dumps(event) + "\n"


def _built(home: Home, setup: Setup, policy: StudyPolicy) -> Moment:
    build(home)
    row = _stopping_row(home, setup, policy)
    return Moment(
        row["battle_count"], row["value_micro"] / MICRO, row["is_reached"], row["battles_needed"]
    )


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


def _start(home: Home) -> Any:
    return read_start(home.ratings, DIMENSION)


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
    a, b, outcome = (pa.array(column, pa.string()) for column in zip(*votes, strict=True))
    ones = {
        name: pc.equal(outcome, str(said)).cast(pa.float64())
        for name, said in (
            ("win_a_count", Outcome.A),
            ("win_b_count", Outcome.B),
            ("tie_count", Outcome.TIE),
        )
    }
    return PairCounts.from_arrow(pa.table({"model_a": a, "model_b": b, **ones}))
