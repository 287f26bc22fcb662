"""Newton's method, which SQL cannot write shortly: the rest of weighting is SQL."""

from typing import Any

from ratings.tables.weighting_cells import weigh_cells


def model(dbt: Any, session: Any) -> Any:
    """Weights of the cells whose scheme has bounds."""
    cells = dbt.ref("int_weighting_cells__counted").to_arrow_table()
    return session.from_arrow(weigh_cells(cells))
