"""What refused rows said of people who were erased: not kept, and blanked where it was kept.

A refused row has not been named yet, so it may say who it is about. Once somebody was erased, a row
of theirs keeps no content, and neither does one that cannot be read: it may be theirs.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from expectations.accounts import BLANKED, KNOWN_COLUMNS, with_more_erased
from expectations.gate import RefusedRow
from ingestion.contracts import CONTRACTS
from ingestion.errors import IntegrityError
from ingestion.json_object import parse_object
from ingestion.log.append import append_record
from ingestion.log.chain import digest_of
from ingestion.log.durable import fsync_file, replace_durably, write_durably
from ingestion.log.redaction import PRODUCER
from ingestion.log.workspace import Workspace
from ingestion.sources.batch import ROW_NUMBER
from ingestion.sources.names import normalised
from ingestion.visible_text import storable
from ingestion.vocabulary import Refusal
from orchestration.load_report import CUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ingestion.log import EventLog
    from ingestion.paths import Home
    from ingestion.sources.batch import NativeBatch
    from ingestion.subjects.log_form import Naming
    from ingestion.vocabulary import EventType

PARTICIPANT, SOURCE = "participant_id", "source"
MAY_BE_THEIRS = (
    "its content is not kept: it does not say whose it is, and it may be an erased participant's"
)
_UNREAD = {Refusal.BROKEN_JSON, Refusal.NOT_UTF8, Refusal.WRONG_COLUMN_COUNT}
_TEXTS = ("original", "detail", "refused_column")
# A JSON string's escapes; a UTF-16 pair is two of them.
_ESCAPE = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\[\"\\/bfnrt]")
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def erased_row(event_type: EventType, row_number: int) -> RefusedRow:
    """A participant was erased: that there was a row is kept, what it said is not."""
    return RefusedRow(str(event_type), row_number, Refusal.ERASED_PARTICIPANT, PARTICIPANT, "")


def less_content(names: Naming, native: NativeBatch, refused: list[RefusedRow]) -> list[RefusedRow]:
    """Refused rows of a batch, without what rows of erased people say, or rows of nobody known.

    Args:
        names: how the load names people.
        native: the batch that the rows are of.
        refused: the rows.
    """
    if not refused or not names.has_erased():
        return refused
    event_type = native.event_type
    if event_type is None:
        return [_unread(row) for row in refused]
    said = normalised(CONTRACTS[event_type], native.table)
    sources, people = _column(said, SOURCE), _column(said, PARTICIPANT)
    is_whole = pc.and_(pc.is_valid(people), pc.is_valid(sources)).to_pylist()
    is_erased = names.are_erased(pc.fill_null(sources, ""), people).to_pylist()
    place = {number: at for at, number in enumerate(said[ROW_NUMBER].to_pylist())}
    # A batch in which nobody is named is of a source without participants.
    needs_one = CONTRACTS[event_type].is_subject_required or people.null_count < len(people)
    kept = []
    for row in refused:
        at = place[row.row_number]
        is_doubtful = row.reason in _UNREAD or row.column in (PARTICIPANT, SOURCE)
        if is_erased[at]:
            kept.append(erased_row(event_type, row.row_number))
        elif is_doubtful or (needs_one and not is_whole[at]):
            kept.append(_unread(row))
        else:
            kept.append(row)
    return kept


def _column(table: pa.Table, name: str) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(len(table), pa.string())
    column = table[name].cast(pa.string()).combine_chunks()
    texts = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _unread(row: RefusedRow) -> RefusedRow:
    column = row.column if row.column in KNOWN_COLUMNS else ""
    return replace(row, column=column, original="", detail=MAY_BE_THEIRS)


def mentions(native_id: str) -> Callable[[str], bool]:
    """A test of whether a text has an id as a whole: `p1` is not in `p10`, but is in `p1-talk-3`.

    Texts are looked at as they are, and with the escapes of JSON and of CSV undone.
    """
    wanted = unicodedata.normalize("NFC", storable(native_id.strip()))
    whole = re.compile(rf"(?<![^\W_]){re.escape(wanted)}(?![^\W_])")

    def is_in(text: str) -> bool:
        forms = {text, _unescaped(text), text.replace('""', '"')}
        return any(whole.search(unicodedata.normalize("NFC", storable(form))) for form in forms)

    return is_in


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    escape = match[0]
    if escape[1] != "u":
        return _SHORT.get(escape[1], escape[1])
    halves = bytes.fromhex(escape.replace("\\u", ""))
    return halves.decode("utf-16-be", "surrogatepass")


def blank_mentions(home: Home, native_id: str) -> dict[str, int]:
    """Blank refused rows that mention an id, and what reports of loads show of them; durably.

    Nobody may load meanwhile. Rows of another source's participant with the same id are blanked
    too: a refused row does not surely say whose it is.

    Returns:
        How many refused rows were blanked, by the name of their file; of those that were blank
        before, none.
    """
    is_mention = mentions(native_id)
    blanked: dict[str, set[int]] = {}
    counts: dict[str, int] = {}
    for path in sorted(home.quarantine.glob("*.parquet")):
        numbers, counts[path.stem] = _blank_rows(path, is_mention)
        blanked[path.stem] = set(numbers)
    for path in sorted(home.loads.glob("*.json")):
        known = blanked.get(path.stem)
        late = blanked.get(f"{path.stem}-late", set())
        _blank_report(path, is_mention, None if known is None else known | late)
    return counts


def account_for_erased(
    log: EventLog, quarantine: Path, erasure: int, blanked: Mapping[str, int] | None
) -> None:
    """Commit to the log how many refused rows an erasure has blanked, where it has blanked any.

    Args:
        log: where to.
        quarantine: where the rows are.
        erasure: the commit that says who was erased.
        blanked: what `blank_mentions` said; None where an erasure was cut off before.
    """
    while changed := with_more_erased(log, quarantine, erasure, blanked):
        with Workspace(log.layout) as workspace:
            commit = log.continued(f"refused-{digest_of(changed)}", PRODUCER, refused=changed)
            append_record(log.layout, commit, workspace.path)
        # Where another commit came first, this one is made again behind it.
        log.refresh()


def _blank_rows(path: Path, is_mention: Callable[[str], bool]) -> tuple[list[int], int]:
    """Blank the rows of one file. Memory is bounded by a piece of it.

    Returns:
        The numbers of all that are blank now, and how many were not before.
    """
    with _opened(path) as file:
        is_found = [
            any(is_mention(row[name]) for name in _TEXTS if row[name] is not None)
            for piece in file.iter_batches(columns=list(_TEXTS))
            for row in piece.to_pylist()
        ]
        if not any(is_found):
            return [], 0
        numbers: list[int] = []
        count = 0
        temporary = path.with_name(f".{path.stem}.partial")
        temporary.unlink(missing_ok=True)
        temporary.touch(mode=0o600)
        place = iter(is_found)
        with pq.ParquetWriter(temporary, file.schema_arrow, compression="zstd") as writer:
            for piece in file.iter_batches():
                before = piece.to_pylist()
                count += sum(row["detail"] == BLANKED for row in before)
                rows = [_blank(row) if next(place) else row for row in before]
                numbers += [row["row_number"] for row in rows if row["detail"] == BLANKED]
                writer.write_table(pa.Table.from_pylist(rows, file.schema_arrow))
    fsync_file(temporary)
    replace_durably(temporary, path)
    return numbers, len(numbers) - count


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except pa.ArrowException as error:
        message = f"{path} cannot be read, so nobody knows whether it mentions the participant."
        remedy = "Delete it, then give the same command again."
        raise IntegrityError(message, remedy=remedy) from error


def _blank(row: dict[str, Any]) -> dict[str, Any]:
    column = row["refused_column"]
    known = column if column in KNOWN_COLUMNS else None
    # Its hash stays, and without the salt nobody can try what it was of.
    unsalted = {"salt": None} if "salt" in row else {}
    return row | unsalted | {"original": "", "detail": BLANKED, "refused_column": known}


def _blank_report(path: Path, is_mention: Callable[[str], bool], numbers: set[int] | None) -> None:
    """Blank a report's examples: those that mention the id, and those of blanked rows.

    An example is cut to a line, and the id may have stood in the rest. So without the load's
    quarantined rows (`numbers` is None) each that was cut is blanked.
    """
    try:
        report = parse_object(path.read_bytes())
        examples = report["examples"]
        changed = [
            one | {"original": "", "detail": BLANKED}
            if _is_theirs(one, is_mention, numbers)
            else one
            for one in examples
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if not is_mention(path.read_text(encoding="utf-8", errors="replace")):
            return
        message = f"{path} is damaged, and it mentions the participant."
        remedy = "Delete it, then give the same command again."
        raise IntegrityError(message, remedy=remedy) from error
    if changed != examples:
        said = report | {"examples": changed}
        text = json.dumps(said, sort_keys=True, ensure_ascii=False, allow_nan=False)
        temporary = path.with_name(f".{path.stem}.partial")
        temporary.unlink(missing_ok=True)
        write_durably(temporary, f"{text}\n".encode(), 0o600)
        replace_durably(temporary, path)


def _is_theirs(
    one: dict[str, Any], is_mention: Callable[[str], bool], numbers: set[int] | None
) -> bool:
    texts = [one.get(name) or "" for name in ("original", "detail", "column")]
    if any(map(is_mention, texts)):
        return True
    if numbers is None:
        return texts[0].endswith(CUT)
    return one["row_number"] in numbers
