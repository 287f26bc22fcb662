"""The mapping: what the columns of a file mean in terms of a contract.

The format is described in docs/loading.md. Everything else is refused, naming line and key: the
YAML tree is walked as it is written, so `no`, `1` and `1.0` are text, and `null` means null only
without quotes. A value that `values` or `outcome` does not list is refused row by row
(`unknown_value`), even if it looks like a value of the contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn, TypeGuard
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
import yaml

from ingestion.contracts import CONTRACTS
from ingestion.contracts import ENVELOPE as ENVELOPE_COLUMNS
from ingestion.errors import NotFoundError, UsageError
from ingestion.sources.files import ENCODINGS, Format
from ingestion.sources.scalar_text import canonical
from ingestion.sources.time_forms import USUAL, Limits, TimeFormat, limit
from ingestion.tables import Column
from ingestion.vocabulary import EventType

PRESETS = Path(__file__).parent.parent / "mappings"
# What the mapping as a whole says, and no column may.
# Sources that a mapping cannot describe, chosen as if they were mappings.
READERS = ("prism", "leaderbot", "every-eval-ever", "benchbench")
ENVELOPE = frozenset({"event_type", "schema_version", "source"})
_NULL_TAG = "tag:yaml.org,2002:null"
_KINDS = ("column", "first_of", "columns", "constant", "row_number", "each_of", "each", "winner")
# What may stand beside where the values come from.
_TIME_DETAILS = ("timezone", "ambiguous", "unit", "format", "earliest", "latest")
_DETAILS = ("optional", "values", "missing", "decimal", *_TIME_DETAILS)
# Of a local time that clocks show twice, which is meant.
EARLIER, LATER = "earlier", "later"
_CHOICES = {"unit": ("s", "ms", "us", "ns"), "ambiguous": (EARLIER, LATER), "decimal": (".", ",")}
_SOURCE = next(column for column in ENVELOPE_COLUMNS if column.name == "source")


@dataclass(frozen=True)
class FromColumn:
    """One column of the file: the first of `names` that it has; without names, `each_of`'s."""

    names: tuple[str, ...]
    is_optional: bool = False
    values: Map[str, str | None] | None = None
    missing: tuple[str, ...] | None = None
    timezone: str | None = None
    ambiguous: str | None = None
    unit: str | None = None
    formats: tuple[TimeFormat, ...] = ()
    limits: Limits = USUAL
    has_decimal_comma: bool = False


@dataclass(frozen=True)
class Joined:
    """Several columns together."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Constant:
    """The same value for every row."""

    value: str


@dataclass(frozen=True)
class RowNumber:
    """The row's number in the file."""


@dataclass(frozen=True)
class OneHot:
    """One column per value, of which exactly one is 1 or true."""

    values: Map[str, str]


@dataclass(frozen=True)
class EachOf:
    """One event per column of the file: column -> the value of the contract's column.

    What stands in the file's column is taken by the contract's column that says `each: true`.
    """

    values: Map[str, str]


@dataclass(frozen=True)
class Winner:
    """A column that holds the winner's name, and one that is 1 or true for a tie."""

    name: str
    tie: str | None = None


