"""demoscope.toml: defaults of a study, and what it may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.errors import NotFoundError, UsageError
from orchestration.cli.settings import CONFIG_VARIABLE, Settings, read_settings, settings
from tests.end_to_end.command import demoscope, document
from tests.ingestion.sources.flat import MAPPING, VOTES, csv_text

WHOLE = """
source = "panel-2026"
scheme = "everybody"
[mapping]
"votes*.csv" = "votes.yml"
"people*" = "prolific-demographics"
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMOSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "demoscope.toml"
    path.write_text(text)
    return path


def test_it_lies_beside_the_warehouse_and_may_be_missing(tmp_path: Path) -> None:
    assert settings() == Settings()
    written(tmp_path, WHOLE)
    found = settings()
    assert (found.source, found.scheme) == ("panel-2026", "everybody")
    assert found.mapping_for("in/votes-2.csv") == str(tmp_path / "votes.yml")
    assert found.mapping_for("people.csv") == "prolific-demographics"
    assert found.mapping_for("events.jsonl") is None


def test_one_mapping_is_for_every_file(tmp_path: Path) -> None:
    found = read_settings(written(tmp_path, 'mapping = "llmfao"'))
    assert found.mapping_for("any.csv") == "llmfao"


def test_a_file_that_is_named_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "no.toml"))
    with pytest.raises(NotFoundError, match="no such file"):
        settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('source = "s"\nmaping = "m.yml"', "line 2: unknown key 'maping'. Did you mean 'mapping'?"),
        ("source = 7", "line 1: source is no text"),
        ("[mapping]\nvotes = 3", "line 1: mapping is neither"),
        ("source", "is not TOML"),
    ],
)
def test_what_it_may_not_say_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match="toml") as refused:
        read_settings(written(tmp_path, text))
    assert said in str(refused.value)


def test_files_are_loaded_by_it(tmp_path: Path) -> None:
    (tmp_path / "votes.yml").write_text(MAPPING)
    votes, home = tmp_path / "votes-1.csv", tmp_path / "home"
    votes.write_text(csv_text(VOTES))
    written(tmp_path, WHOLE)
    done = demoscope(home, "ingest", votes, "--dry-run")
    assert done.returncode == 0
    assert "by the mapping" in done.stderr
    assert "demoscope.toml" in done.stderr
    assert '"source": "panel-2026"' in done.stdout
    [load] = document(home, "ingest", votes, "--source", "other", "--dry-run", "--json")["loads"]
    assert load["first_rows"][0]["source"] == "other"
    native = demoscope(home, "ingest", votes, "--native", "--dry-run")
    assert "no native event file" in native.stderr
    other = tmp_path / "elsewhere.toml"
    other.write_text('colour = "red"')
    refused = demoscope(home, "ingest", votes, "--config", other)
    assert refused.returncode == 2
    assert "elsewhere.toml, line 1: unknown key 'colour'" in refused.stderr
    assert not home.exists()
