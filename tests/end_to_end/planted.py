"""Each illusion that can be planted, through the whole path: what every probe of the audit says.

    python -m tests.end_to_end.planted

prints the table in docs/can-this-board-be-trusted.md. The study is one of which nothing is found as
long as nothing is planted: its people are drawn evenly, and its best model is well ahead.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

from ingestion.simulation.attacks import ATTACKS
from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import simulate
from orchestration import provenance
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.probes import PROBES
from tests.end_to_end.command import demoscope, document

STUDY = Parameters(
    participants=1_200,
    battles_per_participant=10.0,
    judging_share=1.0,
    model_count=14,
    tie_rates={"overall": 0.1},
    skill_sd=4.0,
    effects=0.3,
    sampling_skew=0.0,
    country_shares={"US": 5.0, "UK": 1.0},
    seed=1,
)
# Accounts, enough to be found and too few to bend the board; where none is said, the attack's own.
SIZES = {"favour": 16, "sybils": 10, "script": 10, "flood": 10}
CLEAN, SEED = "nothing", "an edited seed"
TARGET, EDITED = "0.510892861250464", "0.6"
LOADED = ("models", "participants", "battles", "attack")
ALL_PROBES = (*PROBES, "provenance")

Statuses = Mapping[str, str]
"""What each probe says: ok, found, can't tell."""


def audited(directory: Path, attack: str) -> Statuses:
    """The study with one attack, loaded, built and audited in a directory of its own."""
    home, study = directory / "home", directory / "study"
    is_simulated = attack in ATTACKS
    made = simulate(
        STUDY, study, attack=attack if is_simulated else None, attack_size=SIZES.get(attack)
    )
    files = {path.stem: path for path in made.files if path.stem in LOADED}
    planted = files.pop("attack", None)
    document(home, "ingest", *files.values(), "--json")
    if planted is not None:
        [load] = document(home, "ingest", planted, "--json")["loads"]
        if attack == "retraction":
            assert demoscope(home, "log", "undo", str(load["position"]), "--yes").returncode == 0
    document(home, "build", "--json")
    if attack != SEED:
        return _statuses(home)
    project = directory / "project"
    shutil.copytree(PROJECT_DIRECTORY / "seeds", project / "seeds")
    path = next(project.rglob("seed_targets.csv"))
    path.write_text(path.read_text("utf-8").replace(TARGET, EDITED), "utf-8")
    with patch.object(provenance, "PROJECT_DIRECTORY", project):
        return _statuses(home)


def _statuses(home: Path) -> Statuses:
    said = json.loads(demoscope(home, "boards", "audit", "--json").stdout)["rows"]
    assert [one["probe"] for one in said] == list(ALL_PROBES)
    return {one["probe"]: one["status"] for one in said}


def table(of_attack: Mapping[str, Statuses]) -> list[str]:
    """Lines of Markdown: a row per attack, a column per probe."""
    lines = [
        f"| planted | {' | '.join(name.replace('_', ' ') for name in ALL_PROBES)} |",
        f"|---|{'---|' * len(ALL_PROBES)}",
    ]
    for attack, statuses in of_attack.items():
        name = f"`{attack}`" if attack in ATTACKS else attack
        marks = (f"**{said}**" if said == "found" else said for said in statuses.values())
        lines.append(f"| {name} | {' | '.join(marks)} |")
    return lines


def main() -> None:
    """Print the table."""
    of_attack = {}
    for attack in (CLEAN, *ATTACKS, SEED):
        with tempfile.TemporaryDirectory() as directory:
            of_attack[attack] = audited(Path(directory), attack)
    sys.stdout.write("\n".join([*table(of_attack), ""]))


if __name__ == "__main__":
    main()
