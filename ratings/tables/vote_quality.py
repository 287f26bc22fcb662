"""What in everybody's verdicts looks like rigging (``ratings.vote_signals``), and who shows it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.compiled import FloatArray, IndexArray
from ratings.counts import COUNT_COLUMNS, MODEL_COLUMNS, amounts, places
from ratings.tables.bounds import DETAILED_MODELS
from ratings.tables.count_boards import canonical
from ratings.tables.declarations import as_table, before_rounding
from ratings.tables.inputs import Judged, Read, by_dimension
from ratings.tables.integrity_tables import SIGNAL, SUSPECT
from ratings.tournaments import Rated, derive_seed
from ratings.vote_origins import RETRACTION, copied_profiles, retractions
from ratings.vote_signals import SIGNIFICANT, Signal, Votes, signals

QUESTIONS = ("age", "gender", "ethnicity", "politics", "education")
NOT_OF_SOURCES = (
    "tested_count", "expected", "people_count", "weight_share", "most_affected_model_id",
    "most_affected_share", "p_adjusted", "is_found",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Found:
    """A signal on a board of M models.

    ``people``: who shows it, as the database numbers them; ``verdicts``: how many verdicts are
    theirs; ``per_model`` (M): on each model; ``sources``: how many of each source, where known.
    """

    board: Rated
    signal: Signal
    people: IndexArray
    verdicts: float
    per_model: FloatArray
    sources: dict[str, int]

    @property
    def about(self) -> dict[str, Any]:
        """What its rows are of."""
        place = self.signal.model
        model = None if place is None else self.board.posterior.model_ids[place]
        return {"dimension": self.board.dimension, "signal": self.signal.name, "model_id": model}


def vote_quality_tables(
    read: Read, rated: Iterable[Rated], judged: Judged, everybody: str, seed: int
) -> dict[str, pa.Table]:
    """Both tables, before rounding.

    ``rated``: the tournaments; looked at are those of ``everybody`` whose models are few enough.
    """
    boards = [
        one
        for (stratum, _), one in canonical(rated).items()
        if stratum == everybody and 2 <= len(one.posterior.model_ids) <= DETAILED_MODELS
    ]
    said, taken = (
        dict(by_dimension(read(name))) for name in ("heavy_verdicts", "retracted_verdicts")
    )
    profiles = _profiles(read("voter_answers"))
    found = [
        one
        for board in boards
        for one in (
            *_of_verdicts(board, said.get(board.dimension), seed),
            *_of_retractions(board, taken.get(board.dimension), len(boards)),
            *_of_answers(board, *profiles, judged.people.get(board.dimension)),
        )
    ]
    weights = list(_weights(read)) if any(one.people.size for one in found) else []
    suspects = [
        one.about | {"participant_number": number}
        for one in found
        if one.signal.name != RETRACTION
        for number in one.people.tolist()
    ]
    return {
        SIGNAL: as_table(
            SIGNAL, [row for one in found for row in _rows(one, weights, len(boards))]
        ),
        SUSPECT: pa.Table.from_pylist(suspects, schema=before_rounding(SUSPECT)),
    }


def _of_verdicts(board: Rated, rows: pa.Table | None, seed: int) -> Iterator[_Found]:
    if rows is None:
        return
    rows = _known(board, rows)
    people, person = np.unique(rows.column("participant_id").to_numpy(), return_inverse=True)
    left, right = _models(board, rows)
    at = pc.fill_null(rows.column("judged_at"), math.nan).to_numpy()
    sources = rows.column("source").combine_chunks().dictionary_encode().indices
    votes = Votes.of(
        board.posterior, board.counts, person.reshape(-1), left, right, _said(rows), at,
        sources.to_numpy().astype(np.int64),
    )  # fmt: skip
    for signal in signals(votes, derive_seed(seed, SIGNAL, board.dimension)):
        shows = np.isin(person.reshape(-1), signal.people)
        yield _found(board, signal, people[signal.people], rows.filter(pa.array(shows)))


def _of_retractions(board: Rated, rows: pa.Table | None, boards: int) -> Iterator[_Found]:
    if rows is None:
        return
    rows = _known(board, rows)
    people, person = np.unique(rows.column("participant_id").to_numpy(), return_inverse=True)
    left, right = _models(board, rows)
    person, said = person.reshape(-1), _said(rows)
    for signal in retractions(board.posterior, person, left, right, said, boards):
        shows = (left == signal.model) | (right == signal.model)
        yield _found(board, signal, people[signal.people], rows.filter(pa.array(shows)))


def _profiles(answers: pa.Table) -> tuple[Signal, IndexArray]:
    """Who has the answers of too many, whatever they judged; and their numbers."""
    codes = [
        pc.fill_null(column.combine_chunks().dictionary_encode().indices, -1).to_numpy()
        for column in (answers.column(name) for name in ("country", *QUESTIONS))
    ]
    signal = copied_profiles(codes[0], np.column_stack(codes[1:]))
    return signal, answers.column("participant_id").to_numpy()[signal.people]


def _of_answers(
    board: Rated, signal: Signal, people: IndexArray, counts: pa.Table | None
) -> Iterator[_Found]:
    if counts is None:
        return
    judging = np.unique(counts.column("participant_id").to_numpy())
    people = people[np.isin(people, judging)]
    own = counts.filter(pc.is_in(counts.column("participant_id"), pa.array(people)))
    battles = sum((amounts(own, name) for name in COUNT_COLUMNS), np.zeros(own.num_rows))
    left, right = _models(board, own)
    models = len(board.posterior.model_ids)
    per_model = _per_model(models, left, right, battles)
    yield _Found(board, signal, people, float(battles.sum()), per_model, {})


def _found(board: Rated, signal: Signal, people: IndexArray, rows: pa.Table) -> _Found:
    models = len(board.posterior.model_ids)
    left, right = _models(board, rows)
    per_model = _per_model(models, left, right, np.ones(rows.num_rows))
    each = pc.value_counts(rows.column("source")).to_pylist()
    sources = {one["values"]: int(one["counts"]) for one in each}
    return _Found(board, signal, people, float(rows.num_rows), per_model, sources)


def _per_model(models: int, left: IndexArray, right: IndexArray, amount: FloatArray) -> FloatArray:
    both = np.concatenate((left, right))
    return np.bincount(both, np.tile(amount, 2), models).astype(np.float64)


def _known(board: Rated, rows: pa.Table) -> pa.Table:
    names = pa.array(board.posterior.model_ids, pa.string())
    is_known = (pc.is_in(rows.column(name), value_set=names) for name in ("model_a", "model_b"))
    return rows.filter(pc.and_(*is_known))


def _models(board: Rated, rows: pa.Table) -> tuple[IndexArray, IndexArray]:
    left, right = (places(rows.column(name), board.posterior.model_ids) for name in MODEL_COLUMNS)
    return left, right


def _said(rows: pa.Table) -> IndexArray:
    places = pc.index_in(rows.column("outcome"), value_set=pa.array(["a", "b"]))
    said: IndexArray = pc.fill_null(places, 2).to_numpy().astype(np.int64)
    return said


def _weights(read: Read) -> Iterator[tuple[IndexArray, FloatArray]]:
    """People and weights of each of everybody's weighted boards."""
    rows = read("participant_weights")
    weightings = rows.column("weighting").to_numpy(zero_copy_only=False)
    people = rows.column("participant_id").to_numpy()
    amount = rows.column("weight_micro").to_numpy().astype(np.float64)
    for weighting in np.unique(weightings).tolist():
        own = weightings == weighting
        yield people[own], amount[own]


