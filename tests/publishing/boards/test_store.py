"""Releases are kept once, found by what they are of, and noticed when they were changed."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import NotFoundError, UsageError
from ingestion.log import EventLog
from ingestion.paths import Home
from publishing.boards import store
from publishing.boards.checking import check
from publishing.boards.inputs import Cut, wanted_subject
from publishing.boards.statement import Signer, key_id
from publishing.boards.store import Release
from ratings.tournaments import RatingParameters


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_releases_id_is_what_any_tool_makes_of_its_canonical_form(
    keep: Callable[..., Release],
) -> None:
    release = keep()
    content = (release.directory / "board.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == release.id == release.directory.name
    document = json.loads(content)
    assert rfc8785.dumps(document) == content
    model = document["columns"].index("model_id")
    assert [row[model] for row in document["rows"]] == ["x", "y"]


@given(st.lists(st.tuples(st.text(), st.integers(-(2**53) + 1, 2**53 - 1)), max_size=5))
def test_the_canonical_form_is_that_of_rfc_8785(said: list[tuple[str, int]]) -> None:
    names, numbers = [name for name, _ in said], [number for _, number in said]
    key = {name: pa.array(names, pa.string()) for name in store.KEY}
    rows = pa.table(key | {"skill_micro": pa.array(numbers, pa.int64())})
    subject = {"valid_until": None, "sources": names, "parameters": {"draws": 7}}
    content = store.canonical(subject, rows)
    assert content == rfc8785.dumps(json.loads(content))


def test_rows_in_any_order_are_one_release(keep: Callable[..., Release], rows: pa.Table) -> None:
    assert keep().id == keep(rows=rows.take([1, 0])).id


def test_a_release_is_found_by_everything_it_is_of(
    paths: Home, log: EventLog, keep: Callable[..., Release]
) -> None:
    until = "2026-03-01T12:00:00.000000Z"
    more_draws = replace(RatingParameters(), draws=7)
    releases = {
        (Cut(2), "d", RatingParameters()): keep(),
        (Cut(2, until), "d", RatingParameters()): keep(valid_until=until),
        (Cut(2), "e", RatingParameters()): keep(design_hash="e" * 64),
        (Cut(2), "d", more_draws): keep(
            parameters=wanted_subject(log, Cut(2), "", more_draws)["parameters"]
        ),
    }
    assert len({release.id for release in releases.values()}) == 4
    for (cut, design, parameters), release in releases.items():
        found = store.find(paths.boards, wanted_subject(log, cut, design * 64, parameters))
        assert found is not None
        assert found.id == release.id
    wanted = wanted_subject(log, Cut(1), "d" * 64, RatingParameters())
    assert store.find(paths.boards, wanted) is None


def test_a_release_is_named_by_the_beginning_of_its_id(
    paths: Home, keep: Callable[..., Release]
) -> None:
    release = keep()
    assert store.by_id(paths.boards, release.id[:8]).id == release.id
    with pytest.raises(NotFoundError):
        store.by_id(paths.boards, "0" * 64)
    for text in ("abc", "*", "../boards", release.id + "0"):
        with pytest.raises(UsageError):
            store.by_id(paths.boards, text)
    (paths.boards / (release.id[:10] + "0" * 54)).mkdir()
    with pytest.raises(UsageError, match="Several"):
        store.by_id(paths.boards, release.id[:8])


def test_a_whole_release_has_no_findings(keep: Callable[..., Release], signer: Signer) -> None:
    assert check(keep()).findings == ()
    checked = check(keep(signer), [signer.public])
    assert checked.findings == ()
    assert checked.opened is not None
    assert checked.opened.verified == (key_id(signer.public),)


def test_a_signed_statement_takes_the_place_of_an_unsigned_one_and_stays(
    keep: Callable[..., Release], signer: Signer
) -> None:
    envelope = keep().directory / "statement.dsse.json"
    assert not envelope.exists()
    keep(signer)
    signed = envelope.read_bytes()
    keep()
    assert envelope.read_bytes() == signed


def test_a_missing_file_is_put_back(keep: Callable[..., Release]) -> None:
    release = keep()
    for name in ("board.json", "leaderboard.parquet", "statement.json"):
        (release.directory / name).unlink()
        assert check(release).findings
        assert check(keep()).findings == ()


def rank_in_json(release: Release) -> None:
    edit(release.directory / "board.json", "1500000", "1600000")


def rank_in_parquet(release: Release) -> None:
    path = release.directory / "leaderboard.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.set_column(6, "rank", pa.array([2, 1])), path)


def row_in_parquet(release: Release) -> None:
    path = release.directory / "leaderboard.parquet"
    pq.write_table(pq.read_table(path).slice(0, 1), path)


def cut_parquet(release: Release) -> None:
    path = release.directory / "leaderboard.parquet"
    path.write_bytes(path.read_bytes()[:-9])


def cut_json(release: Release) -> None:
    path = release.directory / "board.json"
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (rank_in_json, "board.json was changed"),
        (cut_json, "board.json was changed"),
        (rank_in_parquet, "rank of none/all/overall/trueskill_ep/x is 2, in board.json 1"),
        (row_in_parquet, "has 1 rows, board.json 2"),
        (cut_parquet, "leaderboard.parquet cannot be read"),
    ],
)
def test_a_change_of_the_numbers_is_found_and_a_build_repairs_it(
    keep: Callable[..., Release], tamper: Callable[[Release], None], named: str
) -> None:
    release = keep()
    tamper(release)
    assert named in " ".join(check(release).findings)
    said: list[str] = []
    assert keep(warn=said.append).id == release.id
    assert "was changed since" in " ".join(said)
    assert check(release).findings == ()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"log_position": 2', '"log_position": 1', "inputs are not those"),
        ("in-toto.io/Statement/v1", "in-toto.io/Statement/v0", "not a statement"),
        ('"sha256": "', '"sha256": "0', "about another release"),
        ("{", "", "cannot be read"),
    ],
)
def test_a_change_of_the_statement_is_found(
    keep: Callable[..., Release], old: str, new: str, named: str
) -> None:
    release = keep()
    edit(release.directory / "statement.json", old, new)
    assert named in " ".join(check(release).findings)
    said: list[str] = []
    keep(warn=said.append)
    assert "statement.json" in " ".join(said)
    assert check(release).findings == ()


def test_a_signed_statement_cannot_be_changed_with_its_envelope(
    keep: Callable[..., Release], signer: Signer
) -> None:
    release = keep(signer)
    edit(release.directory / "statement.json", '"code_version": "', '"code_version": "9')
    assert "not the statement that was signed" in " ".join(check(release).findings)
    document = json.loads((release.directory / "statement.dsse.json").read_text())
    said = (release.directory / "statement.json").read_bytes()
    document["payload"] = base64.b64encode(said).decode()
    (release.directory / "statement.dsse.json").write_text(json.dumps(document))
    assert check(release).findings == ()  # without the key nobody can tell
    assert "does not hold" in " ".join(check(release, [signer.public]).findings)


def test_the_statement_has_the_logs_root_as_rfc_6962_has_it(
    paths: Home, keep: Callable[..., Release]
) -> None:
    said: dict[str, Any] = json.loads((keep().directory / "statement.json").read_text())
    leaves = [
        hashlib.sha256(b"\0" + path.read_bytes()).digest()
        for path in sorted((paths.log / "commits").iterdir())[:2]
    ]
    root = hashlib.sha256(b"\1" + leaves[0] + leaves[1]).hexdigest()
    assert said["predicate"]["log"]["root_sha256"] == root
    head = sorted((paths.log / "commits").iterdir())[1].read_bytes()
    assert said["predicate"]["log"]["head_sha256"] == hashlib.sha256(head).hexdigest()
