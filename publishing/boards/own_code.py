"""Whether what runs is what the code's hash (program.py) covers.

Python takes a module from wherever it finds it first (PYTHONPATH), and believes a compiled file
(`__pycache__/*.pyc`) that has the time and size of its source. So before a release is kept or
judged, every module of this program that is loaded must lie in it, and the compiled file of each
must be what its source compiles to. That costs .25 s of CPU, once per process: it is asked before
the work, and again after it for what was loaded since.

It holds as long as this check itself is what its source says: who can write the program's files, or
Python's own, can have anything run.
"""

from __future__ import annotations

import marshal
import sys
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import IntegrityError
from publishing.boards import program

if TYPE_CHECKING:
    from types import ModuleType

# A compiled file (PEP 552): magic number, flags, then time and size, or a hash, of the source.
FLAGS, STAMP, CODE = slice(4, 8), slice(8, 16), 16
BY_HASH, IS_CHECKED = 1, 2
_found: dict[str, str] = {}
"""Modules that were found to be the program's own: name and file."""


def require_own_code() -> None:
    """Refuse to go on where a loaded module of this program is not what its source here says.

    Raises:
        IntegrityError: names the file.
    """
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name.partition(".")[0] in program.PACKAGES and _found.get(name) != file:
            _require_own(name, module, Path(file))
            _found[name] = file


def _require_own(name: str, module: ModuleType, file: Path) -> None:
    package = program.ROOT / name.partition(".")[0]
    if not file.resolve().is_relative_to(package):
        message = f"{name} is loaded from {file}, not from this program in {program.ROOT}."
        raise IntegrityError(message, remedy="Unset PYTHONPATH, or take that file away.")
    cached = getattr(module.__spec__, "cached", None)
    if file.suffix != ".py" or not cached or not Path(cached).is_file():
        return  # what is compiled without a source is part of the hash
    if not _is_compiled_from(Path(cached).read_bytes(), file):
        message = f"{cached} is not what {file} compiles to."
        raise IntegrityError(message, remedy="Delete the __pycache__ folders; then run it again.")


def _is_compiled_from(compiled: bytes, source: Path) -> bool:
    """Whether a compiled file holds its source's code, or is one that Python would not believe."""
    content = source.read_bytes()
    flags = int.from_bytes(compiled[FLAGS], "little")
    if flags & BY_HASH:
        stamp = source_hash(content) if flags & IS_CHECKED else compiled[STAMP]
    else:
        time, size = int(source.stat().st_mtime), len(content)
        stamp = b"".join((one & 0xFFFF_FFFF).to_bytes(4, "little") for one in (time, size))
    if not compiled.startswith(MAGIC_NUMBER) or compiled[STAMP] != stamp:
        return True
    try:
        code = marshal.loads(compiled[CODE:])  # noqa: S302 (Python has run it already)
    except (EOFError, ValueError, TypeError):
        return False
    return bool(code == compile(content, str(source), "exec", dont_inherit=True))