def _rows(
    one: _Found, weights: list[tuple[IndexArray, FloatArray]], boards: int
) -> Iterator[dict[str, Any]]:
    signal, counts = one.signal, one.board.counts
    share = one.per_model / np.maximum(counts.battles_per_model, 1.0)
    most = int(np.argmax(share))
    p = min(signal.p * boards, 1.0) if math.isfinite(signal.p) else math.nan
    total = counts.battle_total
    whole = one.about | {
        "source": None,
        "tested_count": signal.tested,
        "expected": signal.expected,
        "people_count": one.people.size,
        "verdict_count": round(one.verdicts),
        "verdict_share": one.verdicts / total,
        "weight_share": max(
            (float(each[np.isin(who, one.people)].sum() / each.sum()) for who, each in weights),
            default=0.0,
        ),
        "most_affected_model_id": one.board.posterior.model_ids[most] if share[most] else None,
        "most_affected_share": float(share[most]) if share[most] else math.nan,
        "p_adjusted": p,
        "is_found": p < SIGNIFICANT,
    }
    if signal.name == RETRACTION:
        whole["weight_share"] = math.nan
    yield whole
    unknown = dict.fromkeys(NOT_OF_SOURCES)
    unknown |= dict.fromkeys(
        ("expected", "weight_share", "most_affected_share", "p_adjusted"), math.nan
    )
    for source, verdicts in sorted(one.sources.items()):
        about = {"source": source, "verdict_count": verdicts, "verdict_share": verdicts / total}
        yield whole | unknown | about
