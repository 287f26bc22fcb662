"""A dbt model as SQL text, without dbt: what it refers to are tables of the same names.

What stays out: macros by themselves (weighting/rendering.py) and what a model must compute (the
tests).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, StrictUndefined, pass_context
from jinja2.runtime import Context

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"


MACROS = MODELS.parent / "macros"


@pass_context
def _dispatch(context: Context, macro: str) -> Any:
    return context.vars[f"duckdb__{macro}"]


@cache
def render_model(name: str, *macros: str) -> str:
    """The SQL of a model; `macros` are the files of the project's own that it uses beside
    latest_known, which many do."""
    [path] = MODELS.rglob(f"{name}.sql")
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 (SQL)
    environment.globals.update(
        {
            "ref": lambda table: table,
            "source": lambda _, table: table,
            "config": lambda **_: "",
            "var": lambda _, default: default,
            "return": lambda value: value,
            "adapter": SimpleNamespace(dispatch=_dispatch),
        }
    )
    texts = [MACROS / f"{macro}.sql" for macro in ("latest_known", *macros)]
    text = "".join(one.read_text("utf-8") for one in [*texts, path])
    return environment.from_string(text).render()
