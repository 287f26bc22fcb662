"""A mapping as YAML, with what was guessed, what should be checked and what is left to fill in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.contracts import CONTRACTS
from ingestion.drafting.guesses import FILL_IN, SCALE, Guesses, quoted
from ingestion.drafting.sample import Sample, read_sample
from ingestion.drafting.trial import Trial, try_mapping
from ingestion.drafting.verdicts import model_columns
from ingestion.drafting.words import CALLED, slug
from ingestion.errors import LoadRefusedError, UsageError
from ingestion.sources.files import Format
from ingestion.sources.mapping import PRESETS, load_mapping, parse_mapping, presets
from ingestion.vocabulary import EventType

if TYPE_CHECKING:
    from ingestion.sources.files import LocalFile

ABOUT_PEOPLE = ("country", "age", "gender", "ethnicity", "politics", "education")
PEOPLE_MIN = 2
REFUSED_MAX = 0.05
COLUMNS_SHOWN = 40
SOURCE_LENGTH = 63
QUALTRICS = {"Status": "IP Address", "Finished": "true"}


@dataclass
class Draft:
    """A mapping that was drafted.

    Args:
        event: what a row of the file is.
        text: the YAML.
        preset: the preset whose columns the file has; None: it was guessed.
        sample: the first rows.
        guesses: column of the contract, where it comes from, and why.
        checks: what a person should look at.
        gaps: what a person has to fill in before it can be used.
        unused: columns of the file that nothing reads.
        trial: the first rows read by it; None where something has to be filled in.
    """

    event: EventType
    text: str
    preset: str | None
    sample: Sample
    guesses: list[tuple[str, str, str]] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    trial: Trial | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it can be used as it is."""
        return FILL_IN not in self.text


def draft_mapping(
    file: LocalFile,
    *,
    event: EventType | None = None,
    source: str | None = None,
    zone: str | None = None,
) -> Draft:
    """A first mapping for a flat file.

    Args:
        file: the file.
        event: what its rows are; None: to be seen.
        source: the name of the source; None: the file's own name, or the preset's.
        zone: the time zone of times that name none.

    Raises:
        UsageError: it needs no mapping, or what its rows are can't be seen.
        LoadRefusedError: it cannot be read.
    """
    sample = read_sample(file)
    if not sample.row_count:
        raise LoadRefusedError(
            f"{file.name}: no row can be read.", remedy="Repair its first rows, then try again."
        )
    if "event_type" in sample.columns and file.format is not Format.CSV:
        raise UsageError(
            f"{file.name}: is a file of events, which needs no mapping.",
            remedy=f"demoscope ingest {file.name}",
        )
    if (preset := _preset(file, event)) is not None:
        return _from_preset(file, preset, source, sample)
    models = model_columns(sample)
    event = event or _event(sample, models, file.name)
    guesses = Guesses(sample, event, zone, models if _is_of_pairs(event) else None)
    guesses.find()
    return _written(file, guesses, source or _source_name(file))


def _is_of_pairs(event: EventType) -> bool:
    return any(column.source_name == "model_a" for column in CONTRACTS[event].log_columns)


def _preset(file: LocalFile, event: EventType | None) -> str | None:
    """The preset by which the first rows of the file are understood, the most columns of it."""
    fitting = []
    for name in presets():
        mapping = load_mapping(name)
        if event not in {None, mapping.event}:
            continue
        try:
            trial = try_mapping(file, mapping)
        except LoadRefusedError:
            continue
        if trial.understood_count and trial.refused_count <= REFUSED_MAX * trial.row_count:
            fitting.append((len(mapping.columns), name))
    return max(fitting)[1] if fitting else None


def _from_preset(file: LocalFile, preset: str, source: str | None, sample: Sample) -> Draft:
    text = (PRESETS / f"{preset}.yml").read_text(encoding="utf-8")
    if source is not None:
        text = re.sub(r"(?m)^source: .*$", f"source: {source}", text, count=1)
    mapping = parse_mapping(preset, text)
    guesses = [(name, "as the preset says", "") for name in mapping.columns]
    return Draft(mapping.event, text, preset, sample, guesses, trial=try_mapping(file, mapping))


