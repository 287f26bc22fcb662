"""Text as answers are compared, by the macro with which the build compares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from jinja2 import Environment

from orchestration.dbt_runs import PROJECT_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterable

MACRO = "comparable_text"


def comparable(texts: Iterable[str]) -> dict[str, str]:
    """What texts are as they are compared: without case, blanks around them, and kinds of dashes.

    Args:
        texts: as people wrote them.
    """
    form = macro(MACRO, "text")
    with duckdb.connect() as connection:
        column = pa.array(sorted(set(texts)), pa.string())
        connection.register("texts", pa.table({"text": column}))
        return dict(connection.sql(f"select text, {form} from texts").fetchall())  # noqa: S608 (our macro)


def macro(name: str, *arguments: str) -> str:
    """The SQL of a macro of the project that is plain Jinja."""
    path = PROJECT_DIRECTORY / "macros" / f"{name}.sql"
    environment = Environment(autoescape=False)  # noqa: S701 (SQL, no page)
    made = getattr(environment.from_string(path.read_text("utf-8")).module, name)
    return str(made(*arguments)).strip()
