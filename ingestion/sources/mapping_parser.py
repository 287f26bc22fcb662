"""Reading a mapping strictly: whatever is not in the format is refused, naming line and key.

The YAML tree is walked as it is written, not as YAML would interpret it, so that `no: tie` maps the
text "no" and every fault has a line number. The format is described in mapping.py.
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

from ingestion.contracts import CONTRACTS
from ingestion.contracts import ENVELOPE as ENVELOPE_COLUMNS
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
from ingestion.tables import Column
from ingestion.vocabulary import EventType

_NULL_TAG = "tag:yaml.org,2002:null"
_TOP_KEYS = ("source", "event", "file", "columns", "outcome")
_FILE_KEYS = ("format", "delimiter")
_KINDS = ("column", "columns", "constant", "first_of", "row_number")
_SPEC_KEYS = (*_KINDS, "optional", "timezone", "unit", "values")
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


class _NodeReader:
    """Reads the nodes of one YAML file. Every method raises UsageError naming file and line.

    Args:
        name: what messages call the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def entries(self, node: yaml.Node, allowed: Iterable[str], what: str) -> dict[str, yaml.Node]:
        """The pairs under a node, whose keys must be among the allowed ones."""
        known = list(allowed)
        entries: dict[str, yaml.Node] = {}
        for key, value in self.pairs(node, what):
            name = self.text(key, "key")
            if name not in known:
                self.fail(key, f"{what}: unknown key {name!r}", _choices(name, known))
            if name in entries:
                self.fail(key, f"{what}: {name!r} is there twice", "Remove one.")
            entries[name] = value
        return entries

    def pairs(self, node: yaml.Node, what: str) -> list[tuple[yaml.Node, yaml.Node]]:
        """The pairs under a node that has to have some."""
        if not isinstance(node, yaml.MappingNode):
            self.fail(node, f"{what}: expected `key: value` pairs", "See docs for the format.")
        pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
        return pairs

    def names(self, node: yaml.Node) -> tuple[str, ...]:
        """A list of column names."""
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.fail(node, "expected a list of column names", "Write [first, second].")
        return tuple(self.name_of(item) for item in node.value)

    def name_of(self, node: yaml.Node) -> str:
        """A column's name."""
        return self.text(node, "column name")

    def one_of(self, node: yaml.Node, what: str, allowed: Iterable[str]) -> str:
        """A text out of a closed set."""
        text, known = self.text(node, what), [str(value) for value in allowed]
        if text not in known:
            self.fail(node, f"unknown {what} {text!r}", _choices(text, known))
        return text

    def true(self, node: yaml.Node, what: str) -> None:
        """Nothing but true."""
        if self.text(node, what) != "true":
            self.fail(node, f"{what} can only be true", f"Write `{what}: true` or leave it out.")

    def text(self, node: yaml.Node, what: str) -> str:
        """A scalar as it is written."""
        if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL_TAG or not node.value:
            self.fail(node, f"{what}: expected a text", "Write one; in quotes if it is special.")
        text: str = node.value
        return text

    def fail(self, node: yaml.Node, what: str, remedy: str) -> NoReturn:
        """Refuse the file because of this node."""
        raise UsageError(f"{self.name}, line {node.start_mark.line + 1}: {what}.", remedy=remedy)


