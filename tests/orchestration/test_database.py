"""Reading the marts of a database that an earlier build left."""

import shutil
from pathlib import Path

import pytest

from ingestion.errors import NotFoundError
from ingestion.log import EventLog
from ingestion.paths import Home
from orchestration.database import mart_rows, open_database, register_sources

QUERY = "from fct_battle"


@pytest.fixture
def segment(home: Path, tmp_path: Path) -> Path:
    """A file that the database of a home shows."""
    path = tmp_path / "segment.parquet"
    log = EventLog.open(home / "log")
    with open_database(Home(home).database) as connection:
        register_sources(connection, log, as_of_seq=0, loads=home / "loads")
        connection.sql("select 1 as position").write_parquet(str(path))
        connection.read_parquet(str(path)).create_view("fct_battle")
    assert mart_rows(Home(home), QUERY) == [{"position": 1}]
    return path


def test_what_an_earlier_version_built_is_to_be_built_again(home: Path, segment: Path) -> None:
    assert segment.exists()
    with pytest.raises(NotFoundError, match="does not have what this reads") as refused:
        mart_rows(Home(home), "select a_column_of_today from fct_battle")
    assert "demoscope build" in str(refused.value)


def test_a_home_that_was_moved_is_to_be_built_again(home: Path, segment: Path) -> None:
    segment.unlink()
    with pytest.raises(NotFoundError, match="the home was moved") as refused:
        mart_rows(Home(home), QUERY)
    assert "demoscope build" in str(refused.value)


def test_a_copied_home_does_not_read_the_other_homes_log(
    home: Path, segment: Path, tmp_path: Path
) -> None:
    assert segment.exists()
    copy = Home(Path(shutil.copytree(home, tmp_path / "copy")))
    with pytest.raises(NotFoundError, match="moved or copied") as refused:
        mart_rows(copy, QUERY)
    assert "demoscope build" in str(refused.value)
    with open_database(copy.database) as connection:
        register_sources(connection, EventLog.open(copy.log), as_of_seq=0, loads=copy.loads)
    assert mart_rows(copy, QUERY) == [{"position": 1}]


def test_a_home_under_another_name_is_the_same(home: Path, segment: Path, tmp_path: Path) -> None:
    assert segment.exists()
    (tmp_path / "link").symlink_to(home)
    assert mart_rows(Home(tmp_path / "link"), QUERY) == [{"position": 1}]
