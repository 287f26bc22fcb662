"""How dimensions hang together, and what a verdict is made of (everybody's verdicts, by person)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ratings.compiled import FloatArray, IndexArray
from ratings.counts import ParticipantCounts, amounts, model_indices
from ratings.dependence import judges_of
from ratings.dimension_structure import (
    FOLDS,
    Board,
    Correlation,
    Patterns,
    decisiveness,
    in_battles,
    over_models,
    predicted,
)
from ratings.model_fit import discovered
from ratings.posterior import Posterior
from ratings.sandwich import influences
from ratings.tables.bounds import DETAILED_MODELS
from ratings.tables.count_boards import canonical
from ratings.tables.declarations import before_rounding
from ratings.tables.inputs import Judged, Read, Study
from ratings.tournaments import UNWEIGHTED, Rated, WeightedRated
from ratings.variance_share import NOTHING, Estimate, Found, Verdicts, variance_shares

COUNTRY, CELL = "country", "cell"
# Of more people the errors of a board are too small to matter, and their moves too large to hold.
PEOPLE_MAX = 200_000
Rows = list[dict[str, Any]]
Tables = dict[str, pa.Table]


class Structured(NamedTuple):
    """One of everybody's boards, as it is compared with those of other dimensions."""

    weighting: str
    dimension: str
    model_ids: tuple[str, ...]
    board: Board


def flat_board(one: Rated, judged: Judged) -> Structured | None:
    """Everybody's unweighted board of a dimension; None beyond bounds."""
    known = judged.of(one.stratum_id, one.dimension).people
    people = judges_of(one.counts, known).people
    return _structured(UNWEIGHTED, one.dimension, one.posterior, people, known)


def weighted_structured(one: WeightedRated, judgments: pa.Table) -> Structured | None:
    """A weighted board of ``judgments``; None beyond bounds."""
    return _structured(one.weighting, one.dimension, one.shown, one.people, judgments)


def _structured(
    weighting: str, dimension: str, shown: Posterior, people: ParticipantCounts, rows: pa.Table
) -> Structured | None:
    models = shown.model_ids
    if not 0 < people.participant_count <= PEOPLE_MAX or len(models) > DETAILED_MODELS:
        return None
    moves = influences(shown.fitted, people, np.arange(len(models)))
    total = sum(amounts(rows, name) for name in ("win_a_count", "win_b_count", "tie_count"))
    ids = rows.column("participant_id").to_numpy()[np.asarray(total) > 0]
    # Who alone judged a model has no first order.
    board = Board(shown.fitted.skill, np.nan_to_num(moves), np.unique(ids).astype(np.int64))
    return Structured(weighting, dimension, models, board)


def verdict_tables(
    read: Read, judged: Judged, study: Study, boards: Iterable[Structured | None], everybody: str
) -> Tables:
    """The five tables, by name."""
    patterns = _patterns(read("verdict_patterns"))
    shares, disagreements = _variance(read, judged, study, everybody)
    rows: dict[str, Rows] = {
        "variance_share": shares,
        "disagreement": disagreements,
        "dimension_structure": list(_structure(boards, patterns, everybody)),
        "dimension_prediction": list(_predictions(patterns, everybody)),
        "decisiveness": _decisiveness(read("decisiveness_counts"), study),
    }
    return {
        name: pa.Table.from_pylist(own, schema=before_rounding(name)) for name, own in rows.items()
    }


def unweighted_boards(
    rated: Iterable[Rated], judged: Judged, everybody: str
) -> list[Structured | None]:
    """Everybody's boards by the canonical estimator."""
    return [
        flat_board(one, judged)
        for (stratum, _), one in canonical(rated).items()
        if stratum == everybody
    ]


def _ends(name: str, estimate: Estimate) -> dict[str, float | None]:
    return {name: estimate.value, f"{name}_lo": estimate.lo, f"{name}_hi": estimate.hi}


def share_columns(name: str, estimate: Estimate) -> dict[str, float | None]:
    """A share's figures by column name; its interval ends where shares do."""
    ends = {end: getattr(estimate, end) for end in ("lo", "hi")}
    cut = {end: None if at is None else min(max(at, 0.0), 1.0) for end, at in ends.items()}
    return {name: estimate.value} | {f"{name}_{end}": at for end, at in cut.items()}


class _Of(NamedTuple):
    dimensions: list[str]
    patterns: Patterns


def _patterns(rows: pa.Table) -> _Of:
    asked, said = rows.column("dimensions").to_pylist(), rows.column("said").to_pylist()
    dimensions = sorted({name for names in asked for name in names})
    place = {name: number for number, name in enumerate(dimensions)}
    table = np.full((rows.num_rows, len(dimensions)), np.nan)
    for number, (names, values) in enumerate(zip(asked, said, strict=True)):
        table[number, [place[name] for name in names]] = values
    fold = rows.column("fold").to_numpy().astype(np.int64)
    return _Of(dimensions, Patterns(table, fold, amounts(rows, "battle_count")))


