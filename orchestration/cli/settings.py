"""What `demoscope.toml` says: defaults of a study, so that nobody types them again.

It lies beside the warehouse, or where --config names it. What the command line says goes before it.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NoReturn

from ingestion.errors import NotFoundError, UsageError
from ingestion.paths import Home
from publishing.meant import did_you_mean

FILE = "demoscope.toml"
CONFIG_VARIABLE = "DEMOSCOPE_CONFIG"
KEYS = ("source", "mapping", "scheme")


@dataclass(frozen=True)
class Settings:
    """The defaults of a study.

    Args:
        path: where they are written; None: nowhere.
        source: the source of files that are loaded.
        mappings: pattern of a file's name -> mapping; the first that fits is taken.
        scheme: the weighting of boards that are shown.
    """

    path: Path | None = None
    source: str | None = None
    mappings: dict[str, str] = field(default_factory=dict)
    scheme: str | None = None

    def mapping_for(self, path: str) -> str | None:
        """The mapping of a file, by its name."""
        name = path.rstrip("/").rpartition("/")[2]
        return next((own for form, own in self.mappings.items() if fnmatch(name, form)), None)


def settings() -> Settings:
    """What the file says that --config or DEMOSCOPE_CONFIG names, else the one beside the home.

    Raises:
        NotFoundError: the file that is named is not there.
        UsageError: it is not TOML, or says what is not known.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    path = Path(named) if named else Home.from_environment().root.parent / FILE
    if not path.is_file():
        if named:
            raise NotFoundError(f"{path}: no such file.", remedy="Check --config.")
        return Settings()
    return read_settings(path)


def read_settings(path: Path) -> Settings:
    """The settings of a file. Raises UsageError."""
    try:
        text = path.read_text(encoding="utf-8")
        said = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: is not TOML: {error}.", remedy="Correct it.") from error
    for key in said:
        if key not in KEYS:
            meant = did_you_mean(key, KEYS)
            _fail(path, text, key, f"unknown key {key!r}", f"{meant}Known are {', '.join(KEYS)}.")
    source, scheme = (_text(path, text, said, key) for key in ("source", "scheme"))
    return Settings(path, source, _mappings(path, text, said.get("mapping", {})), scheme)


def _text(path: Path, text: str, said: dict[str, Any], key: str) -> str | None:
    value = said.get(key)
    if value is not None and (not isinstance(value, str) or not value):
        _fail(path, text, key, f"{key} is no text", f'Write {key} = "...".')
    return value


def _mappings(path: Path, text: str, said: object) -> dict[str, str]:
    """One mapping for every file, or one per pattern; paths are those from where the file lies."""
    found = {"*": said} if isinstance(said, str) else said
    is_right = isinstance(found, dict) and all(isinstance(own, str) for own in found.values())
    if not is_right or not isinstance(found, dict):
        remedy = (
            'Write mapping = "votes.yml", or a table [mapping] with "votes*.csv" = "votes.yml".'
        )
        _fail(path, text, "mapping", "mapping is neither a text nor a table of texts", remedy)
    return {form: _from(path, str(own)) for form, own in found.items()}


def _from(path: Path, mapping: str) -> str:
    is_path = "/" in mapping or mapping.endswith((".yml", ".yaml"))
    return str(path.parent / mapping) if is_path else mapping


def _fail(path: Path, text: str, key: str, fault: str, remedy: str) -> NoReturn:
    """Refuse the file because of this key, with its line where it can be told."""
    form = re.compile(rf"\s*\[?\s*[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
    lines = (number for number, line in enumerate(text.splitlines(), 1) if form.match(line))
    line = next(lines, None)
    where = f"{path}, line {line}" if line else str(path)
    raise UsageError(f"{where}: {fault}.", remedy=remedy)
