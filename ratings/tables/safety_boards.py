"""Boards of trust, ethics and safety by sensitive topic, and how often people tie on each topic.

A board of a topic is like any other: the same prior, learnt from all battles of the dimension, the
same intervals, clustered by participant, and the same tiers. Nothing is borrowed between topics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.compiled import FloatArray, IndexArray
from ratings.counts import COUNT_COLUMNS, PairCounts
from ratings.dependence import judges_of
from ratings.judge_error import Share, degrees_of_freedom, jeffreys, moves_without
from ratings.own_margin import fit_own_margin
from ratings.posterior import Posterior
from ratings.skewness import corrected
from ratings.tables.board_fit import Sides, one_without_sides, weighted_without_sides
from ratings.tables.declarations import before_rounding
from ratings.tables.inputs import Read, by_dimension
from ratings.tables.judged_boards import shown
from ratings.tiers import two_digits
from ratings.tournaments import (
    TRUESKILL_EP,
    UNWEIGHTED,
    Rated,
    RatingParameters,
    board,
    derive_seed,
    rate_weighted,
    weighted_board,
    with_constants,
)

TOPIC_RATING, TOPIC_TIE = "topic_rating", "topic_tie"
# No topic is named so: a topic's name doesn't begin with a star, and one without a name is unknown.
EVERY, SENSITIVE, UNKNOWN = "*", "*sensitive", "unknown"
MICRO = 1e6
Tables = dict[str, pa.Table]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Sample:
    """One weighting and stratum: the cells in it, or everybody's weight by number (0 outside)."""

    weighting: str
    stratum_id: str
    cells: IndexArray
    people: FloatArray | None = None

    def weight(self, person: IndexArray, cell: IndexArray) -> FloatArray:
        """Of each person (N) of each cell (N); 0 outside the stratum, and 1 in it unweighted."""
        if self.people is None:
            return np.isin(cell, self.cells).astype(float)
        is_known = (person >= 0) & (person < self.people.size)
        return np.where(is_known, self.people[np.where(is_known, person, 0)], 0.0)

    @property
    def is_broad(self) -> bool:
        """Whether it is everybody or a country, not a group of one."""
        return "/" not in self.stratum_id


@dataclass(frozen=True)
class Verdicts:
    """Verdicts of one dimension, a row per person, topic, pair and side (N)."""

    dimension: str
    rows: pa.Table

    @cached_property
    def person(self) -> IndexArray:
        """Who judged, below 0 where nobody is known (N)."""
        return self._whole("participant_id")

    @cached_property
    def cell(self) -> IndexArray:
        """Theirs (N)."""
        return self._whole("cell_id")

    @cached_property
    def battles(self) -> FloatArray:
        """Battles of each row (N)."""
        total = np.zeros(self.rows.num_rows)
        for name in COUNT_COLUMNS:
            total += self.amount(name)
        return total

    @cached_property
    def topics(self) -> dict[str, bool | None]:
        """Each topic, by name, and whether it is sensitive; None where the study doesn't say."""
        pairs = self.rows.select(["topic", "is_sensitive"])
        known = pairs.group_by(["topic", "is_sensitive"]).aggregate([]).to_pylist()
        return {row["topic"]: row["is_sensitive"] for row in sorted(known, key=_topic)}

    def amount(self, name: str) -> FloatArray:
        """A column of counts (N)."""
        found: FloatArray = self.rows.column(name).to_numpy().astype(float)
        return found

    def of(self, chosen: Mask) -> Verdicts:
        """Some of the rows."""
        return Verdicts(self.dimension, self.rows.filter(pa.array(chosen)))

    def about(self, topic: str) -> Verdicts:
        """Those of a topic, or of all sensitive ones."""
        if topic == SENSITIVE:
            return Verdicts(self.dimension, self.rows.filter(pc.field("is_sensitive")))
        return Verdicts(self.dimension, self.rows.filter(pc.field("topic") == topic))

    def _whole(self, name: str) -> IndexArray:
        found: IndexArray = self.rows.column(name).to_numpy().astype(np.int64)
        return found


def _topic(row: Mapping[str, Any]) -> str:
    return str(row["topic"])


