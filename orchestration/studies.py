"""The bundled studies: where their events come from, so that a newcomer needs no data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ingestion.errors import UsageError
from publishing.meant import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingestion.paths import Home

SIMULATED, ARENA = "simulated", "arena"
STUDIES = (SIMULATED, ARENA)


class StudyFile(NamedTuple):
    """One file of a study and the mapping it is read by."""

    path: Path
    mapping: str | None


def study_files(
    home: Home, name: str, *, participants: int, seed: int, say: Callable[[str], None]
) -> list[StudyFile]:
    """The files of a study, made or fetched where they are not there yet.

    Args:
        home: studies are kept below it.
        name: one of STUDIES.
        participants: size of the simulated study.
        seed: of the simulated study.
        say: told what takes long.

    Raises:
        UsageError: no such study.
    """
    home.keep_from_git()
    if name == ARENA:
        from ingestion.sources.leaderbot import fetch_leaderbot

        return [StudyFile(fetch_leaderbot(home.studies / ARENA), "leaderbot")]
    if name != SIMULATED:
        meant = did_you_mean(name, STUDIES)
        raise UsageError(
            f"There is no study {name!r}.", remedy=f"{meant}There are: {', '.join(STUDIES)}"
        )
    from ingestion.simulation.parameters import Parameters
    from ingestion.simulation.study import EVENT_FILES, TRUTH, simulate

    directory = home.studies / f"simulated-{participants}-{seed}"
    if not all((directory / file).exists() for file in (*EVENT_FILES, TRUTH)):
        say(f"Simulating {participants:,} participants (seed {seed}) ...")
        simulate(Parameters(participants=participants, seed=seed), directory)
    return [StudyFile(directory / file, None) for file in EVENT_FILES]