class _Parser(_NodeReader):
    def parse(self, text: str) -> Mapping:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            detail = " ".join(str(error).split())
            message = f"{self.name}: is not YAML: {detail}."
            raise UsageError(message, remedy="Correct the place it names.") from error
        if root is None:
            message = f"{self.name}: the mapping is empty."
            raise UsageError(message, remedy="See docs for the format.")
        top = self.entries(root, _TOP_KEYS, "mapping")
        for key in ("source", "event", "columns"):
            if key not in top:
                self.fail(root, f"the key {key!r} is missing", "Add it.")
        source = self.text(top["source"], "source")
        if not re.fullmatch(_SOURCE.pattern or "", source):
            self.fail(top["source"], f"{source!r} cannot name a source", "Use a-z 0-9 _ . - only.")
        event = EventType(self.one_of(top["event"], "event", list(EventType)))
        file = self.entries(top["file"], _FILE_KEYS, "file") if "file" in top else {}
        kind = "auto"
        if "format" in file:
            kind = self.one_of(file["format"], "file format", [*Format, "auto"])
        delimiter = self.text(file["delimiter"], "delimiter") if "delimiter" in file else ","
        if len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
            self.fail(
                file["delimiter"], "the delimiter must be one character", "Try ';' or \"\\t\"."
            )
        outcome = top.get("outcome")
        columns = self._columns(top["columns"], event, outcome)
        return Mapping(
            name=self.name,
            source=source,
            event=event,
            columns=columns,
            delimiter=delimiter,
            format=None if kind == "auto" else Format(kind),
            text=text,
        )

    def _columns(
        self, node: yaml.Node, event: EventType, outcome: yaml.Node | None
    ) -> dict[str, ColumnSpec]:
        contract = CONTRACTS[event]
        known = {c.source_name: c for c in contract.log_columns if c.source_name not in ENVELOPE}
        entries = self.entries(node, list(known), f"columns of {event}")
        specs: dict[str, ColumnSpec] = {}
        for name, value in entries.items():
            spec = self._spec(value, known[name])
            if spec is not None:
                specs[name] = spec
        if outcome is not None:
            spec = specs.get("outcome")
            if not isinstance(spec, FromColumn) or spec.values is not None:
                self.fail(
                    outcome,
                    "`outcome:` lists the values of a column, and none is mapped to outcome",
                    "Map outcome to one column, or remove this list.",
                )
            values = self._values(outcome, known["outcome"])
            specs["outcome"] = replace(spec, values=values)
        spec = specs.get("outcome")
        if isinstance(spec, FromColumn) and spec.values is None:
            self.fail(
                node,
                "the values of the column outcome are not listed",
                "Add for example `outcome: {left: a, right: b, tie: tie}`.",
            )
        missing = [
            c.source_name for c in known.values() if c.is_required and c.source_name not in specs
        ]
        if missing:
            self.fail(
                node,
                f"{event} needs {', '.join(missing)}, and the mapping does not say where from",
                "Map each to a column or a constant.",
            )
        return specs

    def _spec(self, node: yaml.Node, column: Column) -> ColumnSpec | None:
        if isinstance(node, yaml.ScalarNode):
            return None if node.tag == _NULL_TAG else FromColumn((self.name_of(node),))
        if isinstance(node, yaml.SequenceNode):
            return Joined(self.names(node))
        spec = self.entries(node, _SPEC_KEYS, column.source_name)
        kinds = [key for key in _KINDS if key in spec]
        if len(kinds) != 1:
            self.fail(
                node,
                f"{column.source_name}: says {len(kinds)} times where its values come from",
                "Give exactly one of column, first_of, columns, constant, row_number.",
            )
        kind, value = kinds[0], spec[kinds[0]]
        allowed = {"column", "first_of", "optional", "values", "timezone", "unit"}
        extra = [key for key in spec if key != kind and not (kind in allowed and key in allowed)]
        if extra:
            self.fail(spec[extra[0]], f"{extra[0]} does not go with {kind}", "Remove it.")
        if kind == "constant":
            return Constant(self._in_vocabulary(value, column))
        if kind == "row_number":
            self.true(value, "row_number")
            return RowNumber()
        if kind == "columns":
            return OneHot(self._values(value, column))
        names = self.names(value) if kind == "first_of" else (self.name_of(value),)
        if ("timezone" in spec or "unit" in spec) and not pa.types.is_timestamp(column.type):
            self.fail(node, f"{column.source_name} is not a time", "Remove timezone and unit.")
        if "optional" in spec:
            self.true(spec["optional"], "optional")
        return FromColumn(
            names,
            is_optional="optional" in spec,
            values=self._values(spec["values"], column) if "values" in spec else None,
            timezone=self._zone(spec["timezone"]) if "timezone" in spec else None,
            unit=self.one_of(spec["unit"], "unit", _UNITS) if "unit" in spec else None,
        )

    def _values(self, node: yaml.Node, column: Column) -> dict[str, str]:
        values: dict[str, str] = {}
        for key, value in self.pairs(node, column.source_name):
            name = self.text(key, "value")
            if name in values:
                self.fail(key, f"{column.source_name}: {name!r} is there twice", "Remove one.")
            values[name] = self._in_vocabulary(value, column)
        if not values:
            self.fail(node, f"{column.source_name}: no value is listed", "List all there are.")
        return values

    def _in_vocabulary(self, node: yaml.Node, column: Column) -> str:
        if column.vocabulary:
            return self.one_of(node, column.source_name, column.vocabulary)
        return self.text(node, column.source_name)

    def _zone(self, node: yaml.Node) -> str:
        text = self.text(node, "timezone")
        try:
            ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(node, f"unknown timezone {text!r}", "Write UTC or, say, Europe/London.")
        return text


def _choices(text: str, known: list[str]) -> str:
    near = get_close_matches(text, known, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"{hint}Allowed: {', '.join(known)}."
