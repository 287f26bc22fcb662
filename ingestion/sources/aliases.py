"""A file of aliases: which names mean one model. CSV or YAML, without a mapping.

    alias,model,applies_to          aliases:
    gpt4,gpt-4,                       gpt4: gpt-4
    old-name,gpt-4,later              old-name: {model: gpt-4, applies_to: later}

Row numbers are rows of data in CSV, lines in YAML.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import yaml

from ingestion.errors import LoadRefusedError, UsageError
from ingestion.sources.batch import FileSource, NativeBatch, at, batch_of_rows
from ingestion.sources.csv_rows import CsvRows
from ingestion.sources.files import LocalFile
from ingestion.vocabulary import AliasReach, EventType

SOURCE = "aliases"
ALIAS, REACH, MODEL_NAMES = "alias", "applies_to", ("model", "model_id")
DELIMITERS = ",;\t"
YAML_ENDINGS = (".yml", ".yaml")
MAX_YAML_BYTES = 4 << 20
_NULL_TAG = "tag:yaml.org,2002:null"
_FORM = "A file of aliases has the columns alias, model and, if need be, applies_to (all or later)."

Row = dict[str, str | None]


@dataclass(frozen=True)
class AliasColumns:
    """Where a CSV file of aliases has what: its delimiter and the header's names."""

    delimiter: str
    alias: str
    model: str
    reach: str | None


def alias_columns(file: LocalFile) -> AliasColumns | None:
    """How a CSV file says its aliases; None where it is no file of aliases.

    Raises:
        UsageError: it has the columns of aliases and others that are not known.
    """
    # A lone carriage return ends a line, too.
    first = (file.head.splitlines() or [b""])[0].decode("utf-8", "replace")
    for delimiter in DELIMITERS:
        header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
        known = {name.lower(): name for name in header}
        model = next((known[name] for name in MODEL_NAMES if name in known), None)
        if ALIAS not in known or model is None:
            continue
        mine = {known[ALIAS], model, known.get(REACH)}
        other = [name for name in header if name not in mine]
        if other or len(set(header)) < len(header):
            raise UsageError(
                f"{file.name}: is a file of aliases with the columns {', '.join(header)}.",
                remedy=f"{_FORM} Or say with --mapping what the columns mean.",
            )
        return AliasColumns(delimiter, known[ALIAS], model, known.get(REACH))
    return None


class AliasCsv(FileSource):
    """Aliases as CSV."""

    def __init__(self, file: LocalFile, columns: AliasColumns, source: str | None) -> None:
        super().__init__(file, source or SOURCE, "aliases")
        self._columns = columns

    def batches(self) -> Iterator[NativeBatch]:
        """One statement per row."""
        columns = self._columns
        wanted = [columns.alias, columns.model, *([columns.reach] if columns.reach else [])]
        for piece in CsvRows(self.file, columns.delimiter).pieces(wanted):
            values = [column.to_pylist() for column in piece.table.columns]
            reaches = values[2] if columns.reach else [None] * len(piece.numbers)
            rows = [_row(*said) for said in zip(values[0], values[1], reaches, strict=True)]
            yield batch_of_rows(
                EventType.MODEL_ALIASED,
                self.source or SOURCE,
                rows,
                piece.numbers.tolist(),
                piece.originals,
                piece.objections,
            )


class AliasYaml(FileSource):
    """Aliases as YAML: a mapping under the one key `aliases`."""

    def __init__(self, file: LocalFile, source: str | None) -> None:
        super().__init__(file, source or SOURCE, "aliases")

    def batches(self) -> Iterator[NativeBatch]:
        """One statement per pair."""
        rows, numbers, texts = [], [], []
        for key, value in self._pairs():
            alias, said = self._text(key), self._said(value)
            rows.append(_row(alias, *said))
            numbers.append(key.start_mark.line + 1)
            texts.append(f"{alias}: {said[0]}")
        kind, source = EventType.MODEL_ALIASED, self.source or SOURCE
        yield batch_of_rows(kind, source, rows, numbers, partial(at, texts))

    def _pairs(self) -> list[tuple[yaml.Node, yaml.Node]]:
        with self.file.open_seekable() as stream:
            content = stream.read(MAX_YAML_BYTES + 1)
        if len(content) > MAX_YAML_BYTES:
            raise LoadRefusedError(
                f"{self.name}: is YAML of more than {MAX_YAML_BYTES:,} bytes, which is the limit.",
                remedy="Write the aliases as CSV, with the columns alias and model.",
            )
        try:
            root = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            detail = " ".join(str(error).split())
            message = f"{self.name}: is not YAML: {detail}."
            raise UsageError(message, remedy="Correct the place it names.") from error
        top = root.value if isinstance(root, yaml.MappingNode) else []
        keys = [key.value for key, _ in top if isinstance(key, yaml.ScalarNode)]
        if len(top) != 1 or keys != ["aliases"] or not isinstance(top[0][1], yaml.MappingNode):
            raise UsageError(
                f"{self.name}: is no file of aliases; its keys are {', '.join(keys) or 'none'}.",
                remedy="Write the one key `aliases`, and under it `alias: model` pairs. A mapping "
                "is given with --mapping, beside the file that it is for.",
            )
        pairs: list[tuple[yaml.Node, yaml.Node]] = top[0][1].value
        names: set[str] = set()
        for key, _ in pairs:
            name = self._text(key)
            if name in names:
                self._fail(key, f"the alias {name!r} is there twice", "Remove one.")
            names.add(name)
        if not pairs:
            self._fail(top[0][1], "there is no alias in it", "Write `alias: model`.")
        return pairs

    def _said(self, node: yaml.Node) -> tuple[str | None, str | None]:
        """The model and which names it is about."""
        if not isinstance(node, yaml.MappingNode):
            return self._text(node), None
        said = {self._text(key): self._text(value) for key, value in node.value}
        unknown = [name for name in said if name not in {*MODEL_NAMES, REACH}]
        if unknown:
            self._fail(node, f"unknown key {unknown[0]!r}", "Allowed: model, applies_to.")
        return next((said[name] for name in MODEL_NAMES if name in said), None), said.get(REACH)

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL_TAG:
            self._fail(node, "expected a name", "Write one; in quotes if it is special.")
        text: str = node.value
        return text

    def _fail(self, node: yaml.Node, what: str, remedy: str) -> NoReturn:
        raise UsageError(f"{self.name}, line {node.start_mark.line + 1}: {what}.", remedy=remedy)


def _row(alias: str | None, model: str | None, reach: str | None) -> Row:
    """A statement in native form. The same statement again is the same event."""
    reach = (reach or "").strip().lower() or AliasReach.ALL.value
    name, model_id = (alias or "").strip(), (model or "").strip()
    native_id = json.dumps([name, model_id, reach], ensure_ascii=False)
    return {"native_id": native_id, "alias": name, "model_id": model_id, "applies_to": reach}
