"""Ids that are read alike though a file spells them differently, and ids that may be rounded.

`1.10` and `1.1` are one number. As ids of two people they are not, and nothing in the file says
which is meant. So they are read as one, and the load says so. Memory is bounded: texts of at most
`KEPT` numbers are remembered from one piece of the file to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

KEPT = 10_000
# Whole numbers without an exponent are no versions and no codes in base 16: `7.0` is just 7.
_DOUBTFUL = r"^-?[0-9]+(\.[0-9]*[1-9]|(\.[0-9]+)?[eE])"
_LONG = r"^-?[0-9](\.[0-9]+)?[eE]\+?(1[1-9]|[2-9][0-9]|[0-9]{3})$"

# A text and the first row that has it.
Text = tuple[str, int]


@dataclass
class Spellings:
    """How the ids of one file are written, by column."""

    texts: dict[str, dict[str, Text]] = field(default_factory=dict)
    clashes: dict[str, dict[str, list[Text]]] = field(default_factory=dict)
    # How many rows, and the first.
    long: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(
        self, column: str, texts: pa.ChunkedArray, ids: pa.ChunkedArray, numbers: pa.Array
    ) -> None:
        """Look at a piece of a column.

        Args:
            column: its name in messages.
            texts: what the file writes, without the blanks around it.
            ids: the one text of each.
            numbers: the rows' numbers.
        """
        if texts is ids and column not in self.texts:
            return
        is_doubtful = pc.match_substring_regex(texts, _DOUBTFUL)
        known = self.texts.get(column, {})
        doubtful = pc.unique(ids.filter(is_doubtful)).to_pylist()
        sought = pa.array({*known, *doubtful}, pa.string())
        if not len(sought):
            return
        rows = pa.table({"id": ids, "text": texts, "row": numbers})
        rows = rows.filter(pc.is_in(ids, sought))
        for one in rows.group_by(["id", "text"]).aggregate([("row", "min")]).to_pylist():
            self._take(column, one["id"], (one["text"], one["row_min"]))
        long = rows["row"].filter(pc.match_substring_regex(rows["text"], _LONG))
        if len(long):
            count, first = self.long.get(column, (0, long[0].as_py()))
            self.long[column] = count + len(long), min(first, pc.min(long).as_py())

    def _take(self, column: str, one: str, found: Text) -> None:
        known = self.texts.setdefault(column, {})
        if one not in known and len(known) >= KEPT:
            return
        before = known.setdefault(one, found)
        if found[0] != before[0]:
            clash = self.clashes.setdefault(column, {}).setdefault(one, [before])
            if found[0] not in [text for text, _ in clash]:
                clash.append(found)

    def messages(self) -> list[str]:
        """Warnings; they give rows and no ids, which may name persons."""
        said = []
        for column, clashes in sorted(self.clashes.items()):
            first, second = sorted(row for _, row in min(clashes.values(), key=_first_row))[:2]
            ids = "1 id is" if len(clashes) == 1 else f"{len(clashes):,} ids are"
            said.append(
                f"{ids} written in more than one way in {column} and read as one, for the number "
                f"is the same, as 1.10 is 1.1 (such as in rows {first} and {second}). If different "
                "ids are meant, write them so that they are no numbers."
            )
        for column, (count, row) in sorted(self.long.items()):
            rows = "1 row has" if count == 1 else f"{count:,} rows have"
            said.append(
                f"{rows} a {column} written like 1E+11 (first: row {row}). Spreadsheets and columns"
                " of floating-point numbers round ids as long as that, and two may have become "
                "one. Export the column as text."
            )
        return said


def _first_row(clash: list[Text]) -> int:
    return min(row for _, row in clash)
