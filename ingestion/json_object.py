"""Reading a small JSON file that may be torn: one kind of error for everything that is wrong."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def parse_object(content: bytes | str) -> dict[str, Any]:
    """The JSON object that a file holds.

    Raises:
        ValueError: it is not JSON, has NaN or Infinity, nests too deeply, or is no object.
    """
    if not content:
        raise ValueError("it is empty")
    try:
        said = json.loads(content, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error
    if not isinstance(said, dict):
        raise ValueError("it holds no JSON object")  # noqa: TRY004  # one kind of error
    return said


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
