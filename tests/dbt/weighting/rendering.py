"""dbt's macros as SQL text, without dbt: milliseconds instead of seconds.

What stays out: what they must compute (the tests beside it).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, StrictUndefined

MACROS = Path(__file__).resolve().parents[3] / "dbt_project" / "macros"


class _ReturnedError(Exception):
    """What `return()` does in a dbt macro: leaves it with a value."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


@cache
def render(call: str) -> str:
    """DuckDB's SQL that a call such as `rake('cells', 4)` renders to."""
    environment = Environment(
        undefined=StrictUndefined,
        extensions=["jinja2.ext.do"],
        autoescape=False,  # noqa: S701 (SQL, not HTML)
    )
    macros: dict[str, Any] = {}

    def leave(value: Any) -> None:
        raise _ReturnedError(value)

    def dispatch(name: str, *_: Any) -> Any:
        return macros[f"duckdb__{name}"]

    def as_dbt_calls(macro: Any) -> Any:
        def called(*arguments: Any, **named: Any) -> Any:
            try:
                return macro(*arguments, **named)
            except _ReturnedError as returned:
                return returned.value

        return called

    environment.globals.update({"return": leave, "adapter": SimpleNamespace(dispatch=dispatch)})
    # A generic test is written like a macro, but no macro calls it.
    text = "\n".join(path.read_text("utf-8") for path in sorted(MACROS.glob("*.sql")))
    module = environment.from_string(text).module
    macros.update(
        {
            name: as_dbt_calls(macro)
            for name, macro in vars(module).items()
            if callable(macro) and not name.startswith("_")
        }
    )
    environment.globals.update(macros)
    return environment.from_string("{{ " + call + " }}").render()
