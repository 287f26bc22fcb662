"""Votes that an operator takes back for a model's sake, from a simulated attack to the finding."""

import json
from pathlib import Path

import pytest

from ingestion.paths import Home
from orchestration.database import mart_rows
from publishing.boards.vote_quality import vote_quality
from tests.end_to_end.command import demoscope, document


@pytest.mark.slow
def test_a_selective_retraction_is_found_and_nothing_else(tmp_path: Path) -> None:
    home, study = tmp_path / "warehouse", tmp_path / "study"
    demoscope(home, "simulate", "--participants", "300", "--attack", "retraction", "--out", study)
    own = [study / f"{name}.jsonl" for name in ("models", "participants", "battles")]
    document(home, "ingest", *own, "--json")
    [load] = document(home, "ingest", study / "attack.jsonl", "--json")["loads"]
    assert demoscope(home, "log", "undo", str(load["position"]), "--yes").returncode == 0
    document(home, "build", "--json")
    target = json.loads((study / "truth.json").read_text())["attack"]["model_id"]
    finding = vote_quality(lambda query, values: mart_rows(Home(home), query, values))
    assert finding.is_found
    assert finding.figures["signals_found"] == ["selective_retraction"]
    assert target in finding.sentence
    rows = mart_rows(
        Home(home), "select * from rpt_vote_quality where dimension = 'overall' and is_found"
    )
    # Whoever met it in these verdicts isn't named.
    assert {row["model_id"] for row in rows} == {target}
