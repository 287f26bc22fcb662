"""Small flat files, for the tests of their reader."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

MAPPING = """
source: mine
event: battle_judged
columns:
  native_id: [id, worker]
  participant_id: worker
  model_a: left
  model_b: right
  outcome: winner
  dimension: {constant: overall}
outcome: {left: a, right: b, tie: tie}
"""
VOTES = [
    {"id": 1, "worker": "w1", "left": "m1", "right": "m2", "winner": "left"},
    {"id": 2, "worker": "w1", "left": "m1", "right": "m3", "winner": "tie"},
    {"id": 2, "worker": "w2", "left": "m3", "right": "m1", "winner": "right"},
]


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def csv_text(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def core(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "original"} for row in rows]
