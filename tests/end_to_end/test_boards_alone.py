"""`build --stage boards`: the release that a whole build makes, before it, and nothing else."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from ingestion.paths import Home
from orchestration.database import built_from, open_database
from orchestration.rating_queries import BOARD_QUERIES
from orchestration.rating_step import reading
from ratings.tables.every_board import rate_all
from ratings.tournaments import RatingParameters
from tests.end_to_end.command import demoscope, document
from tests.end_to_end.history import battle


def require_these_queries_alone(home: Home) -> None:
    """Boards are made of what BOARD_QUERIES names, and of nothing else."""
    asked = set()
    with open_database(home.database, is_read_only=True) as connection:
        read = reading(connection)

        def noted(name: str, **values: str) -> pa.Table:
            asked.add(name)
            return read(name, **values)

        rate_all(noted, RatingParameters(), is_board_alone=True)
    # Read after the boards, to see that there are any.
    assert asked | {"experience_ratings"} == set(BOARD_QUERIES)


def test_boards_come_first_and_a_whole_build_makes_the_same_release(
    copy: Path, tmp_path: Path
) -> None:
    demoscope(copy, "build")
    home = Home(copy)
    require_these_queries_alone(home)
    [before] = [one for one in releases(copy) if one["is_current"]]
    (tmp_path / "late.jsonl").write_text(json.dumps(battle(900, month=9)) + "\n")
    demoscope(copy, "ingest", tmp_path / "late.jsonl")

    alone = document(copy, "build", "--stage", "boards", "--json")["release"]

    with open_database(home.database, is_read_only=True) as connection:
        built = built_from(connection)
    assert built is not None
    assert built[0].log_position == before["log_position"]
    assert [one for one in releases(copy) if one["is_current"]] == [before]
    shown = document(copy, "leaderboard", "--as-of", alone["release_id"][:12], "--json")
    assert shown["board"]["log_position"] == alone["log_position"] > before["log_position"]
    assert document(copy, "build", "--json")["release"] == alone
    # Its statement says by now what the tables hold.
    demoscope(copy, "publish")


def test_where_no_whole_build_was_made_boards_are_shown_and_audited(copy: Path) -> None:
    home = Home(copy)
    (home.boards / "current").unlink()
    home.database.unlink()
    [one] = releases(copy)
    name = str(one["release_id"])[:12]
    shown = demoscope(copy, "leaderboard")
    assert shown.returncode == 3
    assert f"See some: demoscope leaderboard --as-of {name}." in shown.stderr
    audited = demoscope(copy, "boards", "audit", name)
    assert audited.returncode == 3
    assert "The board was not checked. Boards alone were built here" in audited.stderr
    assert "provenance" in audited.stdout


def releases(home: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = document(home, "boards", "list", "--json")["rows"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--as-of=1", "--valid-until=2026-01-01T00:00:00Z"])
def test_a_release_of_the_past_is_its_boards_alone_anyway(copy: Path, option: str) -> None:
    one = document(copy, "build", option, "--json")["release"]
    assert document(copy, "build", option, "--stage", "boards", "--json")["release"] == one
