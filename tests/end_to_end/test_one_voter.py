"""Nearly all votes of a study are one person's, and the few others say the opposite."""

from pathlib import Path

import pytest

from tests.end_to_end.command import demoscope, document

MAPPING = """
source: one
event: battle_judged
columns:
  native_id: id
  participant_id: who
  model_a: a
  model_b: b
  outcome: won
  dimension: {constant: overall}
outcome: {a: a, b: b}
"""
PAIRS = (("alpha", "beta"), ("beta", "gamma"), ("alpha", "gamma"))


def votes(directory: Path, voters: int) -> list[str]:
    """Arguments of a load: 90 votes, of which the first voter has all but one per other voter."""
    rows = ["id,who,a,b,won"]
    for number in range(90):
        a, b = PAIRS[number % 3]
        is_other = number < voters
        rows.append(f"{number},{number if is_other else 'ann'},{a},{b},{'b' if is_other else 'a'}")
    (directory / "votes.csv").write_text("\n".join(rows) + "\n", "utf-8")
    (directory / "one.yml").write_text(MAPPING, "utf-8")
    return [str(directory / "votes.csv"), "--mapping", str(directory / "one.yml")]


def test_a_board_that_one_person_decides_says_so(home: Path, tmp_path: Path) -> None:
    [load] = document(home, "ingest", *votes(tmp_path, 9), "--json")["loads"]
    assert any("has 81 of 90 votes (90.0%)" in said for said in load["warnings"])
    assert demoscope(home, "build").returncode == 0
    printed = " ".join(demoscope(home, "leaderboard").stdout.split())
    assert "provisional: it is worth 1 person" in printed


@pytest.mark.slow
def test_a_board_that_nobody_decides_says_nothing(home: Path, tmp_path: Path) -> None:
    demoscope(home, "ingest", *votes(tmp_path, 90))
    assert demoscope(home, "build").returncode == 0
    assert "provisional: it is worth" not in demoscope(home, "leaderboard").stdout
