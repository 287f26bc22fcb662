"""Whether the pipeline's database is what a board was made from; of anything else nothing goes out.

What stays out: what to do about it, which the error says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.errors import IntegrityError
from orchestration.build_marker import built_cut, built_design
from orchestration.building import read_board
from publishing.boards.identity import canonical, identity
from publishing.boards.inputs import cut_of

if TYPE_CHECKING:
    import duckdb

    from orchestration.building import Workspace
    from publishing.boards.store import Board

REMEDY = "Build again, then publish: demoscope build"
# Every key and the figures readers see first; skills as the whole millionths they were.
UNLIKE = """
with
reported as (
    select
        weighting, stratum_id, dimension, estimator, model_id, rank, battle_count,
        cast(round(skill * 1000000) as bigint) as skill_micro
    from rpt_leaderboard
),
kept as (
    select
        weighting, stratum_id, dimension, estimator, model_id, rank, battle_count, skill_micro
    from board_rows
)
select count(*) from (
    (from reported except from kept) union all (from kept except from reported)
)
"""


def require_belonging(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, board: Board
) -> None:
    """Refuse a database that holds anything but what a board was made from.

    Args:
        connection: on the pipeline's database.
        workspace: where the database and the ratings are.
        board: a kept board.

    Raises:
        IntegrityError: the counts are of another cut or design, or the ratings or the
            reports of another board.
    """
    cut, wanted = built_cut(connection), cut_of(board.subject)
    if cut is None:
        _refuse(f"{workspace.database} holds no whole build: one was cut off, or is running.")
    if cut != wanted:
        _refuse(f"The database is as of {cut}, board {board.board_id[:12]} as of {wanted}.")
    if built_design(connection) != board.subject["design_hash"]:
        _refuse(f"The database is of another study design than board {board.board_id[:12]}.")
    subject, rows = read_board(workspace)
    if identity(canonical(subject, rows)) != board.board_id:
        _refuse(f"The ratings in {workspace.ratings} are not those of {board.board_id[:12]}.")
    connection.register("board_rows", board.rows())
    [(unlike,)] = connection.sql(UNLIKE).fetchall()
    connection.unregister("board_rows")
    if unlike:
        _refuse(f"rpt_leaderboard differs from board {board.board_id[:12]} in {unlike:,} rows.")


def _refuse(message: str) -> None:
    raise IntegrityError(message, remedy=REMEDY)
