"""Columns of what verdicts say."""

from ratings.tables.verdict_tables import share_columns
from ratings.variance_share import Estimate


def test_an_interval_of_a_share_ends_where_shares_do() -> None:
    assert share_columns("x", Estimate(0.9, 0.7, 1.1)) == {"x": 0.9, "x_lo": 0.7, "x_hi": 1.0}
    assert share_columns("x", Estimate(0.1, -0.1, 0.3))["x_lo"] == 0.0
    assert share_columns("x", Estimate(0.1, None, None)) == {"x": 0.1, "x_lo": None, "x_hi": None}
