"""`demoscope simulate`: a study whose truth is known, as files to ingest, or run to its end."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingestion.errors import UsageError
from orchestration.cli.choices import require_choice, require_known
from orchestration.cli.output import AS_JSON, print_json, progress, put, say

if TYPE_CHECKING:
    from orchestration.adaptive_study import Moment, Setup

PARTICIPANTS, ADAPTIVE_PARTICIPANTS = 24_000, 300


def simulate(
    participants: Annotated[
        int | None, typer.Option(min=1, help="How many people: 24,000, or 300 with --adaptive.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same bytes.")] = 1,
    out: Annotated[Path, typer.Option(help="Directory to write to.")] = Path("simulated"),
    effects: Annotated[float, typer.Option(min=0, help="Scale of demographic effects.")] = 1.0,
    skill_sd: Annotated[float, typer.Option(min=0, help="Sd of skill between models.")] = 3.0,
    adaptive: Annotated[
        bool, typer.Option("--adaptive", help="Run it: queue, votes, build, until it may stop.")
    ] = False,
    batch: Annotated[int, typer.Option(min=1, help="Battles chosen between two builds.")] = 60,
    rounds: Annotated[int, typer.Option(min=1, help="With --adaptive, at most so many.")] = 100,
    target: Annotated[str, typer.Option(help="The stopping target, a row of its seed.")] = "width",
    attack: Annotated[
        str | None,
        typer.Option(help="Plant an attack beside it: favour, private-variants, sampling, ..."),
    ] = None,
    attack_size: Annotated[
        int | None, typer.Option(min=1, help="Of so many voters, variants, models or battles.")
    ] = None,
    as_json: AS_JSON = False,
) -> None:
    """Write a simulated study whose truth is known, or run one that chooses its battles."""
    said: dict[str, Any] = {"seed": seed, "effects": effects, "skill_sd": skill_sd}
    if adaptive and attack:
        message = "An attack is planted in a study that is written, not in one that is run."
        raise UsageError(message, remedy="Leave out --adaptive or --attack.")
    if adaptive:
        from orchestration.adaptive_study import Setup, targets  # imports dbt, numba

        require_known("stopping target", target, targets())
        people = participants or ADAPTIVE_PARTICIPANTS
        setup = Setup(participants=people, batch=batch, rounds=rounds, target=target, **said)
        _run(setup, out, as_json=as_json)
        return
    from ingestion.simulation.attacks import ATTACKS  # imports numpy
    from ingestion.simulation.parameters import Parameters
    from ingestion.simulation.study import simulate as run

    require_choice("attack", attack, ATTACKS)
    parameters = Parameters(participants=participants or PARTICIPANTS, **said)
    with progress("Simulating") as show:
        summary = run(
            parameters,
            out,
            progress=lambda done, _whole: show(done),
            attack=attack,
            attack_size=attack_size,
        )
    if as_json:
        print_json({"files": [str(path) for path in summary.files]})
        return
    for path in summary.files:
        put(path)
    say(f"The truth is in {out / 'truth.json'}. Load the rest: demoscope ingest {out}/*.jsonl")


def _run(setup: Setup, out: Path, *, as_json: bool) -> None:
    from orchestration.adaptive_study import run

    if (out / "warehouse").exists():
        message = f"{out / 'warehouse'} is there already; a study is run from its beginning."
        raise UsageError(message, remedy="Choose another --out.")
    say("Every round is a queue, its votes, a load and a build ...")
    course = run(setup, out, tell=_tell)
    if as_json:
        print_json(
            {
                "measure": str(course.measure),
                "threshold": course.threshold,
                "chosen": [asdict(one) for one in course.chosen],
                "at_random": [asdict(one) for one in course.at_random],
                "plot": str(out / "uncertainty.svg"),
            }
        )
        return
    put(out / "uncertainty.svg")
    say(f"Chosen: {_words(course.chosen[-1])}. At random: {_words(course.at_random[-1])}.")
    say(f"Look around: DEMOSCOPE_HOME={out / 'warehouse'} demoscope queue --stratum all")


def _tell(moment: Moment) -> None:
    needed = "?" if moment.battles_needed is None else f"{moment.battles_needed:,}"
    say(f"{moment.battle_count:>7,} battles  {moment.value:8.3f}  about {needed} more")


def _words(moment: Moment) -> str:
    met = "met" if moment.is_reached else "not met"
    return f"{met} after {moment.battle_count:,} battles at {moment.value:.3f}"
