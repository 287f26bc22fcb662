"""A dbt model as SQL text, without dbt: what it refers to are tables of the same names.

What stays out: macros (weighting/rendering.py) and what a model must compute (the tests).
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, StrictUndefined

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"


def render_model(name: str) -> str:
    """The SQL of a model that uses no macros of the project's own."""
    [path] = MODELS.rglob(f"{name}.sql")
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 (SQL)
    environment.globals.update({"ref": lambda table: table, "config": lambda **_: ""})
    return environment.from_string(path.read_text("utf-8")).render()
