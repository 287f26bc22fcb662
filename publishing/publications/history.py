"""The history of ranks in a publication: this release's rows, and what was published before them.

What an earlier release may show of people was decided when it was published. So its rows are taken
from the last publication before this one, as they are there. A release that was never published
has no rows, and changes are since the last release that was published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingestion.log.held_files import path_literal
from publishing.publications import checking, store
from publishing.publications.catalogue import BOARD, HISTORY, MODEL

if TYPE_CHECKING:
    from pathlib import Path

    from publishing.boards.statement import Signer
    from publishing.publications.catalogue import PublicTable

RELEASES_MAX = 100
KEYS = ", ".join((*BOARD, *MODEL))


def last_before(
    marts: Path, boards: Path, about: dict[str, Any], signer: Signer | None
) -> Path | None:
    """The history in the last publication before a release, if one is there and was not changed.

    Args:
        marts: where publications are.
        boards: where it is noted what they were.
        about: the row of `publication` of the one that is being made.
        signer: who signs notes; None where none is configured.
    """
    for one in reversed(store.published(marts)):
        path = one.directory / f"{HISTORY}.parquet"
        is_before = 0 < one.order[0] < about["log_position"] and path.exists()
        if is_before and not checking.findings(boards, one, signer):
            return path
    return None


def carried_on(query: str, table: PublicTable, before: Path | None) -> str:
    """A query: the rows of `query`, which are this release's, and those of the history before.

    Args:
        query: gives the table's public columns, of this release.
        table: the history.
        before: the Parquet file of the history so far; None for none.
    """
    names = [column.name for column in table.columns]
    columns = ", ".join(names)
    earlier = "select * from now where false"
    if before is not None:
        earlier = f"select {columns} from read_parquet({path_literal(before)})"
    return f"""
    with now as ({query}),
    earlier as (
        select * replace (false as is_latest) from ({earlier})
        where release_id not in (select release_id from now)
        qualify dense_rank() over (order by log_position desc) < {RELEASES_MAX}
    ),
    last as (
        select {KEYS}, max_by(rank, log_position) as rank,
            max_by(win_share, log_position) as win_share
        from earlier where rank is not null and win_share is not null group by all
    )
    select now.* replace (
        last.rank - now.rank as rank_change,
        round(now.win_share - last.win_share, 6) as win_share_change
    )
    from now left join last using ({KEYS})
    union all
    from earlier
    """