def topic_tables(
    read: Read,
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior],
    sides: Sides,
    seed: int,
) -> Tables:
    """`topic_rating` and `topic_tie`; none where no battle's topic is known.

    Args:
        read: gives the tables that dbt made.
        parameters: of every board.
        anchors: per dimension the posterior of all battles, whose prior holds.
        sides: what being shown first is worth, over all battles of the dimension.
        seed: of the study.
    """
    rows = read("topic_judgments")
    if not rows.num_rows or pc.all(pc.equal(rows.column("topic"), UNKNOWN)).as_py():
        return {}
    items = rows.column("item_id").combine_chunks().dictionary_encode().indices.cast(pa.int64())
    rows = rows.set_column(rows.column_names.index("item_id"), "item_id", items)
    samples = _samples(read)
    boards, ties = [], []
    for dimension, own in by_dimension(rows):
        verdicts = Verdicts(dimension, own)
        ties += [_ties(verdicts, samples)]
        for name, one in _with_boards(verdicts):
            boards += list(_boards(name, one, samples, parameters, anchors, sides, seed))
    tables = {TOPIC_TIE: pa.concat_tables(ties)}
    if boards:
        tables[TOPIC_RATING] = pa.concat_tables(boards)
    return tables


def _samples(read: Read) -> list[Sample]:
    """Every stratum, unweighted and then weighted."""
    nobody = np.zeros(0, np.int64)
    found = [
        Sample(UNWEIGHTED, stratum, np.array(cells, np.int64))
        for stratum, cells in zip(*read("stratum_cells").to_pydict().values(), strict=True)
    ]
    weights = read("topic_weights")
    if not weights.num_rows:
        return found
    person = weights.column("participant_id").to_numpy().astype(np.int64)
    weight = weights.column("weight_micro").to_numpy() / MICRO
    keys = [
        weights.column(name).combine_chunks().dictionary_encode()
        for name in ("weighting", "stratum_id")
    ]
    codes = [key.indices.to_numpy() for key in keys]
    begins = np.flatnonzero(
        (np.diff(codes[0], prepend=-1) != 0) | (np.diff(codes[1], prepend=-1) != 0)
    )
    for begin, end in zip(begins, np.append(begins, person.size)[1:], strict=True):
        of_person = np.zeros(int(person.max()) + 1)
        of_person[person[begin:end]] = weight[begin:end]
        weighting, stratum = (
            key.dictionary[int(code[begin])].as_py() for key, code in zip(keys, codes, strict=True)
        )
        found.append(Sample(weighting, stratum, nobody, of_person))
    return found


def _with_boards(verdicts: Verdicts) -> Iterator[tuple[str, Verdicts]]:
    """Each sensitive topic with its verdicts, and all of them together."""
    names = [name for name, is_sensitive in verdicts.topics.items() if is_sensitive]
    for name in [*names, SENSITIVE] if names else ():
        yield name, verdicts.about(name)


def _boards(
    topic: str,
    verdicts: Verdicts,
    samples: list[Sample],
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior],
    sides: Sides,
    seed: int,
) -> Iterator[pa.Table]:
    """The boards of a topic; groups have one of all sensitive topics, where counts allow."""
    own_seed = derive_seed(seed, TOPIC_RATING, topic)
    for sample in samples:
        if not sample.is_broad and topic != SENSITIVE:
            continue
        weight = sample.weight(verdicts.person, verdicts.cell)
        if not (weight > 0.0).any():
            continue
        here = verdicts.of(weight > 0.0)
        if not (sample.is_broad or _is_enough(here, parameters)):
            continue
        own = replace(sides, battles={verdicts.dimension: here.rows})
        if sample.people is None:
            rows = _unweighted(here, sample, parameters, anchors, own, own_seed)
        else:
            kept = weight[weight > 0.0]
            rows = _weighted(here, kept, sample, parameters, anchors, own, own_seed)
        yield _columns(rows, here, topic)


def _is_enough(verdicts: Verdicts, parameters: RatingParameters) -> bool:
    """Whether models have, on average, battles enough not to be provisional."""
    names = pa.chunked_array([c for n in ("model_a", "model_b") for c in verdicts.rows[n].chunks])
    per_model = 2.0 * float(verdicts.battles.sum()) / max(len(names.unique()), 1)
    return per_model >= parameters.provisional_battle_count


