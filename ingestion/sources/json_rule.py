"""What a line of JSON may say: one rule for native files and for files read through a mapping.

Refused are: a key twice in the line's own object, in an object on the way to a value, or within a
value (`broken_json`: which one is meant cannot be known); a comma after the last element,
and NaN or Infinity in place of a value (`broken_json`); an object or an array where a single value
belongs (`wrong_type`, by column).

DuckDB reads all of these without a word. So it only tells which lines are in doubt, and may name
too many; Python's strict reader decides about them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sources.batch import Objection
from ingestion.sources.scalar_text import has_lost_digits
from ingestion.vocabulary import Refusal

# A comma after the last element; NaN, Infinity and their like, in letters of any case.
_LENIENT = r",[ \t\r\n]*[\]}]|[:,\[][ \t\r\n]*-?(?i:nan|inf)"
_EXPONENT = r":[ \t\r\n]*-?[1-9](\.[0-9]+)?[eE]"


class _Object(dict[str, Any]):
    """An object, and a key that it has twice."""

    repeated: str | None = None


def read_object(
    line: bytes, used: Iterable[str] | None = None
) -> tuple[dict[str, Any], Objection | None]:
    """Read one line strictly: an object, or an empty one and why the line is refused.

    Args:
        line: its bytes.
        used: names or paths whose values matter; None for all there are.
    """
    try:
        # Numbers stay text: neither rounded nor limited in length.
        content = json.loads(
            line.decode("utf-8"),
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse,
            object_pairs_hook=_object,
        )
        repeated = _repeated_key(content, used)
    except UnicodeDecodeError:
        return {}, (Refusal.NOT_UTF8, None)
    except (ValueError, RecursionError):
        return {}, (Refusal.BROKEN_JSON, None)
    if not isinstance(content, dict) or repeated is not None:
        return {}, (Refusal.BROKEN_JSON, repeated)
    return content, None


def nested(content: dict[str, Any], names: Iterable[str]) -> str | None:
    """The first of the names, in their order as texts, under which an object or an array stands."""
    containers = (name for name in names if isinstance(value_at(content, name), dict | list))
    return min(containers, default=None)


def value_at(content: dict[str, Any], name: str) -> Any:
    """The value of a key or, where the object has none of that name, at a path with dots."""
    found = content.get(name)
    if found is not None or "." not in name:
        return found
    inner: Any = content
    for part in name.split("."):
        inner = inner.get(part) if isinstance(inner, dict) else None
    return inner


def has_place(content: dict[str, Any], name: str) -> bool:
    """Whether there is a key of that name, or a path; its value may be null."""
    parent, _, key = name.rpartition(".")
    inner = value_at(content, parent) if parent else content
    return name in content or (isinstance(inner, dict) and key in inner)


def objects_above(names: Iterable[str]) -> list[str]:
    """Paths of the objects on the way to the values at these names, each once."""
    ways = (accumulate(name.split(".")[:-1], "{}.{}".format) for name in names)
    return list(dict.fromkeys(path for way in ways for path in way))


def may_be_nested(table: pa.Table, names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Rows in which a value begins like an object or an array."""
    found = np.zeros(len(table), dtype=bool)
    for name in names:
        column = table[name]
        for mark in "{[":
            is_it = pc.fill_null(pc.starts_with(column, mark), fill_value=False)
            found |= is_it.to_numpy(zero_copy_only=False)
    return found


def may_be_lenient(lines: pa.Array, suspect: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Lines with what only a lenient reader takes for JSON, be it within a text.

    They are sought among the suspect ones.
    """
    return _matching(_LENIENT, lines, suspect)


def may_have_exponent(lines: pa.Array, suspect: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Lines with a number that has an exponent, of which DuckDB keeps the value alone."""
    return _matching(_EXPONENT, lines, suspect)


def _matching(
    pattern: str, lines: pa.Array, suspect: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    found = suspect.copy()
    if suspect.any():
        chosen = lines if suspect.all() else lines.filter(pa.array(suspect))
        is_match = pc.match_substring_regex(chosen, pattern)
        found[suspect] = is_match.to_numpy(zero_copy_only=False)
    return found


def rounded(content: dict[str, Any], ids: Iterable[str]) -> Objection | None:
    """The objection to an id whose digits are lost, as the line writes it."""
    for name in ids:
        value = value_at(content, name)
        if isinstance(value, str) and has_lost_digits(value):
            return Refusal.DIGITS_LOST, name
    return None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    content = _Object(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        content.repeated = next(name for name in names if names.count(name) > 1)
    return content


def _repeated_key(content: Any, used: Iterable[str] | None) -> str | None:
    """A key that is there twice where it matters."""
    if used is None or not isinstance(content, _Object):
        return _repeated_within(content)
    above = (value_at(content, path) for path in objects_above(used))
    on_the_way = (inner.repeated for inner in above if isinstance(inner, _Object))
    within = (_repeated_within(value_at(content, name)) for name in used)
    found = (content.repeated, *on_the_way, *within)
    return next((key for key in found if key is not None), None)


def _repeated_within(value: Any) -> str | None:
    if isinstance(value, _Object) and value.repeated is not None:
        return value.repeated
    if not isinstance(value, dict | list):
        return None
    inner = value.values() if isinstance(value, dict) else value
    return next((key for key in map(_repeated_within, inner) if key is not None), None)
