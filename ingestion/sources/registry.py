"""Picks the reader for a path, a mapping and a source name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingestion.errors import UsageError
from ingestion.paths import Home
from ingestion.sources.aliases import YAML_ENDINGS, AliasCsv, AliasYaml, alias_columns
from ingestion.sources.batch import Source
from ingestion.sources.benchbench import HelmTables
from ingestion.sources.bounds import DEFAULT, Bounds
from ingestion.sources.eval_ever import EvalEver
from ingestion.sources.files import Format, LocalFile, inspect_file
from ingestion.sources.flat import FlatFile
from ingestion.sources.leaderbot import LeaderbotCounts
from ingestion.sources.mapping import READERS, check_source, load_mapping, mapping_names
from ingestion.sources.native import NativeJsonl, NativeParquet
from ingestion.sources.prism import Prism
from ingestion.sources.remote import fetch, is_remote
from ingestion.visible_text import visible

# Readers that find the file's form out by themselves.
_WHOLE_FILES: dict[str, Callable[[str, Path, str | None], Source]] = {
    "leaderbot": LeaderbotCounts,
    "every-eval-ever": EvalEver,
    "benchbench": HelmTables,
}


def open_source(
    path: str,
    *,
    mapping: str | None = None,
    source: str | None = None,
    cache: Path | None = None,
    bounds: Bounds = DEFAULT,
) -> Source:
    """The file at `path`, ready to be read once.

    Args:
        path: a local path, or hf://datasets/OWNER/NAME/PATH.
        mapping: a preset's name, the name of a reader or the path of a YAML mapping; None for
            native files and files of aliases.
        source: overrides the source's name in a mapping; in native files it is the name for rows
            that do not say their own.
        cache: where remote files are kept; by default `cache/remote` of the home.
        bounds: how much the file may become once it is unpacked.

    Raises:
        UsageError: an unknown mapping, a mapping that breaks the format, a directory, a CSV
            without a mapping.
        NotFoundError: no such file.
        LoadRefusedError: empty, truncated, not text and not Parquet, not UTF-8.
        DemoscopeError: a remote file cannot be fetched.
    """
    if source is not None:
        check_source(source)
    # The mapping first: a fault in it should not wait for a download.
    described = None
    if mapping is not None and mapping not in READERS:
        described = load_mapping(mapping, source=source)
    local = None
    if is_remote(path):
        local = fetch(path, cache or Home.from_environment().cache / "remote")
    if mapping in _WHOLE_FILES:
        return _WHOLE_FILES[mapping](visible(path), local or Path(path), source)
    file = inspect_file(path, local, bounds)
    path = file.name
    if described is not None:
        return FlatFile(file, described)
    if mapping == "prism":
        if file.format is not Format.JSONL:
            raise UsageError(
                f"{path}: looks like {file.format}, not like PRISM's survey.jsonl or "
                "utterances.jsonl.",
                remedy="Check the path.",
            )
        return Prism(file, source)
    return _unmapped(file, source)


def _unmapped(file: LocalFile, source: str | None) -> Source:
    """A file that says by itself what it is."""
    if file.format is Format.PARQUET:
        return NativeParquet(file, source)
    if file.name.endswith(YAML_ENDINGS):
        return AliasYaml(file, source)
    if file.format is Format.CSV:
        columns = alias_columns(file)
        if columns is not None:
            return AliasCsv(file, columns, source)
        raise UsageError(
            f"{file.name}: is no native event file (JSONL or Parquet with event_type, source, ...)"
            " and no file of aliases (alias, model).",
            remedy="Say with --mapping what its columns mean: a path to a mapping of your own, or "
            f"one of {', '.join(mapping_names())}.",
        )
    return NativeJsonl(file, source)


def size_of(path: str) -> int:
    """Bytes of a local file; 0 of what is none."""
    local = Path(path)
    return local.stat().st_size if local.is_file() else 0
