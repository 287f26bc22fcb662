"""Every row of a seed and every parameter that an operator decides otherwise is named."""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ingestion.errors import IntegrityError, NotFoundError
from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.decided_since import decided_since
from publishing.boards import designs, statement
from publishing.boards.changes import decisions
from publishing.boards.inputs import in_micro, with_changes
from publishing.boards.program import PROGRAMS
from publishing.boards.statement import Signer, open_envelope
from publishing.boards.store import ENVELOPE_FILE, STATEMENT_FILE, Release

Keep = Callable[..., Release]
Rows = list[dict[str, str]]


@pytest.fixture
def designed(paths: Home, log: EventLog, tmp_path: Path) -> Callable[..., str]:
    """Keeps a design whose seed is edited; its hash."""
    assert log.head_seq == 3

    def designed(seed: str | None = None, edit: Callable[[Rows], Rows] = lambda rows: rows) -> str:
        project = tmp_path / "edited"
        shutil.rmtree(project, ignore_errors=True)
        shutil.copytree(PROJECT_DIRECTORY / designs.SEEDS, project / designs.SEEDS)
        if seed is not None:
            path = project / designs.SEEDS / f"{seed}.csv"
            rows = edit(list(csv.DictReader(path.read_text("utf-8").splitlines())))
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        designs.keep_design(paths.boards, project)
        return designs.design_hash(project)

    return designed


def with_value(column: str, value: str, **key: str) -> Callable[[Rows], Rows]:
    def edit(rows: Rows) -> Rows:
        [row] = [row for row in rows if all(row[name] == said for name, said in key.items())]
        row[column] = value
        return rows

    return edit


def said(paths: Home, a: Release, b: Release) -> list[str]:
    return [str(one) for one in decisions(paths.boards, PROJECT_DIRECTORY, a, b)]


