"""What vouches for a board: an in-toto Statement v1 about `board.json`, predicate `board/v1`.

The predicate has, field by field: `board`, the board's subject (inputs.py); `log`, which log it was
(`origin`), up to which commit (`position`), that commit's SHA-256 and the RFC 6962 root over the
commits so far; `made_by`, the code (version, SHA-256 over its files), the lock of its
dependencies, Python and platform; `made_at`. Only `board` is part of the board's identity.

It is plain JSON: in-toto-attestation would bring protobuf into the path of every board to write
four fields. It is the tests' oracle.

What stays out: signing it (signing.py) and the board (identity.py).
"""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.log.checkpoint import checkpoint_of, default_origin
from publishing.boards.inputs import head_hash

if TYPE_CHECKING:
    from ingestion.log import EventLog

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "tag:demoscope,2026:board/v1"
ROOT = Path(__file__).resolve().parents[2]
LOCK_FILE = ROOT / "requirements.lock"
CODE = ("ingestion", "orchestration", "dbt_project")
CODE_SUFFIXES = {".py", ".sql", ".yml"}
# The command line, Dagster and what dbt generates decide nothing about a board.
NOT_CODE = {"cli", "assets", "target", "logs", "__pycache__"}


def statement(board_id: str, subject: dict[str, Any], provenance: dict[str, Any]) -> bytes:
    """The statement, as JSON a person can read."""
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "board.json", "digest": {"sha256": board_id}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {"board": subject, **provenance},
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def provenance(log: EventLog, position: int) -> dict[str, Any]:
    """What a board is made from and by, here and now.

    Args:
        log: the event log.
        position: the last commit that was read.
    """
    origin = default_origin(log.origin.name)
    root = checkpoint_of(log.chain, origin, position).root
    return {
        "log": {
            "origin": origin,
            "position": position,
            "head_sha256": head_hash(log, position),
            "root_sha256": root.hex(),
        },
        "made_by": {
            "code_version": version("demoscope"),
            "code_sha256": code_hash(),
            "dependency_lock_sha256": lock_hash(),
            "python": platform.python_version(),
            "platform": f"{platform.system()} {platform.machine()}",
        },
        "made_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def lock_hash() -> str | None:
    """SHA-256 of requirements.lock; None where the package is installed without it."""
    return hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest() if LOCK_FILE.exists() else None


@cache
def code_hash() -> str:
    """SHA-256 over the code a board is made by: lines of `<path> <SHA-256>`, by path."""
    digest = hashlib.sha256()
    paths = [path for package in CODE for path in (ROOT / package).rglob("*")]
    for path in sorted(paths):
        name = path.relative_to(ROOT)
        if path.suffix in CODE_SUFFIXES and not NOT_CODE & set(name.parts):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{name.as_posix()} {content}\n".encode())
    return digest.hexdigest()
