"""The boards that the product makes of a world's verdicts; no other file here knows `ratings/`.

The rating step itself runs, on tables as dbt would hand them over: what comes out is what a reader
is shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from unittest.mock import patch

import pyarrow as pa
import pyarrow.compute as pc

from ratings.stopping import Measure, standing
from ratings.tables import standings
from ratings.tables.every_board import rate_all
from ratings.tournaments import RatingParameters
from tests.worlds.declarations import AGES
from tests.worlds.tables import COUNTRY, EVERYBODY, MICRO, WEIGHTING, reader, stratum_of
from tests.worlds.verdicts import Verdicts

EP, HIERARCHICAL, ONLINE = "trueskill_ep", "trueskill_hierarchical", "trueskill_online"
UNWEIGHTED, CENSUS_WEIGHTED = "none", "census"
PARAMETERS = RatingParameters(draws=2048)
# What the target "the leader is known" measures, whatever it is called.
LEADER = next(one.value for one in Measure if one.value in {"p_best", "lead_confidence"})
SUBJECTS = {EVERYBODY: EVERYBODY, COUNTRY: EVERYBODY, **{stratum_of(age): age for age in AGES}}
BOARD = ("estimator", "weighting", "stratum_id")


@dataclass(frozen=True, eq=False)
class Shown:
    """One board: what made it, whom it is about (everybody or an age), its rows by model_id.

    ``is_stopped`` (None where nothing says): whether the target "the leader is known" is reached.
    """

    estimator: str
    weighting: str
    subject: str
    rows: pa.Table
    is_stopped: bool | None = None


def every_board(verdicts: Verdicts) -> tuple[list[Shown], pa.Table]:
    """Every board of a study, and the table of axis effects in skill units."""
    tables = _rated(verdicts, is_everybody_alone=False)
    return list(_boards(tables)), _in_units(tables["axis_effect"])


def leading(verdicts: Verdicts, *, is_stopping_asked: bool = True) -> list[Shown]:
    """Everybody's boards of the canonical estimator, unweighted and weighted."""
    tables = _rated(verdicts, is_everybody_alone=True, is_board_alone=not is_stopping_asked)
    return [one for one in _boards(tables) if one.estimator == EP]


def _rated(
    verdicts: Verdicts, *, is_everybody_alone: bool, is_board_alone: bool = False
) -> dict[str, pa.Table]:
    read = reader(verdicts, LEADER, is_everybody_alone=is_everybody_alone)
    # How many battles are still needed is not asked here, and would cost more than all the rest.
    with patch.object(
        standings,
        "forecast",
        lambda posterior, policy, measure, threshold, *, provisional, **_: standing(
            posterior, measure, threshold, provisional
        ),
    ):
        return rate_all(read, PARAMETERS, is_board_alone=is_board_alone)


def _boards(tables: dict[str, pa.Table]) -> Iterator[Shown]:
    rating, stopping = tables["rating"], tables.get("stopping")
    for key in rating.select(BOARD).group_by(BOARD).aggregate([]).to_pylist():
        subject = SUBJECTS.get(key["stratum_id"])
        is_merged = key["weighting"] not in {UNWEIGHTED, WEIGHTING, CENSUS_WEIGHTED}
        if subject is None or is_merged:
            continue
        here = pc.and_(*(pc.equal(rating.column(name), key[name]) for name in BOARD[:2]))
        rows = rating.filter(pc.and_(here, pc.equal(rating.column(BOARD[2]), key[BOARD[2]])))
        is_stopped = None
        if stopping is not None:
            said = [
                r["is_reached"]
                for r in stopping.to_pylist()
                if all(r[k] == v for k, v in key.items())
            ]
            is_stopped = said[0] if said else None
        shown = _in_units(rows.sort_by("model_id"))
        yield Shown(key["estimator"], key["weighting"], subject, shown, is_stopped)


def _in_units(rows: pa.Table) -> pa.Table:
    columns = {}
    for name in rows.column_names:
        column = rows.column(name)
        if name.endswith("_micro"):
            column = pc.divide(column.cast(pa.float64()), float(MICRO))
        columns[name.removesuffix("_micro")] = column
    return pa.table(columns)
