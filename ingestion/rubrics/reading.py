"""Reads rubrics, and says which labels are outside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ingestion.errors import NotFoundError, UsageError

DIRECTORY = Path(__file__).resolve().parent
NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,62}")
ABOUT = ("answer", "conversation")
MOST_BYTES = 1 << 20
_TOP = {"rubric", "version", "title", "about", "instructions", "labels"}
_LABEL = {"label", "question", "values", "severities", "score"}
_VALUE = {"value", "name", "is_finding", "is_sensitive"}


@dataclass(frozen=True)
class Value:
    """One answer a judge may give."""

    value: str
    name: str
    is_finding: bool = False
    is_sensitive: bool = False


@dataclass(frozen=True)
class Label:
    """One question of a rubric.

    Args:
        label: its name.
        question: its words.
        values: the answers there are.
        severities: name by severity, the mildest first; empty where a finding has none.
        score: least and greatest score; None where it asks for none.
    """

    label: str
    question: str
    values: tuple[Value, ...]
    severities: Mapping[str, str]
    score: tuple[float, float] | None = None


@dataclass(frozen=True)
class Rubric:
    """What a judge is asked; see the package."""

    rubric: str
    version: str
    title: str
    about: str
    instructions: str
    labels: tuple[Label, ...]


@cache
def own_rubrics() -> tuple[Rubric, ...]:
    """The project's rubrics, by name."""
    return tuple(read_rubric(path) for path in sorted(DIRECTORY.glob("*.yml")))


def find_rubric(name: str) -> Rubric:
    """A rubric of the project by its name, or one in a file.

    Raises:
        NotFoundError: there is none.
        UsageError: the file is no rubric.
    """
    if Path(name).suffix in {".yml", ".yaml"}:
        return read_rubric(Path(name))
    for rubric in own_rubrics():
        if rubric.rubric == name:
            return rubric
    known = ", ".join(rubric.rubric for rubric in own_rubrics())
    raise NotFoundError(f"There is no rubric {name!r}.", remedy=f"Name {known}, or a YAML file.")


def read_rubric(path: Path) -> Rubric:
    """A rubric from its file.

    Raises:
        NotFoundError: there is no such file.
        UsageError: it isn't of the form that the package describes; says where.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} is not there.", remedy="Name a rubric's YAML file.")
    if path.stat().st_size > MOST_BYTES:
        raise _wrong(path, "it is larger than a megabyte")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise _wrong(path, f"it is no YAML ({error})") from error
    return _rubric(path, document)


def _rubric(path: Path, document: Any) -> Rubric:
    found = _mapping(path, document, _TOP, "the rubric")
    name, version, about = (_text(path, found, key) for key in ("rubric", "version", "about"))
    if not NAME.fullmatch(name):
        raise _wrong(path, f"rubric {name!r} is not small letters, digits and underscores")
    if about not in ABOUT:
        raise _wrong(path, f"about {about!r} is neither answer nor conversation")
    labels = tuple(_label(path, one) for one in _list(path, found, "labels"))
    _require_different(path, [one.label for one in labels], "label")
    words = _text(path, found, "instructions")
    return Rubric(name, version, _text(path, found, "title"), about, words, labels)


def _label(path: Path, document: Any) -> Label:
    found = _mapping(path, document, _LABEL, "a label")
    name = _text(path, found, "label")
    if not NAME.fullmatch(name):
        raise _wrong(path, f"label {name!r} is not small letters, digits and underscores")
    values = tuple(_value(path, one) for one in _list(path, found, "values"))
    _require_different(path, [one.value for one in values], f"value of {name}")
    grades = [
        _mapping(path, one, {"severity", "name"}, f"a severity of {name}")
        for one in found.get("severities", [])
    ]
    severities = {_text(path, one, "severity"): _text(path, one, "name") for one in grades}
    return Label(name, _text(path, found, "question"), values, severities, _score(path, found))


def _value(path: Path, document: Any) -> Value:
    found = _mapping(path, document, _VALUE, "a value")
    flags = {key: found.get(key, False) for key in ("is_finding", "is_sensitive")}
    for key, flag in flags.items():
        if not isinstance(flag, bool):
            raise _wrong(path, f"{key} is {flag!r}, neither true nor false")
    return Value(_text(path, found, "value"), _text(path, found, "name"), **flags)


def _score(path: Path, found: Mapping[str, Any]) -> tuple[float, float] | None:
    given = found.get("score")
    if given is None:
        return None
    is_pair = isinstance(given, list) and len(given) == len(ABOUT)
    if not is_pair or not all(isinstance(one, int | float) for one in given):
        raise _wrong(path, f"score {given!r} is not a least and a greatest number")
    return float(given[0]), float(given[1])


def _mapping(path: Path, document: Any, known: set[str], what: str) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        raise _wrong(path, f"{what} is {document!r}, not keys and values")
    unknown = sorted(str(key) for key in document if key not in known)
    if unknown:
        raise _wrong(path, f"{what} has {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return document


def _text(path: Path, found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(path, f"{key} is {value!r}, not a text (yes, no and numbers want quotes)")
    return value


def _list(path: Path, found: Mapping[str, Any], key: str) -> list[Any]:
    value = found.get(key)
    if not isinstance(value, list) or not value:
        raise _wrong(path, f"{key} is {value!r}, not a list")
    return value


def _require_different(path: Path, names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _wrong(path, f"{what} {', '.join(twice)} is there twice")


def _wrong(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} is no rubric: {why}.", remedy="See ingestion/rubrics/__init__.py.")
