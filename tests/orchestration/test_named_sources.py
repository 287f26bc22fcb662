"""Every source that has a name, on twenty rows written in its shape (tests/data/sources/)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from ingestion.sources.mapping import presets
from ingestion.sources.missing import WORDS
from ingestion.sources.registry import open_source
from orchestration.loading import load_file

ROWS = Path(__file__).parents[1] / "data" / "sources"
# Preset and file -> events that enter, rows set aside, rows refused.
COUNTS = {
    ("comparia-votes", "comparia-votes.jsonl"): (16, 0, 4),
    ("comparia-reactions", "comparia-reactions.jsonl"): (48, 132, 0),
    ("comparia-fr-arena", "comparia-fr-arena.jsonl"): (13, 7, 0),
    ("arena-human-preference", "arena-human-preference-140k.jsonl"): (20, 0, 0),
    ("arena-human-preference", "arena-human-preference-100k.jsonl"): (20, 0, 0),
    ("arena-human-preference", "arena-expert-5k.jsonl"): (20, 0, 0),
    ("prolific-demographics", "prolific-demographics.csv"): (18, 2, 0),
    ("label-studio", "label-studio.json"): (20, 21, 0),
    ("argilla", "argilla.json"): (20, 0, 0),
    ("mturk-batch", "mturk-batch.csv"): (16, 4, 0),
    ("arena-leaderboard", "arena-leaderboard.jsonl"): (20, 0, 0),
    # Of 20 tasks with seven questions each one is unanswered, one is 8 and one 3.5.
    ("experience-wide", "experience-wide.csv"): (137, 1, 2),
}
# What the first row means; times in UTC.
FIRST = {
    "comparia-votes.jsonl": {
        "native_id": f"{0:032x}-{99:032x}",
        "participant_id": "v0",
        "outcome": "a",
        "topic": "langues",
        "occurred_at": "2025-03-01T14:00:09.500000+00:00",
    },
    "comparia-reactions.jsonl": {
        "native_id": '["p0","a0","1"]',
        "conversation_id": "a0",
        "label": "liked",
        "value": "true",
    },
    "comparia-fr-arena.jsonl": {"native_id": f'["{0:032x}","0"]', "outcome": "a"},
    "arena-human-preference-140k.jsonl": {
        "participant_id": "10000000-0000-4000-8000-000000000000",
        "outcome": "a",
        "occurred_at": "2025-04-17T00:26:00.123456+00:00",
    },
    "arena-human-preference-100k.jsonl": {
        "native_id": f"{0:032x}",
        "outcome": "a",
        "occurred_at": "2024-07-01T10:00:00.250000+00:00",
    },
    "arena-expert-5k.jsonl": {"outcome": "a", "language": "en"},
    "prolific-demographics.csv": {
        "participant_id": f"6{0:023x}",
        "country": "UK",
        "age": "22",
        "gender": "Female",
        "ethnicity": "White",
        "occurred_at": "2025-06-01T09:21:33.402000+00:00",
    },
    "experience-wide.csv": {
        "native_id": "t000",
        "participant_id": "u0",
        "model_id": "lantern-m",
        "criterion": "helpfulness",
        "occurred_at": "2025-06-01T10:00:00+00:00",
    },
    "label-studio.json": {"native_id": "100", "participant_id": "1", "outcome": "b"},
    "argilla.json": {"native_id": '["rec-0","user-1"]', "outcome": "b"},
    "arena-leaderboard.jsonl": {
        "native_id": '["2026-09-06","aurora-large"]',
        "category": "overall",
        "model_id": "aurora-large",
        "rating": "1480.5",
        "occurred_at": "2026-09-06T00:00:00+00:00",
    },
    "mturk-batch.csv": {
        "participant_id": f"A{0:013d}",
        "outcome": "a",
        "occurred_at": "2025-06-07T16:00:12+00:00",
    },
}


def first_row(mapping: str, file: str) -> dict[str, Any]:
    batch = next(iter(open_source(str(ROWS / file), mapping=mapping).batches()))
    row = batch.table.slice(0, 1).to_pylist()[0]
    return {n: v.isoformat() if hasattr(v, "isoformat") else v for n, v in row.items()}


@pytest.mark.parametrize(("mapping", "file"), COUNTS)
def test_a_named_source_is_read_as_it_is_written(home: Path, mapping: str, file: str) -> None:
    report = load_file(Home(home), str(ROWS / file), mapping=mapping)
    counts = (report.accepted_count, report.set_aside_count, report.quarantined_count)
    assert counts == COUNTS[mapping, file]
    row = first_row(mapping, file)
    assert {name: row[name] for name in FIRST[file]} == FIRST[file]
    again = load_file(Home(home), str(ROWS / file), mapping=mapping)
    assert (again.accepted_count, again.duplicate_count) == (0, report.accepted_count)


def test_every_preset_has_rows() -> None:
    """Or is tried on the real file, or stands in another file of tests."""
    elsewhere = {"llmfao", "arena-pair-counts", "chatbot-arena-55k", "mt-bench-human", "humaine"}
    elsewhere |= {"benchmark-scores", "experience-sub-items"}
    assert {mapping for mapping, _ in COUNTS} | elsewhere == set(presets())


def test_the_page_on_loading_names_every_preset_and_every_word_for_missing(
    repository: Path,
) -> None:
    page = (repository / "docs" / "loading.md").read_text("utf-8")
    unsaid = [one for one in (*presets(), *WORDS) if f"`{one}`" not in page]
    assert unsaid == []