def _event(sample: Sample, models: tuple[str, str] | None, file: str) -> EventType:
    """What a row is, by the columns there are."""
    slugs = {slug(name) for name in sample.columns}

    def has(name: str) -> bool:
        return bool(slugs & {name, *CALLED.get(name, ())})

    if models is not None:
        is_counts = has("win_a_count") and has("win_b_count")
        return EventType.BATTLES_TALLIED if is_counts else EventType.BATTLE_JUDGED
    is_rated = has("rating") or any(
        {*values} - {None} <= SCALE for values in sample.columns.values()
    )
    if has("model_id"):
        if has("benchmark") and has("score"):
            return EventType.BENCHMARK_REPORTED
        if is_rated:
            return EventType.EXPERIENCE_RATED
    if sum(map(has, ABOUT_PEOPLE)) >= PEOPLE_MIN and has("participant_id"):
        return EventType.PARTICIPANT_ENROLLED
    raise UsageError(
        f"{file}: what its rows are can't be seen from its columns: "
        f"{', '.join([*sample.columns][:COLUMNS_SHOWN])}.",
        remedy="Say it: --event battle_judged (two models and a winner), experience_rated (one "
        "model, 1 to 7), participant_enrolled (a person), or another event of the data dictionary.",
    )


def _source_name(file: LocalFile) -> str:
    stem = Path(file.name).name.split(".")[0]
    return slug(stem).replace("_", "-")[:SOURCE_LENGTH].strip("-") or "my-study"


def _written(file: LocalFile, found: Guesses, source: str) -> Draft:
    order = [column.source_name for column in CONTRACTS[found.event].log_columns]
    names = sorted(found.columns, key=order.index)
    lines = [
        f"# Drafted from the first {found.sample.row_count:,} rows. Read it before you load.",
        f"source: {source}  # part of every event's identity: choose it once",
        f"event: {found.event}",
    ]
    lines += _file_line(found.sample)
    if (where := _where(found.sample)) is not None:
        lines.append(where)
        found.used.update(QUALTRICS)
        found.checks.append("where: previews and unfinished responses are set aside.")
    lines += ["columns:", *(f"  {name}: {found.columns[name]}" for name in names)]
    if found.outcome:
        lines.append(f"outcome: {found.outcome}")
    text = "\n".join(lines) + "\n"
    draft = Draft(
        found.event,
        text,
        None,
        found.sample,
        [(name, found.columns[name], found.why[name]) for name in names],
        found.checks,
        found.gaps,
        [name for name in found.sample.columns if name not in found.used],
    )
    _add_remarks(draft)
    if draft.is_whole:
        draft.trial = try_mapping(file, parse_mapping("the drafted mapping", text))
    return draft


def _file_line(sample: Sample) -> list[str]:
    """What has to be said of how the file is written."""
    said = [] if sample.delimiter is None else [f"delimiter: {quoted(sample.delimiter)}"]
    said += [] if sample.encoding is None else [f"encoding: {sample.encoding}"]
    return [f"file: {{{', '.join([f'format: {sample.format}', *said])}}}"] if said else []


def _where(sample: Sample) -> str | None:
    """Which rows of Qualtrics are answers."""
    if not sample.is_qualtrics or not QUALTRICS.keys() <= sample.columns.keys():
        return None
    return f'where: {{Status: {QUALTRICS["Status"]}, Finished: "true"}}'


def _add_remarks(draft: Draft) -> None:
    sample = draft.sample
    if sample.repeated:
        draft.checks.append(
            f"More than one column is called {', '.join(map(repr, sample.repeated))}: rename them "
            "in the file to use them."
        )
    if sample.encoding is not None:
        cells = (text for column in sample.columns.values() for text in column if text)
        letters = next((text for text in [*sample.columns, *cells] if not text.isascii()), "")
        draft.checks.append(
            f"file: it is not UTF-8, and {sample.encoding} is written, which Excel uses. Is this "
            f"right: {letters!r}?"
        )
    if sample.undecodable:
        rows = ", ".join(map(str, sample.undecodable[:3]))
        draft.checks.append(
            f"{len(sample.undecodable):,} of the first rows are not UTF-8 (first: {rows}) and are "
            "refused. Convert the file: iconv -f WINDOWS-1252 -t UTF-8 FILE > FILE.utf8"
        )
    people = {word for name in ABOUT_PEOPLE for word in (name, *CALLED[name])}
    about = [name for name in draft.unused if slug(name) in people]
    if draft.event is not EventType.PARTICIPANT_ENROLLED and about:
        draft.checks.append(
            f"{', '.join(about)} {'says' if len(about) == 1 else 'say'} who people are, which "
            "boards are weighted by. For them: "
            "demoscope mapping init FILE --event participant_enrolled, with the same source."
        )
