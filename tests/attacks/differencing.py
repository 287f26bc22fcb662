"""The attack: everything that sums and differences of published counts say of a few people.

Unknown are the verdicts per cell of people, dimension, pair and kind of outcome, and the people per
cell and dimension, at each publication; what came between two publications is unknown too. Every
published count is a sum of them, known exactly or up to what it was rounded by. A linear program
then gives the fewest and the most verdicts that any set may hold, with every linear combination
of published counts taken into account: if the two agree, the set is determined.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
from scipy.optimize import linprog
from scipy.sparse import csr_array

from tests.attacks.small_studies import AXES, COUNTRIES, DIMENSIONS, MONTHS, Cell, strata_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.attacks.small_studies import Person, Study

    Key = tuple[str | Cell, str, tuple[str, ...], str]

EVERY = "*"
OUTCOMES = ("a", "b", "tie", "both_bad")
# What a count is of: outcomes of a pair, a being the model whose id sorts first.
KINDS: dict[str, frozenset[str]] = {
    EVERY: frozenset(OUTCOMES),
    "decided": frozenset({"a", "b"}),
    "tied": frozenset({"tie", "both_bad"}),
    **{outcome: frozenset({outcome}) for outcome in OUTCOMES},
}
STRATA = cache(lambda cell: frozenset(strata_of(cell)))
CELLS: tuple[Cell, ...] = tuple(product(COUNTRIES, (*AXES["age"], None), (*AXES["politics"], None)))


@dataclass(frozen=True)
class Atom:
    """Verdicts that no published count takes apart; `pair` and `kind` are "" for people."""

    edition: int
    cell: Cell
    dimension: str
    pair: tuple[str, str] | None
    kind: str


@dataclass(frozen=True)
class Target:
    """A set of verdicts: whose and which, and how many people are behind it."""

    edition: int
    stratum: str | Cell
    dimension: str
    models: tuple[str, ...]
    kind: str
    people: int
    verdicts: int

    def holds(self, atom: Atom) -> bool:
        """Whether an atom's verdicts are in the set."""
        is_theirs = (
            self.stratum in STRATA(atom.cell)
            if isinstance(self.stratum, str)
            else self.stratum == atom.cell
        )
        return (
            is_theirs
            and atom.edition == self.edition
            and atom.pair is not None
            and set(self.models) <= set(atom.pair)
            and self.dimension == atom.dimension
            and atom.kind in KINDS[self.kind]
        )


def targets(studies: Sequence[Study], below: int) -> list[Target]:
    """Sets of verdicts with somebody, and fewer people than `below`, behind them.

    Of the first study, and of what each next one adds: every stratum and every crossed cell, by
    dimension, model, pair, and kind of outcome.
    """
    found, before = [], 0
    for edition, study in enumerate(studies):
        said: dict[Key, list[Person]] = defaultdict(list)
        for one in study.verdicts[before:]:
            whose: tuple[str | Cell, ...] = (*one.person.strata, one.person.cell)
            which = [(), *((model,) for model in one.pair), one.pair]
            kinds = [kind for kind, outcomes in KINDS.items() if one.outcome in outcomes]
            for stratum, models, kind in product(whose, which, kinds):
                said[stratum, one.dimension, models, kind].append(one.person)
        found += [
            Target(edition, *key, people=len(set(who)), verdicts=len(who))
            for key, who in said.items()
            if len(set(who)) < below
        ]
        before = len(study.verdicts)
    return found


