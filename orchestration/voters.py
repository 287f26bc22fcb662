"""Who voted in a file: once a person and piece of the file, in Arrow's memory.

A file may have millions of voters, and objects of Python would take a gigabyte for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SCHEMA = pa.schema(
    {
        "key": pa.string(),
        "id": pa.string(),
        "source": pa.string(),
        "row": pa.int64(),
        "count": pa.int64(),
    }
)
LARGE_SHARE = 0.2
FEW_VOTES = 20
MOST_NAMED = 5


@dataclass
class Voters:
    """Voters of the pieces of a file, in its order.

    Args:
        pieces: a row per person of a piece: `key` in the log, `id` and `source` as in the file, the
            first `row`, and the `count` of votes.
        vote_count: all votes, also those of nobody.
    """

    pieces: list[pa.Table] = field(default_factory=list)
    vote_count: int = 0

    def add(self, people: pa.Table) -> None:
        """Take the people of the next piece."""
        if len(people):
            self.pieces.append(people.cast(SCHEMA))

    def all(self) -> pa.Table:
        """A row per person, as in `pieces`, in the order of their first votes."""
        rows = pa.concat_tables([SCHEMA.empty_table(), *self.pieces])
        rows = rows.append_column("place", pa.array(np.arange(len(rows))))
        each = rows.group_by("key", use_threads=False)
        found = each.aggregate([("place", "min"), ("count", "sum")]).sort_by("place_min")
        first = rows.take(found["place_min"]).drop_columns(["place", "count"])
        return first.append_column("count", found["count_sum"])

    def large_shares(self) -> list[tuple[int, int]]:
        """The first row and the votes of people with a large share of all votes, most first."""
        # Who has a share of the whole has it of a piece.
        likely: set[str] = set()
        for piece in self.pieces:
            least = pc.sum(piece["count"]).as_py() * LARGE_SHARE
            likely.update(piece["key"].filter(pc.greater(piece["count"], least)).to_pylist())
        if not likely:
            return []
        keys = pa.array(sorted(likely))
        rows = pa.concat_tables([one.filter(pc.is_in(one["key"], keys)) for one in self.pieces])
        each = rows.group_by("key", use_threads=False).aggregate([("row", "min"), ("count", "sum")])
        found = zip(each["row_min"].to_pylist(), each["count_sum"].to_pylist(), strict=True)
        large = [
            (row, count)
            for row, count in found
            if count >= FEW_VOTES and count > self.vote_count * LARGE_SHARE
        ]
        return sorted(large, key=lambda one: (-one[1], one[0]))[:MOST_NAMED]