ColumnSpec = FromColumn | Joined | Constant | RowNumber | OneHot | EachOf | Winner


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """A mapping that was read and found right.

    Args:
        name: what messages call it: the preset's name or the file's path.
        source: the source's name.
        event: which contract the rows follow.
        columns: contract column -> where it comes from.
        format: how the file holds its rows; None: by its content.
        delimiter: between fields of CSV; None: what the file itself says, or a comma.
        skip_rows: rows below the header of CSV that are no data; None: recognised.
        encoding: what the file's text is written in; None: UTF-8.
        rows: the place of lists in JSON whose elements are the rows; None: an object is one.
        where: column of the file -> the values of the rows that are meant; others are set aside.
        participants_of: the source whose ids the participants' are; None: this one's.
        missing: words that mean null in every column; None: those that usually do.
        aliases: the path of a file of aliases that goes with every load; None: there is none.
        text: the YAML text: part of a load's fingerprint.
    """

    name: str
    source: str
    event: EventType
    columns: Map[str, ColumnSpec]
    format: Format | None = None
    delimiter: str | None = None
    skip_rows: int | None = None
    encoding: str | None = None
    rows: str | None = None
    where: Map[str, tuple[str, ...]] = field(default_factory=dict)
    participants_of: str | None = None
    missing: tuple[str, ...] | None = None
    aliases: str | None = None
    text: str = field(default="", repr=False)

    @property
    def limits(self) -> Limits:
        """Between which instants its events may lie."""
        spec = self.columns.get("occurred_at")
        return spec.limits if isinstance(spec, FromColumn) else USUAL

    def unfolded(self) -> list[tuple[Mapping, str | None]]:
        """The mappings that read one event per row each, with the column that says `each`.

        One and no column, unless a column of the contract says `each_of`.
        """
        taker = self.taker
        mappings: list[tuple[Mapping, str | None]] = []
        for name, spec in self.columns.items():
            for column, value in spec.values.items() if isinstance(spec, EachOf) else ():
                taken = self.columns[taker]
                own = replace(taken, names=(column,)) if _says_each(taken) else taken
                columns = {**self.columns, name: Constant(value), taker: own}
                mappings.append((replace(self, columns=columns), taker))
        return mappings or [(self, None)]

    @property
    def taker(self) -> str:
        """The column that says `each: true`; none: an empty text."""
        return next((name for name, spec in self.columns.items() if _says_each(spec)), "")


def _says_each(spec: ColumnSpec) -> TypeGuard[FromColumn]:
    return isinstance(spec, FromColumn) and not spec.names


def presets() -> list[str]:
    """Names of the mappings that are shipped."""
    return sorted(path.stem for path in PRESETS.glob("*.yml"))


def mapping_names() -> list[str]:
    """What `--mapping` takes besides a path."""
    return sorted([*presets(), *READERS])