def _unweighted(
    verdicts: Verdicts,
    sample: Sample,
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior],
    sides: Sides,
    seed: int,
) -> pa.Table:
    rows, dimension = verdicts.rows, verdicts.dimension
    counts = PairCounts.from_arrow(rows)
    fitted = corrected(fit_own_margin(anchors[dimension], counts), counts)
    one = Rated(sample.stratum_id, dimension, TRUESKILL_EP, counts, fitted)
    known = rows.filter(pa.array(verdicts.person >= 0))
    one = shown(one_without_sides(sides, one), judges_of(counts, known, _items(verdicts)))
    return board(one, parameters, seed)


def _weighted(
    verdicts: Verdicts,
    weight: FloatArray,
    sample: Sample,
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior],
    sides: Sides,
    seed: int,
) -> pa.Table:
    """A person's weight is spread over their verdicts on this board."""
    rows = verdicts.rows
    spread = weight / np.bincount(verdicts.person, verdicts.battles)[verdicts.person]
    names = ["participant_id", "model_a", "model_b"]
    judgments = rows.select(names)
    for name in COUNT_COLUMNS:
        # Whole millionths, so that no sum depends on its order.
        micro = np.rint(MICRO * spread * verdicts.amount(name)).astype(np.int64)
        judgments = judgments.append_column(name, pa.array(micro))
    judgments = judgments.append_column("battle_count", pa.array(verdicts.battles))
    fitted = rate_weighted(
        sample.weighting, sample.stratum_id, verdicts.dimension, judgments, anchors,
        _items(verdicts),
    )  # fmt: skip
    return weighted_board(weighted_without_sides(fitted, sides), parameters, seed)


def _items(verdicts: Verdicts) -> pa.Table:
    """Verdicts with an item; participant_id is null where nobody is known."""
    rows = verdicts.rows.filter(pc.field("item_id").is_valid())
    person = rows.column("participant_id").to_numpy().astype(np.int64)
    place = rows.column_names.index("participant_id")
    return rows.set_column(place, "participant_id", pa.array(person, mask=person < 0))


def _columns(rows: pa.Table, verdicts: Verdicts, topic: str) -> pa.Table:
    """Rows of a board as `topic_rating` has them."""
    people = _people(verdicts)
    counts = [people.get(model, 0) for model in rows.column("model_id").to_pylist()]
    battles = float(verdicts.battles.sum())
    unattributed = float(verdicts.battles[verdicts.person < 0].sum())
    rows = with_constants(
        rows,
        {
            "topic": topic,
            "board_battle_count": round(battles),
            "attributed_battle_count": round(battles - unattributed),
        },
    )
    rows = rows.append_column("model_participant_count", pa.array(counts, pa.int64()))
    known = len(np.unique(verdicts.person[verdicts.person >= 0]))
    needed = [
        None
        if more is None or battles == unattributed
        else two_digits(more * known / (battles - unattributed))
        for more in rows.column("next_battles_needed").to_pylist()
    ]
    rows = rows.append_column("next_people_needed", pa.array(needed, pa.int64()))
    return rows.select(before_rounding(TOPIC_RATING).names)


def _people(verdicts: Verdicts) -> dict[str, int]:
    """How many people judged each model."""
    known = verdicts.rows.filter(pa.array(verdicts.person >= 0))
    person = known.column("participant_id")
    each = [
        pa.table({"model_id": known.column(name), "person": person})
        for name in ("model_a", "model_b")
    ]
    pairs = pa.concat_tables(each).group_by(["model_id", "person"]).aggregate([])
    counts = pairs.group_by("model_id").aggregate([("person", "count")])
    return dict(
        zip(
            counts.column("model_id").to_pylist(),
            counts.column("person_count").to_pylist(),
            strict=True,
        )
    )


@dataclass(frozen=True)
class _Shares:
    """Verdicts per person and topic (C): who, in which cell and topic, how many, and of each kind.

    ``names``: of the K topics; those that are sums of others last.
    """

    names: list[str]
    person: IndexArray
    cell: IndexArray
    topic: IndexArray
    battles: FloatArray
    kinds: dict[str, FloatArray]

    def sums(self, amounts: FloatArray) -> FloatArray:
        """Over the people of each topic (K)."""
        return np.bincount(self.topic, amounts, len(self.names)).astype(float)


