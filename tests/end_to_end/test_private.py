"""After every kind of command, what may name a person is its owner's alone, whatever the umask."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.command import demoscope

MAPPING = """
source: my-study
event: battle_judged
columns:
  native_id: id
  participant_id: worker
  model_a: left
  model_b: right
  outcome: winner
  dimension: {constant: overall}
outcome: {left: a, right: b, tie: tie}
"""
PEOPLE = [
    {
        "event_type": "participant_enrolled",
        "source": "my-study",
        "native_id": f"p{number}",
        "participant_id": f"p{number}",
        "country": "UK",
        "age": 40,
    }
    for number in range(6)
]
PUBLIC = ("marts", "site", "log-public.pub")


def votes(directory: Path, name: str) -> Path:
    path = directory / name
    pairs = [("alpha", "beta"), ("beta", "gamma"), ("gamma", "alpha")]
    rows = [f"{n},p{n % 6},{pairs[n % 3][0]},{pairs[n % 3][1]},left" for n in range(60)]
    path.write_text("\n".join(["id,worker,left,right,winner", *rows, "99,p1,alpha,alpha,left"]))
    return path


def open_to_others(home: Path) -> dict[str, int]:
    """Modes of what others may read or change, by path below the home."""
    found = {}
    for path in (home, *home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if path.is_symlink() or name.split("/")[0] in PUBLIC:
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        # Through the home itself others may pass, to what is published.
        if mode & (0o066 if path == home else 0o077):
            found[name] = mode
    return found


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


# What no umask closes is closed under any.
@pytest.mark.parametrize("umask", [0o000, pytest.param(0o022, marks=pytest.mark.slow)], ids=oct)
def test_what_may_name_a_person_is_its_owners_alone(tmp_path: Path, umask: int) -> None:
    given, home = tmp_path / "given", tmp_path / "home"
    given.mkdir()
    (given / "votes.yml").write_text(MAPPING)
    people = given / "people.jsonl"
    people.write_text("".join(json.dumps(row) + "\n" for row in PEOPLE))
    mapping = ("--mapping", given / "votes.yml")
    for command in (
        ("ingest", people),
        ("ingest", votes(given, "votes.csv"), *mapping),
        ("ingest", votes(given, "again.csv"), *mapping, "--max-bad-share", "0"),
        ("build",),
        ("log", "checkpoint"),
        ("queue",),
        ("recruit",),
        ("quality", "strike"),
        ("publish",),
        ("site", "build"),
        ("log", "erase", "--source", "my-study", "p1", "--yes"),
        ("build",),
        ("doctor",),
    ):
        os.umask(umask)
        demoscope(home, *command)
        assert not open_to_others(home), command
    assert (home / "loads").exists()
    assert (home / "quarantine").exists()
    for name in ("marts", "site/index.html", "marts/current/rpt_leaderboard.csv"):
        assert (home / name).stat().st_mode & 0o004, name
    assert home.stat().st_mode & 0o001


def test_a_warehouse_made_before_is_closed(tmp_path: Path) -> None:
    loads = tmp_path / "home" / "loads"
    loads.mkdir(parents=True)
    loads.chmod(0o755)
    demoscope(tmp_path / "home", "log", "show")
    assert stat.S_IMODE(loads.stat().st_mode) == 0o700
