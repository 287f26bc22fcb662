"""Definitions of a home of its own, and files to load into it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from ingestion.paths import Home
from orchestration.definitions import build_definitions
from orchestration.resources import HomeResource

MODELS = ("aurora", "basalt", "cobalt")


@pytest.fixture
def paths(home: Path) -> Home:
    """The home's directories, `landing/` made."""
    paths = Home(home)
    paths.landing.mkdir(parents=True)
    return paths


@pytest.fixture
def definitions(paths: Home) -> dg.Definitions:
    """Everything, on that home."""
    return build_definitions(home=HomeResource(root=str(paths.root)))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance that leaves nothing behind."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def write_battles(paths: Home) -> Callable[..., Path]:
    """Writes battles as native events; the first `bad` of them name no known outcome."""

    def write(name: str = "battles.jsonl", *, rows: int = 12, bad: int = 0) -> Path:
        path = paths.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(_battle(name, n, is_bad=n < bad) for n in range(rows)))
        return path

    return write


def _battle(name: str, number: int, *, is_bad: bool) -> str:
    event = {
        "event_type": "battle_judged",
        "source": "tests",
        "native_id": f"{name}-{number}",
        "participant_id": f"p{number % 4}",
        "dimension": "overall",
        "model_a": MODELS[number % 3],
        "model_b": MODELS[(number + 1) % 3],
        "outcome": "perhaps" if is_bad else ("a", "b", "tie")[number % 3],
    }
    return json.dumps(event) + "\n"
