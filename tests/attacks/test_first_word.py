"""Who registered a model first has the word; a squatter does not shut the operator out."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from orchestration.database import mart_rows
from tests.end_to_end.command import demoscope, document

VOTE = {
    "event_type": "battle_judged",
    "dimension": "overall",
    "model_a": "alpha",
    "model_b": "beta",
    "outcome": "a",
    "participant_id": "ann",
}
MODEL = {"event_type": "model_registered", "model_id": "alpha"}
PANEL = MODEL | {"display_name": "Alpha", "provider": "Example Labs"}
RIVAL = MODEL | {"display_name": "Beaten", "provider": "Nobody", "licence": "none"}
RETIRED = {"event_type": "model_retired", "model_id": "alpha", "reason": "Withdrawn."}


def load(home: Path, source: str, *rows: dict[str, Any], across: bool = False) -> dict[str, Any]:
    """The report of a load of rows of one source."""
    number = len(list(home.parent.glob("*.jsonl")))
    path = home.parent / f"{number}.jsonl"
    said = ({"source": source, "native_id": f"{number}-{at}"} | row for at, row in enumerate(rows))
    path.write_text("".join(json.dumps(row) + "\n" for row in said))
    options = ("--across-sources",) if across else ()
    done = demoscope(home, "ingest", path, "--max-bad-share", "1", "--json", *options)
    report: dict[str, Any] = json.loads(done.stdout)["loads"][0]
    return report


def about(report: dict[str, Any]) -> list[str]:
    """Warnings that another source's registration stands."""
    return [said for said in report["warnings"] if "another source's registration" in said]


def test_a_second_registration_is_kept_and_said(home: Path) -> None:
    assert not about(load(home, "panel", VOTE))
    # The registry may speak after the panel's votes: it is the first to register.
    assert not about(load(home, "registry", PANEL))
    assert not about(load(home, "registry", PANEL | {"provider": "Example Laboratories"}))
    report = load(home, "rival", RIVAL)
    assert report["accepted_count"] == 1
    [said] = about(report)
    assert "'alpha' by registry" in said
    assert "log undo" in said


def test_a_squatters_registration_can_be_taken_back(home: Path) -> None:
    squatted = load(home, "rival", RIVAL)
    assert about(load(home, "panel", PANEL))
    assert demoscope(home, "log", "undo", squatted["load_id"], "--yes").returncode == 0
    assert not about(load(home, "panel", PANEL | {"provider": "Example Laboratories"}))
    assert about(load(home, "rival", RIVAL | {"provider": "Somebody"}))


@pytest.mark.parametrize("first", [VOTE, RIVAL])
@pytest.mark.parametrize(
    "row", [RETIRED, {"event_type": "model_aliased", "alias": "alpha", "model_id": "alpha-1"}]
)
def test_a_squatter_does_not_shut_the_operator_out(
    home: Path, first: dict[str, Any], row: dict[str, Any]
) -> None:
    load(home, "rival", first)
    load(home, "panel", PANEL)
    report = load(home, "panel", row)
    assert report["quarantined_by_reason"] == {"another_sources": 1}
    file = home.parent / f"{len(list(home.parent.glob('*.jsonl'))) - 1}.jsonl"
    done = demoscope(home, "ingest", file, "--max-bad-share", "1", "--dry-run")
    assert "--across-sources" in done.stdout + done.stderr
    assert load(home, "panel", row, across=True)["accepted_count"] == 1


@pytest.mark.slow
def test_the_first_registration_is_shown(home: Path) -> None:
    enrolled = {"event_type": "participant_enrolled", "participant_id": "ann", "country": "US"}
    load(home, "panel", VOTE, enrolled, PANEL)
    load(home, "rival", RIVAL)
    document(home, "build", "--json")
    query = "select * from dim_model where model_id = 'alpha'"
    [model] = mart_rows(Home(home), query)
    shown = (model["display_name"], model["provider"], model["licence"])
    assert shown == ("Alpha", "Example Labs", None)
    assert model["other_registration_count"] == 1
