"""What a shell offers for values: names of the release that people see, of seeds, of closed lists.

It is asked at every press of the tabulator. So it reads small files alone, imports no library of
tables, and is silent where there is nothing to read.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer import core

from ingestion.paths import HOME_VARIABLE, Home
from ingestion.vocabulary import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# The class is of the library that the installed Typer brings along.
Offered: Any = vars(core)["CompletionItem"]
ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "dbt_project" / "seeds"
RELEASE = re.compile("[0-9a-f]{64}")
ID_DIGITS = 12
# A release of thousands of models would be waited for.
BYTES_MAX = 1 << 25
ENGINES = ("duckdb", "spark")
STAGES = ("boards", "all")
TABLE_FORMATS = ("delta", "iceberg")
READERS = ("prism", "leaderbot", "every-eval-ever", "benchbench")
STUDIES = ("simulated", "arena")
ATTACKS = (
    "favour", "flood", "private-variants", "random", "retirement", "retraction", "sampling",
    "script", "sybils",
)  # fmt: skip


def _of_board(column: str) -> Callable[[], Iterable[str]]:
    """Names in a column of the release that people see."""

    def names() -> Iterable[str]:
        path = Home.from_environment().boards / "current" / "board.json"
        if path.stat().st_size > BYTES_MAX:
            return ()
        said = json.loads(path.read_bytes())
        at = said["columns"].index(column)
        return {row[at] for row in said["rows"]}

    return names


def _of_seed(seed: str, column: str) -> Callable[[], Iterable[str]]:
    """Names in a column of a seed."""

    def names() -> Iterable[str]:
        with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
            return {row[column] for row in csv.DictReader(file)}

    return names


def _of_files(directory: Path) -> Callable[[], Iterable[str]]:
    """Names of YAML files."""
    return lambda: {path.stem for path in directory.glob("*.yml")}


def _of_list(names: Iterable[str]) -> Callable[[], Iterable[str]]:
    return lambda: names


def _releases() -> Iterable[str]:
    kept = (path.name for path in Home.from_environment().boards.iterdir())
    return ["current", *(name[:ID_DIGITS] for name in kept if RELEASE.fullmatch(name))]


MODELS, DIMENSIONS = _of_board("model_id"), _of_board("dimension")
# The same in whatever command it stands.
BY_NAME: dict[str, Callable[[], Iterable[str]]] = {
    "stratum": _of_board("stratum_id"),
    "dimension": DIMENSIONS,
    "estimator": _of_board("estimator"),
    "weighting": _of_board("weighting"),
    "as_of": _releases,
    "release": _releases,
    "a": _releases,
    "b": _releases,
    "engine": _of_list(ENGINES),
    "stage": _of_list(STAGES),
    "event_type": _of_list(EventType),
    "kind": _of_list(TABLE_FORMATS),
    "attack": _of_list(ATTACKS),
    "target": _of_seed("seed_stopping_targets", "target"),
    "criterion": _of_seed("seed_criteria", "criterion"),
    "country": _of_seed("seed_countries", "country"),
    "mapping": lambda: [*_of_files(ROOT / "ingestion" / "mappings")(), *READERS],
    "rubric": _of_files(ROOT / "ingestion" / "rubrics"),
}
# A name that means something else in another command.
BY_COMMAND: dict[tuple[str, str], Callable[[], Iterable[str]]] = {
    ("model", "name"): MODELS,
    ("compare", "first"): MODELS,
    ("compare", "second"): MODELS,
    ("log events", "model"): MODELS,
    ("experience", "model"): MODELS,
    ("benchmarks reports", "model"): MODELS,
    ("study", "name"): _of_list(STUDIES),
    ("mapping init", "event"): _of_list(EventType),
    ("queue", "policy"): _of_seed("seed_pairing_policies", "policy"),
    ("quality strike", "policy"): _of_seed("seed_quality_policies", "policy"),
}


def offer_values(command: Any, name: str) -> None:
    """Have a command offer names where its options and arguments take them."""
    for param in command.params:
        known = BY_COMMAND.get((name, param.name)) or BY_NAME.get(param.name)
        if known is not None:
            param.shell_complete = _offer(known)


def _offer(known: Callable[[], Iterable[str]]) -> Callable[[Any, str], list[Any]]:
    def offered(_context: Any, incomplete: str) -> list[Any]:
        _take_home()
        try:
            names = sorted(str(name) for name in known())
        except (OSError, ValueError, KeyError, TypeError):
            # No warehouse, or none that can be read: a command says so, a shell nothing.
            return []
        begun = incomplete.casefold()
        return [Offered(_typed(one)) for one in names if one.casefold().startswith(begun)]

    return offered


def _take_home() -> None:
    """The home that the line names, before the command or after it."""
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    try:
        words = shlex.split(line)
    except ValueError:
        # A quotation mark is still open.
        return
    for at, word in enumerate(words):
        option, is_with_value, value = word.partition("=")
        if option == "--home" and (is_with_value or at + 1 < len(words)):
            os.environ[HOME_VARIABLE] = value if is_with_value else words[at + 1]


def _typed(name: str) -> str:
    """The name as bash has it on its line; other shells quote it themselves."""
    is_bash = os.environ.get("_DEMOSCOPE_COMPLETE", "").endswith("bash")
    return re.sub(r"([^\w/.@%+,:-])", r"\\\1", name) if is_bash else name
