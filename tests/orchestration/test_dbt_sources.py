"""What is generated from the contracts is current: the contract is the only place to edit."""

from orchestration import dbt_sources


def test_raw_sources_are_current() -> None:
    assert dbt_sources.RAW_FILE.read_text(encoding="utf-8") == dbt_sources.raw_sources()


def test_ratings_sources_are_current() -> None:
    assert dbt_sources.RATINGS_FILE.read_text(encoding="utf-8") == dbt_sources.ratings_sources()


def test_log_sources_are_current() -> None:
    assert dbt_sources.LOG_FILE.read_text(encoding="utf-8") == dbt_sources.log_sources()


def test_releases_sources_are_current() -> None:
    written = dbt_sources.RELEASES_FILE.read_text(encoding="utf-8")
    assert written == dbt_sources.releases_sources()
