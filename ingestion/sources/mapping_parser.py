"""Reading a mapping strictly: whatever is not in the format is refused, naming line and key.

The YAML tree is walked as it is written, not as YAML would interpret it, so that `no: tie` maps the
text "no" and every fault has a line number.

What stays out: the format's description (mapping.py) and applying it (flat.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
import yaml

from ingestion.contract import ENVELOPE as ENVELOPE_COLUMNS
from ingestion.contract import Column
from ingestion.contracts import CONTRACTS
from ingestion.errors import UsageError
from ingestion.sources.files import Format
from ingestion.sources.mapping import (
    ENVELOPE,
    ColumnSpec,
    Constant,
    FromColumn,
    Joined,
    Mapping,
    OneHot,
    RowNumber,
    find_mapping,
)
from ingestion.vocabulary import EventType

_NULL_TAG = "tag:yaml.org,2002:null"
_TOP_KEYS = ("source", "event", "file", "columns", "outcome")
_FILE_KEYS = ("format", "delimiter")
_SPEC_KEYS = ("column", "columns", "constant", "first_of", "optional", "row_number", "timezone",
              "unit", "values")
_UNITS = ("s", "ms", "us", "ns")
_SOURCE = next(column for column in ENVELOPE_COLUMNS if column.name == "source")


def load_mapping(name: str, *, source: str | None = None) -> Mapping:
    """The mapping of that name or at that path; `source` overrides the one it names.

    Raises:
        UsageError: it does not exist as a preset, or does not follow the format.
        NotFoundError: there is no file at that path.
    """
    name, text = find_mapping(name)
    mapping = parse_mapping(name, text)
    return mapping if source is None else replace(mapping, source=check_source(source))


def parse_mapping(name: str, text: str) -> Mapping:
    """A mapping from its YAML text. Raises UsageError naming the line."""
    return _Parser(name).parse(text)


def check_source(source: str) -> str:
    """The name, if it can name a source. Raises UsageError."""
    if not re.fullmatch(_SOURCE.pattern or "", source):
        raise UsageError(
            f"{source!r} cannot name a source.",
            remedy="Use a-z, 0-9 and _ . - only, starting with a letter or digit, 63 at most.",
        )
    return source


class _Parser:
    def __init__(self, name: str) -> None:
        self._name = name

    def parse(self, text: str) -> Mapping:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            detail = " ".join(str(error).split())
            raise UsageError(
                f"{self._name}: is not YAML: {detail}.", remedy="Mend the place it names."
            ) from error
        if root is None:
            raise UsageError(f"{self._name}: the mapping is empty.", remedy="See docs for the format.")
        top = self._entries(root, _TOP_KEYS, "mapping")
        for key in ("source", "event", "columns"):
            if key not in top:
                self._fail(root, f"the key {key!r} is missing", "Add it.")
        source = self._text(top["source"], "source")
        if not re.fullmatch(_SOURCE.pattern or "", source):
            self._fail(top["source"], f"{source!r} cannot name a source", "Use a-z 0-9 _ . - only.")
        event = EventType(self._one_of(top["event"], "event", list(EventType)))
        file = self._entries(top["file"], _FILE_KEYS, "file") if "file" in top else {}
        kind = "auto"
        if "format" in file:
            kind = self._one_of(file["format"], "file format", [*Format, "auto"])
        delimiter = self._text(file["delimiter"], "delimiter") if "delimiter" in file else ","
        if len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
            self._fail(file["delimiter"], "the delimiter must be one character", "Try ';' or \"\\t\".")
        outcome = top.get("outcome")
        columns = self._columns(top["columns"], event, outcome)
        return Mapping(
            name=self._name, source=source, event=event, columns=columns, delimiter=delimiter,
            format=None if kind == "auto" else Format(kind), text=text,
        )

    def _columns(
        self, node: yaml.Node, event: EventType, outcome: yaml.Node | None
    ) -> dict[str, ColumnSpec]:
        contract = CONTRACTS[event]
        known = {c.source_name: c for c in contract.log_columns if c.source_name not in ENVELOPE}
        entries = self._entries(node, list(known), f"columns of {event}")
        specs: dict[str, ColumnSpec] = {}
        for name, value in entries.items():
            spec = self._spec(value, known[name])
            if spec is not None:
                specs[name] = spec
        if outcome is not None:
            spec = specs.get("outcome")
            if not isinstance(spec, FromColumn) or spec.values is not None:
                self._fail(
                    outcome, "`outcome:` lists the values of a column, and none is mapped to outcome",
                    "Map outcome to one column, or remove this list.",
                )
            values = self._values(outcome, known["outcome"])
            specs["outcome"] = replace(spec, values=values)
        spec = specs.get("outcome")
        if isinstance(spec, FromColumn) and spec.values is None:
            self._fail(
                node, "the values of the column outcome are not listed",
                "Add for example `outcome: {left: a, right: b, tie: tie}`.",
            )
        missing = [c.source_name for c in known.values() if c.is_required and c.source_name not in specs]
        if missing:
            self._fail(
                node, f"{event} needs {', '.join(missing)}, and the mapping does not say where from",
                "Map each to a column or a constant.",
            )
        return specs

    def _spec(self, node: yaml.Node, column: Column) -> ColumnSpec | None:
        if isinstance(node, yaml.ScalarNode):
            return None if node.tag == _NULL_TAG else FromColumn((self._name_of(node),))
        if isinstance(node, yaml.SequenceNode):
            return Joined(self._names(node))
        spec = self._entries(node, _SPEC_KEYS, column.source_name)
        kinds = [key for key in ("column", "columns", "constant", "first_of", "row_number") if key in spec]
        if len(kinds) != 1:
            self._fail(
                node, f"{column.source_name}: says {len(kinds)} times where its values come from",
                "Give exactly one of column, first_of, columns, constant, row_number.",
            )
        kind, value = kinds[0], spec[kinds[0]]
        allowed = {"column", "first_of", "optional", "values", "timezone", "unit"}
        extra = [key for key in spec if key != kind and not (kind in allowed and key in allowed)]
        if extra:
            self._fail(spec[extra[0]], f"{extra[0]} does not go with {kind}", "Remove it.")
        if kind == "constant":
            return Constant(self._in_vocabulary(value, column))
        if kind == "row_number":
            self._true(value, "row_number")
            return RowNumber()
        if kind == "columns":
            return OneHot(self._values(value, column))
        names = self._names(value) if kind == "first_of" else (self._name_of(value),)
        if ("timezone" in spec or "unit" in spec) and not pa.types.is_timestamp(column.type):
            self._fail(node, f"{column.source_name} is not a time", "Remove timezone and unit.")
        if "optional" in spec:
            self._true(spec["optional"], "optional")
        return FromColumn(
            names,
            is_optional="optional" in spec,
            values=self._values(spec["values"], column) if "values" in spec else None,
            timezone=self._zone(spec["timezone"]) if "timezone" in spec else None,
            unit=self._one_of(spec["unit"], "unit", _UNITS) if "unit" in spec else None,
        )

    def _entries(self, node: yaml.Node, allowed: Iterable[str], what: str) -> dict[str, yaml.Node]:
        known = list(allowed)
        entries: dict[str, yaml.Node] = {}
        for key, value in self._pairs(node, what):
            name = self._text(key, "key")
            if name not in known:
                self._fail(key, f"{what}: unknown key {name!r}", _choices(name, known))
            if name in entries:
                self._fail(key, f"{what}: {name!r} is there twice", "Remove one.")
            entries[name] = value
        return entries

    def _values(self, node: yaml.Node, column: Column) -> dict[str, str]:
        values: dict[str, str] = {}
        for key, value in self._pairs(node, column.source_name):
            name = self._text(key, "value")
            if name in values:
                self._fail(key, f"{column.source_name}: {name!r} is there twice", "Remove one.")
            values[name] = self._in_vocabulary(value, column)
        if not values:
            self._fail(node, f"{column.source_name}: no value is listed", "List all there are.")
        return values

    def _pairs(self, node: yaml.Node, what: str) -> list[tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._fail(node, f"{what}: expected `key: value` pairs", "See docs for the format.")
        pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
        return pairs

    def _in_vocabulary(self, node: yaml.Node, column: Column) -> str:
        if column.vocabulary:
            return self._one_of(node, column.source_name, column.vocabulary)
        return self._text(node, column.source_name)

    def _names(self, node: yaml.Node) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._fail(node, "expected a list of column names", "Write [first, second].")
        return tuple(self._name_of(item) for item in node.value)

    def _name_of(self, node: yaml.Node) -> str:
        return self._text(node, "column name")

    def _one_of(self, node: yaml.Node, what: str, allowed: Iterable[str]) -> str:
        text, known = self._text(node, what), [str(value) for value in allowed]
        if text not in known:
            self._fail(node, f"unknown {what} {text!r}", _choices(text, known))
        return text

    def _true(self, node: yaml.Node, what: str) -> None:
        if self._text(node, what) != "true":
            self._fail(node, f"{what} can only be true", f"Write `{what}: true` or leave it out.")

    def _zone(self, node: yaml.Node) -> str:
        text = self._text(node, "timezone")
        try:
            ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._fail(node, f"unknown timezone {text!r}", "Write UTC or, say, Europe/London.")
        return text

    def _text(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL_TAG or not node.value:
            self._fail(node, f"{what}: expected a text", "Write one; in quotes if it is special.")
        text: str = node.value
        return text

    def _fail(self, node: yaml.Node, what: str, remedy: str) -> NoReturn:
        raise UsageError(f"{self._name}, line {node.start_mark.line + 1}: {what}.", remedy=remedy)


def _choices(text: str, known: list[str]) -> str:
    near = get_close_matches(text, known, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"{hint}Allowed: {', '.join(known)}."
