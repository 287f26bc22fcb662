"""Names that mean one model: from a file of aliases to the boards, and back as of before."""

from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from orchestration.database import mart_rows
from tests.end_to_end.command import demoscope, document

MAPPING = """
source: shop
event: battle_judged
columns:
  native_id: id
  participant_id: who
  model_a: left
  model_b: right
  outcome: best
  dimension: {constant: overall}
outcome: {1: a, 2: b}
"""
PAIRS = [("ink", "oak"), ("Ink", "oak"), ("ink", "Ink"), ("oak", "elm")]
COUNTS = "select model_a, model_b, sum(win_a_count + win_b_count) as votes from fct_cell_count"
MODELS = "select model_id, aliases, own_alias_battle_count from dim_model order by model_id"
REASONS = "select uncounted_reason, count(*) as votes from fct_battle group by all order by all"


def votes(first: int) -> str:
    rows = [
        f"{n},w{n % 7},{','.join(PAIRS[n % 4])},{1 + n % 2}\n" for n in range(first, first + 40)
    ]
    return "id,who,left,right,best\n" + "".join(rows)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "shop.yml").write_text(MAPPING)
    (tmp_path / "votes.csv").write_text(votes(0))
    (tmp_path / "more.csv").write_text(votes(40))
    (tmp_path / "aliases.csv").write_text("alias,model\nInk,ink\n")
    return tmp_path


@pytest.mark.slow
def test_an_undo_of_aliases_says_which_boards_change(home: Path, files: Path) -> None:
    mapping = files / "shop.yml"
    ingested(home, files / "votes.csv", "--mapping", mapping)
    ingested(home, files / "aliases.csv")
    document(home, "build", "--json")
    shown = demoscope(home, "log", "undo", "2")
    assert shown.returncode == 2
    assert "No board" not in shown.stdout
    assert "names that mean another model then: Ink" in shown.stdout
    assert "all, overall: 20 votes" in shown.stdout
    found = document(home, "log", "undo", "2", "--yes", "--json")
    assert found["changed_names"] == ["Ink"]
    assert found["renamed_boards"][0]["vote_count"] == 20


def ingested(home: Path, *arguments: str | Path) -> dict[str, Any]:
    [load] = document(home, "ingest", *arguments, "--json")["loads"]
    return dict(load)


def counted(home: Path) -> dict[tuple[str, str], int]:
    rows = mart_rows(Home(home), f"{COUNTS} group by all")
    return {(row["model_a"], row["model_b"]): int(row["votes"]) for row in rows}


@pytest.mark.slow
def test_an_alias_joins_what_boards_as_of_before_keep_apart(home: Path, files: Path) -> None:
    mapped = ("--mapping", files / "shop.yml")
    ingested(home, files / "votes.csv", *mapped)
    before = document(home, "build", "--json")
    apart = counted(home)
    assert apart == {("Ink", "oak"): 10, ("Ink", "ink"): 10, ("ink", "oak"): 10, ("elm", "oak"): 10}
    ingested(home, files / "aliases.csv")
    document(home, "build", "--json")
    assert counted(home) == {("ink", "oak"): 20, ("elm", "oak"): 10}
    assert [tuple(row.values()) for row in mart_rows(Home(home), MODELS)] == [
        ("elm", None, 0),
        ("ink", "Ink", 10),
        ("oak", None, 0),
    ]
    listed = {row["uncounted_reason"]: row["votes"] for row in mart_rows(Home(home), REASONS)}
    assert listed == {None: 30, "own_alias": 10}
    again = document(home, "build", "--as-of", "1", "--json")
    assert again["release"] == before["release"]
    assert demoscope(home, "log", "undo", "2", "--yes").returncode == 0
    document(home, "build", "--json")
    assert counted(home) == apart


@pytest.mark.slow
def test_an_alias_for_later_leaves_what_was_said_before(home: Path, files: Path) -> None:
    (files / "aliases.csv").write_text("alias,model,applies_to\nInk,ink,later\n")
    mapped = ("--mapping", files / "shop.yml")
    ingested(home, files / "votes.csv", *mapped)
    ingested(home, files / "aliases.csv")
    ingested(home, files / "more.csv", *mapped)
    document(home, "build", "--json")
    expected = {("Ink", "oak"): 10, ("Ink", "ink"): 10, ("ink", "oak"): 30, ("elm", "oak"): 20}
    assert counted(home) == expected


def test_a_load_says_what_its_aliases_do_not_do(home: Path, files: Path) -> None:
    first = ingested(home, files / "votes.csv", "--mapping", files / "shop.yml")
    assert "'Ink' = 'ink'" in first["warnings"][0]
    assert ingested(home, files / "aliases.csv")["warnings"] == []
    other = files / "other.yml"
    other.write_text("aliases: {Ink: oak, elm: emm}")
    assert "models that the log does not know yet: 'emm'" in ingested(home, other)["warnings"][0]
    again = ingested(home, files / "aliases.csv")
    assert again["status"] == "nothing_new"
    assert "'Ink' means 'oak', not 'ink' (row 1)" in again["warnings"][0]
    other.write_text("aliases: {ink: Ink, oak: ink}")
    [circle] = ingested(home, other)["warnings"]
    assert "circle" in circle
    assert "'Ink'" in circle
    assert demoscope(home, "log", "undo", "3", "--yes").returncode == 0
    assert "circle" in ingested(home, files / "aliases.csv")["warnings"][0]


def test_a_mapping_brings_its_aliases_along(home: Path, files: Path) -> None:
    (files / "shop.yml").write_text(f"{MAPPING}aliases: aliases.csv\n")
    load = ingested(home, files / "votes.csv", "--mapping", files / "shop.yml")
    assert "aliases.csv: 1 of 1 aliases entered the log" in load["warnings"][0]
    assert not any("differ only" in said for said in load["warnings"])
    assert "model_aliased" in demoscope(home, "log", "show").stdout
