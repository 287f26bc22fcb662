"""A mistyped name of a model in an event about it is told at load, at build and by doctor."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from orchestration.loading import DryRun, load_file
from tests.end_to_end.command import demoscope

BATTLES = [
    {
        "event_type": "battle_judged",
        "source": "panel",
        "native_id": str(number),
        "participant_id": f"p{number}",
        "dimension": "overall",
        "model_a": "alpha",
        "model_b": "beta",
        "outcome": "a",
    }
    for number in range(4)
]


def said(kind: str, number: int, **content: Any) -> dict[str, Any]:
    return {"event_type": kind, "source": "panel", "native_id": f"{kind}-{number}", **content}


def retired(number: int, model: str) -> dict[str, Any]:
    return said("model_retired", number, model_id=model, reason="old")


def registered(number: int, model: str, **content: Any) -> dict[str, Any]:
    return said("model_registered", number, model_id=model, **content)


def published(number: int, model: str, public: str) -> dict[str, Any]:
    return said("model_published", number, model_id=model, public_id=public)


def rated(number: int, model: str) -> dict[str, Any]:
    content = {"model_id": model, "criterion": "helpfulness", "rating": 5, "participant_id": "p1"}
    return said("experience_rated", number, **content)


@pytest.fixture(name="paths")
def a_home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def write(paths: Home, rows: list[dict[str, Any]], name: str) -> str:
    file = paths.root.parent / name
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(file)


def load(paths: Home, *rows: dict[str, Any], name: str = "events.jsonl") -> list[str]:
    return load_file(paths, write(paths, list(rows), name)).warnings


def test_a_mistyped_retirement_is_told_with_what_is_like_it(paths: Home) -> None:
    assert load(paths, *BATTLES) == []
    names = [retired(1, "alpah"), retired(2, "alpah"), retired(3, "beta"), retired(4, "zzz")]
    [warning] = load(paths, *names)
    assert warning.startswith(
        "model_retired (model_id) names 2 models that the log does not know yet: "
        "'alpah' (2 events, row 1, like 'alpha'); 'zzz' (1 event, row 4)."
    )


def test_each_kind_of_event_about_a_model_is_told(paths: Home) -> None:
    load(paths, *BATTLES)
    warnings = load(
        paths,
        registered(1, "alpha-x", is_private=True, variant_of="alhpa"),
        published(1, "alpha_x", "alpha"),
        published(2, "alpha-x", "alfa"),
        # A model that was compared is none of a provider's variants before it is registered.
        published(3, "beta", "alpha"),
    )
    starts = [warning.partition(":")[0] for warning in warnings]
    assert starts == [
        "model_registered (variant_of) names 1 model that the log does not know yet",
        "model_published (model_id) names 2 models that nobody registered yet",
        "model_published (public_id) names 1 model that the log does not know yet",
    ]
    assert "'alpha_x' (1 event, row 2, like 'alpha-x')" in warnings[1]


def test_what_the_log_or_the_file_knows_is_not_told(paths: Home) -> None:
    load(paths, *BATTLES, name="battles.jsonl")
    alias = said("model_aliased", 1, alias="Alpha", model_id="alpha")
    rows = [registered(1, "gamma"), rated(1, "delta"), alias]
    # The order of a file's rows does not matter.
    about = [*map(retired, range(4), ("alpha", "gamma", "delta", "Alpha"))]
    assert load(paths, *about, published(1, "gamma", "beta"), *rows) == []
    assert load(paths, retired(9, "delta"), name="later.jsonl") == []


def test_a_dry_run_knows_the_files_before(paths: Home) -> None:
    dry = DryRun(paths)
    dry.bring(write(paths, [*BATTLES, rated(1, "delta")], "battles.jsonl"))
    names = [retired(1, "alpha"), retired(2, "delta"), retired(3, "alpah")]
    warnings = dry.bring(write(paths, names, "retired.jsonl")).warnings
    assert [("'alpah'" in one, "'delta'" in one) for one in warnings if "retired" in one] == [
        (True, False)
    ]


@pytest.mark.slow
def test_a_build_and_doctor_tell_it_again(paths: Home) -> None:
    alias = said("model_aliased", 1, alias="Alpha", model_id="alpha")
    load(paths, *BATTLES, alias, registered(1, "gamma", variant_of="alpha"))
    typo = [retired(1, "alpah"), retired(2, "Alpha"), published(1, "gama", "beta")]
    load(paths, *typo, name="about.jsonl")
    wanted = [
        "that the log does not know yet: 'alpah' (1 event, like 'alpha')",
        "that nobody registered yet: 'gama' (1 event, like 'gamma')",
    ]
    told = demoscope(paths.root, "build").stderr
    assert all(text in told for text in wanted), told
    assert told.count("does not know yet") == 1
    assert all(text in demoscope(paths.root, "doctor").stdout for text in wanted)