def _structure(
    boards: Iterable[Structured | None], of: _Of, everybody: str
) -> Iterator[dict[str, Any]]:
    known = {(one.weighting, one.dimension): one for one in boards if one is not None}
    weightings = sorted({weighting for weighting, _ in known} | {UNWEIGHTED})
    for weighting in weightings:
        for place, dimension in enumerate(of.dimensions):
            for beside in range(place + 1, len(of.dimensions)):
                other = of.dimensions[beside]
                pair = known.get((weighting, dimension)), known.get((weighting, other))
                found, models = _over_models(*pair)
                said, battles = NOTHING, None
                if weighting == UNWEIGHTED:
                    said, battles = in_battles(of.patterns, place, beside)
                yield {
                    "weighting": weighting,
                    "stratum_id": everybody,
                    "dimension": dimension,
                    "other_dimension": other,
                    "model_count": models,
                    **_ends("raw_correlation", found.raw),
                    **_ends("correlation", found.true),
                    **_ends("verdict_correlation", said),
                    "battle_count": battles,
                }


def _over_models(a: Structured | None, b: Structured | None) -> tuple[Correlation, int]:
    if a is None or b is None:
        return Correlation(NOTHING, NOTHING), 0
    common = sorted({*a.model_ids} & {*b.model_ids})
    parts = []
    for one in (a, b):
        places = np.searchsorted(np.array(one.model_ids), common)
        own = one.board
        parts.append(Board(own.skill[places], own.moves[:, places], own.people))
    return over_models(*parts), len(common)


def _predictions(of: _Of, everybody: str) -> Iterator[dict[str, Any]]:
    for place, dimension in enumerate(of.dimensions):
        found = predicted(of.patterns, place)
        yield {
            "stratum_id": everybody,
            "dimension": dimension,
            **share_columns("predicted_share", found.all_others),
            "best_dimension": None if found.best is None else of.dimensions[found.best],
            **share_columns("best_share", found.best_share),
            **_ends("gain", found.gain),
            "battle_count": found.battle_count,
        }


def _decisiveness(counts: pa.Table, study: Study) -> Rows:
    """Ties by group, topic and depth: each level against the others of its kind."""
    groups: dict[int, list[tuple[str, str | None, str]]] = {}
    for country, cells in study.cells.items():
        for cell, by_axis in cells.items():
            groups[cell] = [(axis, country, group) for axis, group in by_axis.items()]
    sums: dict[tuple[str, str, str], dict[str, FloatArray]] = {}
    for dimension, kind, cell, level, fold, *amount in zip(
        *counts.to_pydict().values(), strict=True
    ):
        of_cell = groups.get(cell, []) if kind == CELL else [(kind, None, level)]
        for axis, where, name in of_cell:
            family = sums.setdefault((dimension, axis, where or ""), {})
            own = family.setdefault(name, np.zeros((FOLDS, 3)))
            own[fold] += amount
    found: Rows = []
    for (dimension, kind, country), family in sorted(sums.items()):
        names = sorted(family)
        table = np.array([family[name].T for name in names])
        said = decisiveness(table[:, 0], table[:, 1])
        for name, own, one in zip(names, table, said, strict=True):
            found.append(
                {
                    "dimension": dimension,
                    "kind": kind,
                    "country": country or None,
                    "level": name,
                    **share_columns("tie_share", one.tie_share),
                    **_ends("difference", one.beyond_others),
                    "p_value": one.p,
                    "battle_count": round(float(own[1].sum())),
                    "participant_count": round(float(own[2].sum())),
                }
            )
    differs = discovered(np.array([row["p_value"] for row in found], dtype=np.float64))
    for row, is_different in zip(found, differs.tolist(), strict=True):
        row["p_value"] = None if np.isnan(row["p_value"]) else row["p_value"]
        row["is_different"] = is_different
    return found


def _variance(read: Read, judged: Judged, study: Study, everybody: str) -> tuple[Rows, Rows]:
    weights = _weights(read("participant_weights"))
    axes = _axes(study)
    shares: Rows = []
    disagreements: Rows = []
    for dimension in sorted(judged.people):
        rows = judged.of(everybody, dimension)
        people, items = _sums(rows.people), _sums(rows.items)
        for weighting, weight in weights.items():
            for axis, of_cell in axes.items():
                given = _by_group(people, of_cell, weight)
                prompts = _by_prompt(items, weight) if items.person.size else None
                found = variance_shares(given, prompts)
                if found is None:
                    continue
                key = {
                    "weighting": weighting,
                    "stratum_id": everybody,
                    "dimension": dimension,
                    "axis": axis,
                }
                left_out = round(float(people.verdicts.sum())) - found.verdict_count
                shares += _share_rows(key, found, left_out)
                disagreements += _disagreement_rows(key, found)
    return shares, disagreements


def _share_rows(key: Mapping[str, str], found: Found, left_out: int) -> Iterator[dict[str, Any]]:
    for one in found.shares:
        yield {
            **key,
            "part": one.part,
            **_ends("share", one.plain),
            **_ends("latent_share", one.latent),
            "couple_count": one.couple_count,
            "verdict_count": found.verdict_count,
            "left_out_count": left_out,
            "participant_count": found.participant_count,
            "effective_participant_count": found.effective_participant_count,
        }