class Attack:
    """What an attacker knows from publications, oldest first.

    Args:
        directories: of the publications.
        models: those that exist.
        rounded_by: what counts were rounded down by; 1 for exact ones.
    """

    def __init__(self, directories: Sequence[Path], models: Sequence[str], rounded_by: int) -> None:
        pairs = list(combinations(models, 2))
        editions = range(len(directories))
        self.atoms = [Atom(*key) for key in product(editions, CELLS, DIMENSIONS, pairs, OUTCOMES)]
        self.atoms += [
            Atom(edition, cell, dimension, None, "")
            for edition, cell, dimension in product(editions, CELLS, (*DIMENSIONS, EVERY))
        ]
        rows, columns, low = [], [], []
        self.known = 0
        for edition, directory in enumerate(directories):
            for count, is_in in _counts(directory):
                for place, atom in enumerate(self.atoms):
                    # A later publication has all that an earlier one has, and more.
                    if atom.edition <= edition and is_in(atom):
                        rows.append(self.known)
                        columns.append(place)
                low.append(float(count))
                self.known += 1
        shape = (self.known, len(self.atoms))
        matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
        self.matrix: Any = csr_array(np.vstack([matrix.toarray(), -matrix.toarray()]))
        self.bounds = np.concatenate([np.array(low) + rounded_by - 1, -np.array(low)])

    def range_of(self, target: Target) -> tuple[float, float]:
        """The fewest and the most verdicts that a set may hold."""
        weights = np.array([float(target.holds(atom)) for atom in self.atoms])
        ends = []
        for sign in (1.0, -1.0):
            found = linprog(sign * weights, A_ub=self.matrix, b_ub=self.bounds, method="highs")
            assert found.status in {0, 3}, found.message
            ends.append(np.inf if found.fun is None else sign * found.fun)
        return ends[0], ends[1]

    def determines(self, target: Target) -> bool:
        """Whether only one number of verdicts is left."""
        fewest, most = self.range_of(target)
        slack = 1e-6
        return bool(np.ceil(fewest - slack) == np.floor(most + slack))


# Table, its count, the columns that name models, and the kind of outcome: "" for people.
PUBLISHED: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("rpt_pairwise", "battle_count", ("model_a", "model_b"), EVERY),
    ("rpt_pairwise", "win_count", ("model_a", "model_b"), "a"),
    ("rpt_pairwise", "loss_count", ("model_a", "model_b"), "b"),
    ("rpt_pairwise", "tie_count", ("model_a", "model_b"), "tied"),
    ("rpt_leaderboard", "battle_count", ("model_id",), EVERY),
    ("rpt_leaderboard", "participant_count", (), ""),
    *(("rpt_tie_rate", f"{kind}_count", (), kind) for kind in ("both_bad", "decided", "tie")),
    ("rpt_tournament", "battle_count", (), EVERY),
    ("rpt_board_summary", "battle_count", (), EVERY),
    ("rpt_board_summary", "heard_count", (), ""),
    ("rpt_group_shrinkage", "battle_count", (), EVERY),
    ("fct_stratum_coverage", "verdict_count", (), EVERY),
    ("fct_stratum_coverage", "heard_count", (), ""),
    ("rpt_votes_by_month", "battle_count", ("model_id",), EVERY),
)


def _counts(directory: Path) -> Iterator[tuple[int, Callable[[Atom], bool]]]:
    """Every published count, once, with the atoms it is the sum of."""
    seen: dict[tuple[str, str, str, tuple[str, ...], str], int] = {}
    for table, name, named_by, kind in PUBLISHED:
        for row in _rows(directory, table):
            # Of a pair one row has a and b in the order of their ids, the other says the same.
            is_repeated = "model_b" in named_by and str(row["model_a"]) > str(row["model_b"])
            if row[name] is not None and not is_repeated:
                models = tuple(sorted(str(row[column]) for column in named_by))
                whose = (
                    str(row["stratum_id"]),
                    str(row.get("dimension", EVERY)),
                    str(row.get("month", EVERY)),
                )
                seen[*whose, models, kind] = int(str(row[name]))
    for (stratum, dimension, month, models, kind), count in seen.items():
        yield count, _sum_of(stratum, dimension, month, set(models), kind)


def _sum_of(
    stratum: str, dimension: str, month: str, models: set[str], kind: str
) -> Callable[[Atom], bool]:
    def is_in(atom: Atom) -> bool:
        # What the second publication adds was said in the second month.
        if stratum not in STRATA(atom.cell) or month not in {EVERY, MONTHS[atom.edition]}:
            return False
        if kind == "":
            return atom.pair is None and atom.dimension == dimension
        return (
            atom.pair is not None
            and models <= set(atom.pair)
            and dimension in {EVERY, atom.dimension}
            and atom.kind in KINDS[kind]
        )

    return is_in


def _rows(directory: Path, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(directory / f"{name}.parquet").to_pylist()
    return rows
