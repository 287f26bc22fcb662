"""The mapping: what the columns of a file mean in terms of a contract.

The format, stable from now on; everything not listed is refused, naming line and key::

    source: wmt16                 # required; part of every event's identity: a-z 0-9 _ . -
    event: battle_judged          # required; an event type
    file:                         # optional
      format: csv                 # csv | jsonl | parquet | auto (default: by the content)
      delimiter: ","              # CSV only
    columns:                      # contract column: where it comes from
      native_id: [id, worker]     # several columns together: stored as a JSON array, so that
                                  #   ("a", "bc") and ("ab", "c") stay different
      participant_id: worker      # one column, verbatim
      language: {column: lang, optional: true}        # the file may lack the column
      topic: {first_of: [topic, category], optional: true}   # the first that the file has
      dimension: {constant: overall}                  # the same for every row
      native_id: {row_number: true}                   # only where nothing else identifies a row:
                                                      #   the file must then never be re-ordered
      occurred_at: {column: t, timezone: Europe/London, unit: s}
                                  # timezone: of times without an offset (no offset and no timezone:
                                  #   the gate refuses the row). unit: of numbers since 1970 UTC:
                                  #   s, ms, us or ns
      gender: {column: sex, values: {"1": female, "2": male}}  # every value must be listed
      outcome: {columns: {winner_model_a: a, winner_model_b: b, winner_tie: tie}}
                                  # exactly one of these columns is 1 or true
      conversation_id: null       # the source has none; as good as leaving it out
    outcome: {left: a, right: b, tie: tie}   # short for `values` on the column outcome

A value that `values` or `outcome` does not list is refused row by row (`unknown_value`), even if it
looks like a value of the contract. Scalars are taken as they are written: `no`, `1` and `1.0` are
text. `null` means null only without quotes.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.errors import NotFoundError, UsageError
from ingestion.sources.files import Format
from ingestion.vocabulary import EventType

PRESETS = Path(__file__).parent.parent / "mappings"
# What the mapping as a whole says, and no column may.
ENVELOPE = frozenset({"event_type", "schema_version", "source"})


@dataclass(frozen=True)
class FromColumn:
    """One column of the file: the first of `names` that it has."""

    names: tuple[str, ...]
    is_optional: bool = False
    values: Map[str, str] | None = None
    timezone: str | None = None
    unit: str | None = None


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


ColumnSpec = FromColumn | Joined | Constant | RowNumber | OneHot


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """A mapping that was read and found right.

    Args:
        name: what messages call it: the preset's name or the file's path.
        source: the source's name.
        event: which contract the rows follow.
        columns: contract column -> where it comes from.
        format: how the file holds its rows; None: by its content.
        delimiter: between fields of CSV.
        text: the YAML text: part of a load's fingerprint.
    """

    name: str
    source: str
    event: EventType
    columns: Map[str, ColumnSpec]
    format: Format | None = None
    delimiter: str = ","
    text: str = field(default="", repr=False)


def presets() -> list[str]:
    """Names of the mappings that are shipped."""
    return sorted(path.stem for path in PRESETS.glob("*.yml"))


def find_mapping(name: str) -> tuple[str, str]:
    """A mapping's text and what messages call it, from a preset's name or a path.

    Raises:
        UsageError: there is no such preset, or the file is not text.
        NotFoundError: there is no such file.
    """
    path = PRESETS / f"{name}.yml"
    if name in presets():
        return name, path.read_text(encoding="utf-8")
    path = Path(name)
    is_path = "/" in name or path.suffix in {".yml", ".yaml"}
    if not is_path and not path.is_file():
        raise UsageError(
            f"There is no mapping called {name!r}; shipped are {', '.join(presets())}, prism and "
            "leaderbot.",
            remedy="For a mapping of your own give its path: --mapping ./mine.yml",
        )
    if not path.exists():
        raise NotFoundError(f"{name}: no such mapping file.", remedy="Check the path.")
    try:
        return name, path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{name}: the mapping cannot be read: {error}.", remedy="It must be YAML in UTF-8."
        ) from error