def _disagreement_rows(key: Mapping[str, str], found: Found) -> Iterator[dict[str, Any]]:
    for one in found.disagreements:
        yield {
            **key,
            "relation": one.relation,
            **share_columns("opposite_share", one.opposite),
            **share_columns("decided_share", one.decided),
            "couple_count": one.couple_count,
            "participant_count": found.participant_count,
        }


class _Sums(NamedTuple):
    # What one person said of one pair (and item), per row.
    person: IndexArray
    pair: IndexArray
    cell: IndexArray
    item: IndexArray
    outcomes: FloatArray

    @property
    def verdicts(self) -> FloatArray:
        return np.asarray(self.outcomes.sum(axis=1))


def _sums(rows: pa.Table) -> _Sums:
    names, a, b = model_indices(rows)
    size = max(len(names), 1)
    won, lost, tied = (amounts(rows, name) for name in ("win_a_count", "win_b_count", "tie_count"))
    is_swapped = a > b
    outcomes = np.column_stack(
        (np.where(is_swapped, lost, won), np.where(is_swapped, won, lost), tied)
    )
    person = rows.column("participant_id").combine_chunks()
    # A judge nobody knows is a person of their own.
    nobody = np.flatnonzero(np.asarray(person.is_null()))
    known = person.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    known[nobody] = -1 - nobody
    item = np.zeros(known.size, dtype=np.int64)
    if "item_id" in rows.column_names:
        item = rows.column("item_id").to_numpy().astype(np.int64)
    pair = np.minimum(a, b) * size + np.maximum(a, b)
    return _Sums(known, pair, rows.column("cell_id").to_numpy().astype(np.int64), item, outcomes)


def _weights(rows: pa.Table) -> dict[str, tuple[IndexArray, FloatArray] | None]:
    """Per weighting who has a weight (ascending), and which; none: everybody's is one."""
    found: dict[str, tuple[IndexArray, FloatArray] | None] = {UNWEIGHTED: None}
    names = np.array(rows.column("weighting").to_pylist(), dtype=object)
    people, weights = rows.column("participant_id").to_numpy(), amounts(rows, "weight_micro")
    for name in sorted(set(names)):
        own = names == name
        found[name] = people[own].astype(np.int64), weights[own] / 1e6
    return found


def _of_person(sums: _Sums, weight: tuple[IndexArray, FloatArray] | None) -> FloatArray:
    # Of each verdict: a person's weight is spread over their verdicts, as on boards.
    if weight is None:
        return np.ones(sums.person.size)
    people, weights = weight
    place = np.searchsorted(people, sums.person)
    is_known = np.zeros(sums.person.size, dtype=np.bool_)
    inside = place < people.size
    is_known[inside] = people[place[inside]] == sums.person[inside]
    _, own = np.unique(sums.person, return_inverse=True)
    total = np.bincount(own, sums.verdicts)[own]
    out = np.zeros(sums.person.size)
    out[is_known] = weights[place[is_known]] / total[is_known]
    return out


def _axes(study: Study) -> dict[str, dict[int, tuple[int, int]]]:
    """Per axis, of each cell the country within which people are compared, and the group.

    ``country``: countries are the groups; ``cell``: people of one group on every axis at once.
    """
    countries = {name: place for place, name in enumerate(sorted(study.cells))}
    axes: dict[str, dict[int, tuple[int, int]]] = {}
    numbers: dict[tuple[str, str, str], int] = {}
    for country, cells in sorted(study.cells.items()):
        for cell, by_axis in sorted(cells.items()):
            axes.setdefault(COUNTRY, {})[cell] = 0, countries[country]
            axes.setdefault(CELL, {})[cell] = 0, cell
            for axis, group in by_axis.items():
                number = numbers.setdefault((country, axis, group), len(numbers))
                axes.setdefault(axis, {})[cell] = countries[country], number
    if len(countries) < 2:
        axes.pop(COUNTRY, None)
    return dict(sorted(axes.items()))


def _by_group(
    sums: _Sums,
    of_cell: Mapping[int, tuple[int, int]],
    weight: tuple[IndexArray, FloatArray] | None,
) -> Verdicts:
    cells, inverse = np.unique(sums.cell, return_inverse=True)
    known = np.array([of_cell.get(int(cell), (-1, -1)) for cell in cells], dtype=np.int64)
    country, group = known.reshape(-1, 2)[inverse].T
    block = sums.pair * (int(country.max(initial=0)) + 1) + country
    given = _verdicts(sums, block, group, _of_person(sums, weight))
    return given.some(group >= 0)


def _by_prompt(sums: _Sums, weight: tuple[IndexArray, FloatArray] | None) -> Verdicts:
    return _verdicts(sums, sums.pair, sums.item, _of_person(sums, weight))


def _verdicts(sums: _Sums, block: IndexArray, group: IndexArray, weight: FloatArray) -> Verdicts:
    wins, losses, ties = sums.outcomes.T
    return Verdicts(sums.person, block, group, wins, losses, ties, weight)