def load_mapping(name: str, *, source: str | None = None) -> Mapping:
    """The preset of that name, or the mapping at that path; `source` overrides the one it names.

    Raises:
        UsageError: there is no such preset, or the file is not text or does not follow the format.
        NotFoundError: there is no file at that path.
    """
    path = PRESETS / f"{name}.yml" if name in presets() else Path(name)
    is_path = "/" in name or path.suffix in {".yml", ".yaml"}
    if not is_path and not path.is_file():
        raise UsageError(
            f"There is no mapping called {name!r}; shipped are {', '.join(mapping_names())}.",
            remedy="For a mapping of your own give its path: --mapping ./mine.yml",
        )
    if not path.exists():
        raise NotFoundError(f"{name}: no such mapping file.", remedy="Check the path.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{name}: the mapping cannot be read: {error}.", remedy="It must be YAML in UTF-8."
        ) from error
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
    """Reads the nodes of one YAML file; every method raises UsageError naming file and line."""

    def __init__(self, name: str) -> None:
        self.name = name

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
        known = (
            "source",
            "participants_of",
            "event",
            "aliases",
            "file",
            "where",
            "columns",
            "outcome",
            "missing",
        )
        top = self.entries(root, "mapping", known)
        for key in ("source", "event", "columns"):
            if key not in top:
                self.fail(root, f"the key {key!r} is missing", "Add it.")
        source = self.source_name(top["source"], "source")
        whose = top.get("participants_of")
        people = None if whose is None else self.source_name(whose, "participants_of")
        event = EventType(self.one_of(top["event"], "event", EventType))
        mapping = Mapping(
            name=self.name,
            source=source,
            event=event,
            columns=self.columns(top["columns"], event, top.get("outcome")),
            participants_of=people,
            missing=self.words(top["missing"]) if "missing" in top else None,
            aliases=self.beside(top["aliases"]) if "aliases" in top else None,
            text=text,
        )
        if "where" in top:
            mapping = replace(mapping, where=self.where(top["where"]))
        return self.file(mapping, top["file"]) if "file" in top else mapping

    def where(self, node: yaml.Node) -> dict[str, tuple[str, ...]]:
        """Which rows are meant: per column of the file one value or a list."""
        pairs = self.entries(node, "where")
        return {
            name: self.names(value)
            if isinstance(value, yaml.SequenceNode)
            else (self.text(value, f"where {name}"),)
            for name, value in pairs.items()
        }

    def file(self, mapping: Mapping, node: yaml.Node) -> Mapping:
        """How the file holds its rows."""
        file = self.entries(node, "file", ("format", "delimiter", "encoding", "skip_rows", "rows"))
        if "format" in file:
            kind = self.one_of(file["format"], "file format", [*Format, "auto"])
            mapping = replace(mapping, format=None if kind == "auto" else Format(kind))
        if "delimiter" in file:
            mark = self.text(file["delimiter"], "delimiter")
            if len(mark) != 1 or mark in '"\r\n' or not mark.isascii():
                fault = "the delimiter must be one character"
                self.fail(file["delimiter"], fault, "Try ';' or \"\\t\".")
            mapping = replace(mapping, delimiter=mark)
        if "encoding" in file:
            name = self.one_of(file["encoding"], "encoding", ["utf-8", *ENCODINGS])
            mapping = replace(mapping, encoding=None if name == "utf-8" else name)
        if "skip_rows" in file:
            count = self.text(file["skip_rows"], "skip_rows")
            if not re.fullmatch(r"[0-9]{1,4}", count):
                fault = f"skip_rows: {count!r} is no number of rows"
                self.fail(file["skip_rows"], fault, "Write how many rows below the header to skip.")
            mapping = replace(mapping, skip_rows=int(count))
        if "rows" in file:
            mapping = replace(mapping, rows=self.text(file["rows"], "rows"))
        return mapping

    def beside(self, node: yaml.Node) -> str:
        """The path of a file, from where the mapping lies."""
        return str(Path(self.name).parent / self.text(node, "aliases"))

    def source_name(self, node: yaml.Node, what: str) -> str:
        """A text that can name a source."""
        text = self.text(node, what)
        if not re.fullmatch(_SOURCE.pattern or "", text):
            self.fail(node, f"{text!r} cannot name a source", "Use a-z 0-9 _ . - only.")
        return text

    def columns(
        self, node: yaml.Node, event: EventType, outcome: yaml.Node | None
    ) -> dict[str, ColumnSpec]:
        """Where each of an event's columns comes from."""
        columns = CONTRACTS[event].log_columns
        known = {c.source_name: c for c in columns if c.source_name not in ENVELOPE}
        entries = self.entries(node, f"columns of {event}", known)
        found = {name: self.spec(value, known[name]) for name, value in entries.items()}
        specs = {name: spec for name, spec in found.items() if spec is not None}
        spec = specs.get("outcome")
        if isinstance(spec, FromColumn) and spec.values is None:
            if outcome is None:
                fault = "the values of the column outcome are not listed"
                self.fail(node, fault, "Add for example `outcome: {left: a, right: b, tie: tie}`.")
            specs["outcome"] = replace(spec, values=self.meanings(outcome, known["outcome"]))
        elif outcome is not None:
            fault = "`outcome:` lists the values of a column, and none is mapped to outcome"
            self.fail(outcome, fault, "Map outcome to one column, or remove this list.")
        self.check_each(node, specs)
        missing = [name for name, c in known.items() if c.is_required and name not in specs]
        if missing:
            fault = f"{event} needs {', '.join(missing)}, and the mapping does not say where from"
            self.fail(node, fault, "Map each to a column or a constant.")
        return specs

    def check_each(self, node: yaml.Node, specs: Map[str, ColumnSpec]) -> None:
        """`each_of` and `each` are there once each, or not at all."""
        each_of = [name for name, spec in specs.items() if isinstance(spec, EachOf)]
        takers = [name for name, spec in specs.items() if _says_each(spec)]
        if len(each_of) > 1 or len(takers) > 1 or len(each_of) != len(takers):
            fault = f"each_of is there {len(each_of)} times, each: true {len(takers)} times"
            remedy = "Write `dimension: {each_of: {Q1: overall}}` and `outcome: {each: true}`."
            self.fail(node, fault, remedy)

    def spec(self, node: yaml.Node, column: Column) -> ColumnSpec | None:
        """Where one column comes from; None where the source has none."""
        name = column.source_name
        if isinstance(node, yaml.ScalarNode):
            return None if node.tag == _NULL_TAG else FromColumn((self.text(node, "column name"),))
        if isinstance(node, yaml.SequenceNode):
            return Joined(self.names(node))
        spec = self.entries(node, name, (*_KINDS, "tie", *_DETAILS))
        kinds = [key for key in _KINDS if key in spec]
        if len(kinds) != 1:
            fault = f"{name}: says {len(kinds)} times where its values come from"
            self.fail(node, fault, f"Give exactly one of {', '.join(_KINDS)}.")
        kind, value = kinds[0], spec.pop(kinds[0])
        if kind in {"column", "first_of", "each"}:
            return self.from_column(self.read_from(kind, value), spec, column)
        if kind == "winner":
            return self.winner(value, spec, column)
        for key, detail in spec.items():
            self.fail(detail, f"{key} does not go with {kind}", "Remove it.")
        return self.of_itself(kind, value, column)

    def of_itself(self, kind: str, node: yaml.Node, column: Column) -> ColumnSpec:
        """Where a column comes from, with nothing said beside it."""
        if kind == "constant":
            return Constant(self.in_vocabulary(node, column))
        if kind == "row_number":
            self.true(node, kind)
            return RowNumber()
        values = self.values(node, column)
        return OneHot(values) if kind == "columns" else EachOf(values)

    def read_from(self, kind: str, node: yaml.Node) -> tuple[str, ...]:
        """The columns of the file of which the first is read; none for the one of `each_of`."""
        if kind == "each":
            self.true(node, kind)
            return ()
        return self.names(node) if kind == "first_of" else (self.text(node, "column name"),)

    def winner(self, node: yaml.Node, details: dict[str, yaml.Node], column: Column) -> Winner:
        """Where the winner's name stands, and which column says that nobody won."""
        if column.source_name != "outcome":
            self.fail(node, f"{column.source_name} is not named by a winner", "Only outcome is.")
        for key, detail in details.items():
            if key != "tie":
                self.fail(detail, f"{key} does not go with winner", "Remove it.")
        tie = self.text(details["tie"], "column name") if "tie" in details else None
        return Winner(self.text(node, "column name"), tie)

    def from_column(
        self, names: tuple[str, ...], details: dict[str, yaml.Node], column: Column
    ) -> FromColumn:
        """What is said of a column of the file besides its name."""
        spec = FromColumn(names)
        for key, node in details.items():
            self.check_kind(key, node, column)
            if key == "optional":
                self.true(node, key)
                spec = replace(spec, is_optional=True)
            elif key == "values":
                spec = replace(spec, values=self.meanings(node, column))
            elif key == "missing":
                spec = replace(spec, missing=self.words(node))
            elif key == "timezone":
                spec = replace(spec, timezone=self.zone(node))
            elif key in _CHOICES:
                spec = self.chosen(spec, key, node)
            elif key == "format":
                spec = replace(spec, formats=self.formats(node, details))
            else:
                spec = replace(spec, limits=self.limits(key, node, spec.limits))
        if spec.ambiguous and not spec.timezone:
            fault = "ambiguous goes with timezone"
            self.fail(details["ambiguous"], fault, "Write whose time it is.")
        return spec

    def chosen(self, spec: FromColumn, key: str, node: yaml.Node) -> FromColumn:
        """What numbers count, how they are written, or which of two local times is meant."""
        text = self.one_of(node, key, _CHOICES[key])
        if key == "decimal":
            return replace(spec, has_decimal_comma=text == ",")
        return replace(spec, unit=text) if key == "unit" else replace(spec, ambiguous=text)

    def check_kind(self, key: str, node: yaml.Node, column: Column) -> None:
        """What is said of times or numbers is said of one."""
        if key in _TIME_DETAILS and not pa.types.is_timestamp(column.type):
            self.fail(node, f"{column.source_name} is not a time", f"Remove {key}.")
        if key == "decimal" and not column.is_number:
            self.fail(node, f"{column.source_name} is not a number", "Remove decimal.")

    def formats(self, node: yaml.Node, details: dict[str, yaml.Node]) -> tuple[TimeFormat, ...]:
        """One format of times, or several in the order in which they are tried."""
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not items:
            self.fail(node, "expected a format of times", "Write '%d/%m/%Y %H:%M:%S'.")
        found = []
        for item in items:
            text = self.text(item, "format")
            try:
                found.append(TimeFormat(text))
            except ValueError as error:
                self.fail(item, f"the format {text!r} {error}", "Write '%d/%m/%Y %H:%M:%S'.")
            if not found[-1].has_zone and "timezone" not in details:
                self.fail(
                    item,
                    f"the format {text!r} reads no zone",
                    "Say whose time it is beside it: `timezone: Europe/London`, or UTC.",
                )
        if "unit" in details:
            self.fail(node, "format does not go with unit", "Remove one of the two.")
        return tuple(found)

    def limits(self, key: str, node: yaml.Node, before: Limits) -> Limits:
        """The first or last instant that is taken, beside the other."""
        text = self.text(node, key)
        try:
            found = limit(text, is_last=key == "latest")
        except (ValueError, OverflowError):
            self.fail(node, f"{key}: {text!r} is no day or time", "Write 2015-01-01.")
        limits = replace(before, **{key: found})
        if limits.latest is not None and limits.latest < limits.earliest:
            self.fail(node, f"{key}: no time is left between the two", "Correct one of them.")
        return limits

    def entries(
        self, node: yaml.Node, what: str, known: Iterable[str] | None = None
    ) -> dict[str, yaml.Node]:
        """The pairs under a node that has to have some; keys must be known, if any are."""
        if not isinstance(node, yaml.MappingNode):
            self.fail(node, f"{what}: expected `key: value` pairs", "See docs for the format.")
        entries: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self.text(key, "key")
            if known is not None and name not in known:
                self.fail(key, f"{what}: unknown key {name!r}", _choices(name, known))
            if name in entries:
                self.fail(key, f"{what}: {name!r} is there twice", "Remove one.")
            entries[name] = value
        return entries

    def values(self, node: yaml.Node, column: Column) -> dict[str, str]:
        """What each value of the file means."""
        pairs = self.entries(node, column.source_name)
        if not pairs:
            self.fail(node, f"{column.source_name}: no value is listed", "List all there are.")
        return {name: self.in_vocabulary(value, column) for name, value in pairs.items()}

    def meanings(self, node: yaml.Node, column: Column) -> dict[str, str | None]:
        """What each value of a column means, by its one text; null: nothing was said."""
        pairs = self.entries(node, column.source_name)
        if not pairs:
            self.fail(node, f"{column.source_name}: no value is listed", "List all there are.")
        meanings: dict[str, str | None] = {}
        for name, value in pairs.items():
            is_null = isinstance(value, yaml.ScalarNode) and value.tag == _NULL_TAG
            meaning = None if is_null else self.in_vocabulary(value, column)
            text = canonical(name)
            if meanings.get(text, meaning) != meaning:
                fault = f"{column.source_name}: {name!r} is {text!r}, which means something else"
                self.fail(value, fault, "The two are one value; remove one of them.")
            meanings[text] = meaning
        return meanings

    def words(self, node: yaml.Node) -> tuple[str, ...]:
        """Words for missing; `NULL` is one, with or without quotes."""
        items = node.value if isinstance(node, yaml.SequenceNode) else None
        if items is None or not all(isinstance(i, yaml.ScalarNode) and i.value for i in items):
            self.fail(node, "missing: expected a list of words", "Write [NA, nan], or [] for none.")
        return tuple(str(item.value).strip() for item in items)

    def in_vocabulary(self, node: yaml.Node, column: Column) -> str:
        """A value that the contract allows."""
        if column.vocabulary:
            return self.one_of(node, column.source_name, column.vocabulary)
        return self.text(node, column.source_name)

    def zone(self, node: yaml.Node) -> str:
        """The name of a time zone."""
        text = self.text(node, "timezone")
        try:
            ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(node, f"unknown timezone {text!r}", "Write UTC or, say, Europe/London.")
        return text

    def names(self, node: yaml.Node) -> tuple[str, ...]:
        """A list of column names."""
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.fail(node, "expected a list of column names", "Write [first, second].")
        return tuple(self.text(item, "column name") for item in node.value)

    def one_of(self, node: yaml.Node, what: str, known: Iterable[str]) -> str:
        """A text out of a closed set."""
        text = self.text(node, what)
        if text not in list(known):
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


def _choices(text: str, known: Iterable[str]) -> str:
    allowed = [str(value) for value in known]
    near = get_close_matches(text, allowed, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"{hint}Allowed: {', '.join(allowed)}."