def _by_person(verdicts: Verdicts) -> _Shares:
    names = [*verdicts.topics, EVERY, SENSITIVE]
    column = verdicts.rows.column("topic")
    own = pc.index_in(column, value_set=pa.array(names, pa.string())).to_numpy().astype(np.int64)
    sensitive = pc.fill_null(verdicts.rows.column("is_sensitive"), False)
    is_sensitive = np.flatnonzero(sensitive.to_numpy())
    row = np.concatenate((np.arange(own.size), np.arange(own.size), is_sensitive))
    topic = np.concatenate(
        (own, np.full(own.size, len(names) - 2), np.full(is_sensitive.size, len(names) - 1))
    )
    low = int(verdicts.person.min())
    key = (verdicts.person[row] - low) * len(names) + topic
    kinds, first, code = np.unique(key, return_index=True, return_inverse=True)
    both_bad, tie = verdicts.amount("both_bad_count"), verdicts.amount("tie_count")
    amounts = {"battles": verdicts.battles, "tie": tie - both_bad, "both_bad": both_bad}
    sums = {
        name: np.bincount(code, amount[row], kinds.size).astype(float)
        for name, amount in amounts.items()
    }
    person = kinds // len(names) + low
    return _Shares(
        names, person, verdicts.cell[row][first], kinds % len(names), sums.pop("battles"), sums
    )


def _ties(verdicts: Verdicts, samples: list[Sample]) -> pa.Table:
    """Rows of `topic_tie`: every topic of every sample that has a verdict on it."""
    shares = _by_person(verdicts)
    is_sensitive = verdicts.topics | {EVERY: None, SENSITIVE: True}
    rows: list[dict[str, Any]] = []
    for sample in samples:
        weight = sample.weight(shares.person, shares.cell)
        is_in = (weight > 0.0).astype(float)
        counts = {
            "battle_count": shares.sums(is_in * shares.battles),
            "tie_count": shares.sums(is_in * shares.kinds["tie"]),
            "both_bad_count": shares.sums(is_in * shares.kinds["both_bad"]),
            "participant_count": shares.sums(is_in * (shares.person >= 0)),
        }
        # A weight is spread over the verdicts; without weights every verdict counts alike.
        each = weight if sample.people is None else weight / shares.battles
        found = {f"{kind}_share": _share(shares, kind, each) for kind in ("tie", "both_bad")}
        intervals = {name: jeffreys(one) for name, one in found.items()}
        for place in np.flatnonzero(counts["battle_count"] > 0.0).tolist():
            name = shares.names[place]
            row: dict[str, Any] = {column: round(float(of[place])) for column, of in counts.items()}
            for column, interval in intervals.items():
                ends = zip(("", "_lo", "_hi"), interval, strict=True)
                row |= {f"{column}{end}": float(of[place]) for end, of in ends}
            rows.append(
                {
                    "topic": name,
                    "is_sensitive": is_sensitive[name],
                    "weighting": sample.weighting,
                    "stratum_id": sample.stratum_id,
                    "dimension": verdicts.dimension,
                    "effective_count": float(found["tie_share"].effective[place]),
                    **row,
                }
            )
    return pa.Table.from_pylist(rows, schema=before_rounding(TOPIC_TIE))


def _share(shares: _Shares, kind: str, each: FloatArray) -> Share:
    """The share of a kind of verdict by topic: `judge_error.share_of`, of verdicts in sums.

    Args:
        shares: verdicts per person and topic (C).
        kind: of verdict.
        each: what one verdict of theirs counts (C).
    """
    found, count = shares.kinds[kind], shares.battles
    with np.errstate(divide="ignore", invalid="ignore"):
        total = shares.sums(each * count)
        value = shares.sums(each * found) / total
        people = shares.sums((each > 0.0).astype(float))
        kish = total**2 / shares.sums(each**2 * count)
        kish_people = total**2 / shares.sums((each * count) ** 2)
        share = each * count / total[shares.topic]
        score = each * (found - value[shares.topic] * count) / total[shares.topic]
        moves = moves_without(score, share)
        variance = (people - 1.0) / people * shares.sums(moves**2)
        effective = np.fmin(kish, value * (1.0 - value) / variance)
        # Sums leave a rounding error where all are alike.
        is_alike = (value < 1e-12) | (value > 1.0 - 1e-12) | (people < 2.0)
        effective = np.where(is_alike, np.fmin(kish, kish_people), effective)
        value = np.where(value < 1e-12, 0.0, np.where(value > 1.0 - 1e-12, 1.0, value))
        freedom = degrees_of_freedom(share, people, shares.sums)
    freedom = np.where(is_alike, np.inf, freedom)
    return Share(value, effective, shares.sums((each > 0.0) * count), people, freedom)