EDITS: dict[str, tuple[str, Callable[[Rows], Rows], list[str]]] = {
    "a target": (
        "seed_targets",
        with_value("share", "0.6", country="US", variable="sex2", level="Female"),
        ["seed_targets US sex2 Female: share 0.510892861250464 > 0.6"],
    ),
    "a scheme": (
        "seed_weighting_schemes",
        with_value("trim_hi", "", scheme="plus_politics"),
        ["seed_weighting_schemes plus_politics: trim_hi 3.0 > nothing"],
    ),
    "a quality policy": (
        "seed_quality_policies",
        with_value("strikes_to_exclude", "1", policy="three_strikes"),
        ["seed_quality_policies three_strikes 1: strikes_to_exclude 3 > 1"],
    ),
    "a pairing policy": (
        "seed_pairing_policies",
        with_value("random_share", "0.0", policy="information_gain"),
        ["seed_pairing_policies information_gain 1: random_share 0.5 > 0.0"],
    ),
    "a row removed": (
        "seed_stopping_targets",
        lambda rows: rows[1:],
        ["seed_stopping_targets width: the row was removed"],
    ),
    "a row added twice": (
        "seed_topics",
        lambda rows: [*rows, rows[0]],
        ["seed_topics mental_health: the row was added"],
    ),
    "an order": ("seed_topics", lambda rows: rows[::-1], []),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_a_seed_is_another_release_and_named(
    paths: Home, keep: Keep, designed: Callable[..., str], edit: str
) -> None:
    seed, change, wanted = EDITS[edit]
    a, b = keep(design_hash=designed()), keep(design_hash=designed(seed, change))
    assert a.id != b.id
    assert said(paths, a, b) == wanted
    assert len(said(paths, b, a)) == len(wanted)


def test_a_seed_and_a_column_that_come_are_named(
    paths: Home, keep: Keep, designed: Callable[..., str]
) -> None:
    def longer(rows: Rows) -> Rows:
        return [row | {"note": "" if place else "new"} for place, row in enumerate(rows)]

    a, b = keep(design_hash=designed()), keep(design_hash=designed("seed_pools", longer))
    found = said(paths, a, b)
    assert found == ["seed_pools population_proportional US: note nothing > new"]
    shutil.rmtree(paths.boards / designs.DESIGNS)
    project = paths.root / "shorter"
    shutil.copytree(PROJECT_DIRECTORY / designs.SEEDS, project / designs.SEEDS)
    (project / designs.SEEDS / "seed_pools.csv").unlink()
    designs.keep_design(paths.boards, project)
    shorter = keep(design_hash=designs.design_hash(project))
    whole = keep(design_hash=designed())
    assert said(paths, shorter, whole) == ["seed_pools: the seed was added"]


def test_a_parameter_is_part_of_what_is_signed_and_named(
    paths: Home, keep: Keep, designed: Callable[..., str], signer: Signer
) -> None:
    design = designed()
    changed = in_micro(with_changes(["beta=5", "pool_countries=true"]))
    a, b = keep(design_hash=design), keep(signer, design_hash=design, parameters=changed)
    assert said(paths, a, b) == [
        "parameters: beta 4.166666666666667 > 5.0",
        "parameters: pool_countries False > True",
    ]
    opened = open_envelope((b.directory / ENVELOPE_FILE).read_bytes(), [signer.public])
    assert opened.verified
    assert b'"beta": 5000000' in opened.payload
    assert design.encode() in opened.payload


def test_a_design_that_was_changed_or_lost_is_not_explained(
    paths: Home, keep: Keep, designed: Callable[..., str]
) -> None:
    change = with_value("strikes_to_exclude", "1", policy="three_strikes")
    a, b = keep(design_hash=designed()), keep(design_hash=designed("seed_quality_policies", change))
    kept = paths.boards / designs.DESIGNS / b.subject["design_hash"]
    (kept / "seed_topics.csv").write_text("topic\nother\n")
    with pytest.raises(IntegrityError, match="a file of it was changed"):
        said(paths, a, b)
    [pair] = decided_since(paths).pairs
    assert "a file of it was changed" in pair["not_known"]
    shutil.rmtree(kept)
    with pytest.raises(NotFoundError, match="is not in"):
        said(paths, a, b)


def test_releases_are_compared_in_the_order_they_were_made(
    paths: Home, keep: Keep, designed: Callable[..., str], rows: pa.Table
) -> None:
    design, changed = designed(), in_micro(with_changes(["beta=5"]))
    a, b = keep(design_hash=design, log_position=1), keep(design_hash=design)
    assert decided_since(paths).pairs == []
    swapped = rows.set_column(rows.column_names.index("rank"), "rank", [[1, 2]])
    c = keep(design_hash=design, log_position=3, parameters=changed, rows=swapped)
    [pair] = decided_since(paths).pairs
    assert (pair["from_release_id"], pair["to_release_id"]) == (b.id, c.id)
    assert a.id not in pair.values()
    assert list(map(str, pair["decisions"])) == ["parameters: beta 4.166666666666667 > 5.0"]
    assert pair["changed_rank_count"] == 2


def test_a_release_that_was_changed_is_named_and_compared_with_none(
    paths: Home, keep: Keep, designed: Callable[..., str]
) -> None:
    change = with_value("strikes_to_exclude", "1", policy="three_strikes")
    a, b = keep(design_hash=designed()), keep(design_hash=designed("seed_quality_policies", change))
    assert len(decided_since(paths).pairs) == 1
    path = a.directory / STATEMENT_FILE
    said = path.read_text().replace(a.subject["design_hash"], b.subject["design_hash"])
    path.write_text(said)
    decided = decided_since(paths)
    assert decided.pairs == []
    [fault] = decided.faults
    assert fault.startswith(f"Release {a.id[:12]}: statement.json was changed")


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no parameters": lambda said: said["board"].pop("parameters"),
    "no design": lambda said: said["board"].pop("design_hash"),
    "a path for a design": lambda said: said["board"].update(design_hash="../../.."),
    "a number for a time": lambda said: said.update(made_at=5),
    "another time": lambda said: said.update(made_at="yesterday"),
    "a list for what made it": lambda said: said.update(made_by=[]),
    "no code": lambda said: said["made_by"].pop("code_sha256"),
    "no log": lambda said: said.pop("log"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_statement_is_a_fault_and_no_traceback(
    paths: Home, keep: Keep, damage: str
) -> None:
    a, b = keep(log_position=1), keep()
    path = a.directory / STATEMENT_FILE
    document = json.loads(path.read_text())
    DAMAGES[damage](document["predicate"])
    path.write_text(json.dumps(document))
    decided = decided_since(paths)
    assert decided.faults
    assert all(fault.startswith(f"Release {a.id[:12]}: statement.json") for fault in decided.faults)
    assert decided.release_count == 1
    assert b.id


@pytest.mark.parametrize("content", [b"", b"x", b"[]", b'{"predicate": []}', b'{"predicate": {}}'])
def test_what_is_no_statement_is_a_fault(paths: Home, keep: Keep, content: bytes) -> None:
    (keep().directory / STATEMENT_FILE).write_bytes(content)
    assert len(decided_since(paths).faults) == 1


@pytest.mark.parametrize(
    "changes", [{"parameters": []}, {"design_hash": "../../.."}, {"parameters": {"beta": "x"}}]
)
def test_a_release_that_no_build_made_is_a_fault_or_said(
    paths: Home, keep: Keep, changes: dict[str, Any]
) -> None:
    keep()
    keep(**changes)
    decided = decided_since(paths)
    assert decided.faults or decided.pairs


@pytest.mark.parametrize("file", ["leaderboard.parquet", "board.json"])
def test_a_release_without_its_rows_is_a_fault(paths: Home, keep: Keep, file: str) -> None:
    keep(log_position=1)
    path = keep().directory / file
    path.write_bytes(b"PAR1xx")
    assert decided_since(paths).faults
    path.unlink()
    assert decided_since(paths).faults


def test_other_code_is_named_with_its_files(
    paths: Home, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = keep(log_position=1)
    listing = "ratings/a.py {}\nratings/b.py 22\n"
    hashes = []
    for number in ("11", "33"):
        content = listing.format(number).encode()
        hashes.append(hashlib.sha256(content).hexdigest())
        path = paths.boards / PROGRAMS / f"{hashes[-1]}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    monkeypatch.setattr(statement, "code_hash", lambda: hashes[0])
    b = keep(log_position=2)
    monkeypatch.setattr(statement, "code_hash", lambda: hashes[1])
    c = keep(log_position=3)
    [changed] = said(paths, a, b)
    assert changed.startswith("code: code_sha256 ")
    assert said(paths, b, c) == [
        f"code: code_sha256 {hashes[0]} > {hashes[1]}",
        "code ratings/a.py: the file was changed",
    ]
    assert [len(pair["decisions"]) for pair in decided_since(paths).pairs] == [1, 2]
    (paths.boards / PROGRAMS / f"{hashes[0]}.txt").write_text("forged")
    assert len(said(paths, b, c)) == 1


def test_a_variable_of_dbt_is_named(
    paths: Home, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = keep(log_position=1)
    assert a.predicate["made_by"]["dbt_variables"] == {"disclosed_people_min": "10"}
    monkeypatch.setattr(statement, "dbt_variables", lambda: {"disclosed_people_min": "3"})
    b = keep(log_position=2)
    assert said(paths, a, b) == ["dbt_variables: disclosed_people_min 10 > 3"]
