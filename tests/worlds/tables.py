"""A world's verdicts as the tables that dbt hands to the rating step, by name.

One country, one dimension, axes age and region; a cell is one age and region, the last one is of
those who told nothing.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa

from tests.worlds.declarations import AGES, CENSUS, REGIONS
from tests.worlds.population import Floats
from tests.worlds.verdicts import Indices, Verdicts
from tests.worlds.weights import raked

EVERYBODY, COUNTRY, WEIGHTING, DIMENSION = "all", "somewhere", "default", "overall"
UNKNOWN = len(AGES) * len(REGIONS)
COUNTS = ("win_a_count", "win_b_count", "tie_count")
MICRO = 1_000_000
RANDOM_POLICY = {
    "policy": "random", "version": "1", "rule": "random", "random_share": 1.0,
    "uncertainty_power": 2.0, "model_limit": 4.0, "participant_limit": None, "batch_size": 1,
    "pool": "alone", "population_axis": "age", "awaited_battles": 0, "is_default": True,
}  # fmt: skip


def reader(
    verdicts: Verdicts, measure: str, *, is_everybody_alone: bool = False
) -> Callable[..., pa.Table]:
    """What gives the rating step a table by its name, and the values that choose its rows.

    ``measure``: of the stopping target "the leader is known". ``is_everybody_alone``: without
    ages, regions and the order of battles.
    """
    names = pa.array([f"model-{k:02d}" for k in range(verdicts.size)])
    raters = verdicts.raters
    cell = np.where(raters.told, raters.age * len(REGIONS) + raters.region, UNKNOWN)
    of = partial(_counted, verdicts, names)
    here = {"cell_id": cell[verdicts.rater]}
    rater = {"participant_id": verdicts.rater}
    item = {"item_id": verdicts.prompt} if (verdicts.prompt >= 0).all() else None
    tables: dict[str, Callable[[], pa.Table]] = {
        "tournament_counts": lambda: _tournaments(verdicts, of, is_everybody_alone),
        "cell_counts": lambda: of(here).slice(0, 0 if is_everybody_alone else None),
        "policy_counts": lambda: _nothing(policy="", policy_version="", counts=of(here)),
        "policy_exclusions": lambda: _empty(policy="", policy_version="", participant_id=0),
        "participant_weights": lambda: _empty(weighting="", participant_id=0, weight_micro=0),
        "verdict_patterns": lambda: pa.table(
            {
                "dimensions": pa.array([], pa.list_(pa.string())),
                "said": pa.array([], pa.list_(pa.int64())),
                "fold": pa.array([], pa.int64()),
                "battle_count": pa.array([], pa.int64()),
            }
        ),
        "decisiveness_counts": lambda: _empty(dimension="", kind="", cell_id=0, level="", fold=0),
        "replicated_people": lambda: _empty(raking_id=0),
        "replicated_cells": lambda: _empty(raking_id=0),
        "dimensions": lambda: pa.table({"dimension": [] if is_everybody_alone else [DIMENSION]}),
        "ordered_battles": lambda: _ordered(verdicts, names, cell),
        "weighted_strata": lambda: pa.table({"weighting": [WEIGHTING], "stratum_id": [EVERYBODY]}),
        "stratum_weights": lambda: _weights(verdicts),
        "participant_counts": lambda: of(rater | here),
        "judged_battles": lambda: _judged(verdicts, of, rater | here),
        "item_counts": lambda: of(rater | here | (item or {"item_id": verdicts.prompt})).slice(
            0, None if item else 0
        ),
        "stratum_cells": _stratum_cells,
        "cell_groups": _cell_groups,
        "group_shares": _group_shares,
        "pool_shares": lambda: pa.table({"pool": ["alone"], "country": [COUNTRY], "share": [1.0]}),
        "strata": lambda: pa.table({"stratum_id": [EVERYBODY]}),
        "candidates": lambda: pa.table({"model_id": names}),
        "pairing_policies": lambda: pa.Table.from_pylist([RANDOM_POLICY]),
        "stopping_targets": lambda: _targets(measure),
        # Nobody labels in these worlds.
        "labels": lambda: _empty(label=""),
        "label_weights": lambda: _empty(weighting=""),
        "rubric_values": lambda: _empty(rubric=""),
        "reference_models": lambda: _empty(label=""),
        "labelled_ratings": lambda: _empty(unit_id=0, criterion=""),
        "labelled_verdicts": lambda: _empty(dimension=""),
        "benchmark_scores": lambda: _empty(benchmark="", metric="", model_id=""),
        "tested_variants": lambda: _empty(model_id=""),
        "variant_judges": lambda: _empty(dimension=""),
        "retired_models": lambda: _empty(model_id=""),
        # Nor does anybody rate one model, or say what conversations were about.
        "experience_ratings": lambda: _empty(participant_id=0),
        "rater_weights": lambda: _empty(weighting=""),
        "rating_strata": lambda: _empty(stratum_id=""),
        "criteria": lambda: _empty(criterion=""),
        "topic_judgments": lambda: _empty(topic=""),
        "topic_weights": lambda: _empty(weighting=""),
        # Whether votes are rigged isn't asked of them.
        "heavy_verdicts": lambda: _empty(dimension=""),
        "retracted_verdicts": lambda: _empty(dimension=""),
        "voter_answers": lambda: _empty(
            participant_id=0, country="", age="", gender="", ethnicity="", politics="", education=""
        ),
    }
    known: dict[str, pa.Table] = {}

    def read(name: str, **values: str) -> pa.Table:
        if name not in known:
            known[name] = tables[name]()
        return known[name]

    return read


def _counted(
    verdicts: Verdicts,
    names: pa.Array,
    by: dict[str, Indices],
    chosen: Indices | None = None,
) -> pa.Table:
    """Rows by columns of whole numbers (N each), dimension and pair; each pair in order of name."""
    here = np.arange(verdicts.rater.size) if chosen is None else chosen
    left, right = verdicts.left[here], verdicts.right[here]
    first, second = np.minimum(left, right), np.maximum(left, right)
    outcome = verdicts.outcome[here]
    outcome = np.where((left > right) & (outcome < 2), 1 - outcome, outcome)
    keys = np.column_stack((*(column[here] for column in by.values()), first, second))
    rows, place = np.unique(keys, axis=0, return_inverse=True)
    counts = np.zeros((rows.shape[0], 3), dtype=np.int64)
    np.add.at(counts, (place.reshape(-1), outcome), 1)
    columns = {name: pa.array(rows[:, k]) for k, name in enumerate(by)}
    if "cell_id" in columns:
        columns["cell_id"] = columns["cell_id"].cast(pa.int32())
    columns |= {"dimension": pa.repeat(DIMENSION, rows.shape[0])}
    columns |= {"model_a": names.take(pa.array(rows[:, -2]))}
    columns |= {"model_b": names.take(pa.array(rows[:, -1]))}
    columns |= {name: pa.array(counts[:, k]) for k, name in enumerate(COUNTS)}
    return pa.table(columns)


def _judged(verdicts: Verdicts, of: Callable[..., pa.Table], by: dict[str, Indices]) -> pa.Table:
    """The same by side and half of the study."""
    sides = {"is_a_first": (verdicts.left < verdicts.right).astype(np.int64)}
    late = np.arange(verdicts.rater.size) >= verdicts.rater.size // 2
    rows = of(by | sides | {"is_late": late.astype(np.int64)})
    for name in ("is_a_first", "is_late"):
        place = rows.column_names.index(name)
        rows = rows.set_column(place, name, rows.column(name).cast(pa.bool_()))
    return rows


def stratum_of(age: str) -> str:
    """The board of an age."""
    return f"{COUNTRY}/age/{age}"


def _tournaments(
    verdicts: Verdicts, of: Callable[..., pa.Table], is_everybody_alone: bool
) -> pa.Table:
    tables = [_first(of({}), stratum_id=EVERYBODY)]
    for code, age in enumerate(() if is_everybody_alone else AGES):
        chosen = verdicts.raters.told & (verdicts.raters.age == code)
        here = np.flatnonzero(chosen[verdicts.rater])
        tables.append(_first(of({}, here), stratum_id=stratum_of(age)))
    return pa.concat_tables(tables)


def _ordered(verdicts: Verdicts, names: pa.Array, cell: Indices) -> pa.Table:
    return pa.table(
        {
            "cell_id": pa.array(cell[verdicts.rater], pa.int32()),
            "model_a": names.take(pa.array(verdicts.left)),
            "model_b": names.take(pa.array(verdicts.right)),
            "outcome": pa.array(["a", "b", "tie"]).take(pa.array(verdicts.outcome)),
        }
    )


def _weights(verdicts: Verdicts) -> pa.Table:
    """Everybody who judged, and their weight in whole millionths."""
    present = np.bincount(verdicts.rater, minlength=verdicts.raters.age.size) > 0
    weight: Floats = raked(verdicts.raters, present.astype(np.float64))
    person = np.flatnonzero(present)
    micro = np.rint(MICRO * weight[person]).astype(np.int64)
    return pa.table({"participant_id": person, "weight_micro": micro})


def _stratum_cells() -> pa.Table:
    known = {
        stratum_of(age): [k * len(REGIONS), k * len(REGIONS) + 1] for k, age in enumerate(AGES)
    }
    cells = {EVERYBODY: list(range(UNKNOWN + 1)), **known}
    return pa.table(
        {"stratum_id": list(cells), "cells": pa.array(list(cells.values()), pa.list_(pa.int32()))}
    )


def _cell_groups() -> pa.Table:
    rows = []
    for cell in range(UNKNOWN + 1):
        age, region = divmod(cell, len(REGIONS))
        groups = {"age": (*AGES, "unknown")[age], "region": REGIONS[region]}
        if cell == UNKNOWN:
            groups = dict.fromkeys(groups, "unknown")
        rows += [(cell, COUNTRY, axis, group) for axis, group in groups.items()]
    cells, countries, axes, names = zip(*rows, strict=True)
    return pa.table(
        {
            "cell_id": pa.array(cells, pa.int32()),
            "country": countries,
            "axis": axes,
            "group_name": names,
        }
    )


def _group_shares() -> pa.Table:
    rows = [
        (COUNTRY, axis, level, share)
        for axis, levels in (("age", AGES), ("region", REGIONS))
        for level, share in zip(levels, CENSUS[axis], strict=True)
    ]
    names = ("country", "axis", "group_name", "population_share")
    return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))


def _targets(measure: str) -> pa.Table:
    target = {
        "target": "leader", "stratum_id": EVERYBODY, "dimension": None, "weighting": None,
        "estimator": "trueskill_ep", "measure": measure, "threshold": 0.95,
    }  # fmt: skip
    return pa.Table.from_pylist([target])


def _first(rows: pa.Table, **constants: str) -> pa.Table:
    for name, value in constants.items():
        rows = rows.add_column(0, name, pa.repeat(value, rows.num_rows))
    return rows


def _nothing(policy: str, policy_version: str, counts: pa.Table) -> pa.Table:
    rows = counts.slice(0, 0).drop_columns(["cell_id"])
    return _first(rows, policy_version=policy_version, policy=policy)


def _empty(**columns: str | int) -> pa.Table:
    return pa.Table.from_pylist([columns]).slice(0, 0)
