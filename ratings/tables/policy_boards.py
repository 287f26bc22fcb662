"""Everybody's board under each quality policy: how much it matters whom a rule leaves out.

What stays out: whom a policy leaves out, and what is left of the counts (dbt_project).
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from ratings.tournaments import (
    TRUESKILL_EP,
    RatingParameters,
    board,
    derive_seed,
    rate_each,
)

LABELS = ("policy", "policy_version")
COLUMNS = ("model_id", "skill", "skill_sd", "rank", "rank_lo", "rank_hi", "battle_count")


def policy_ranks(counts: pa.Table, parameters: RatingParameters, seed: int) -> pa.Table:
    """One row per policy version, dimension and model; unweighted, the draw margin fitted anew.

    Args:
        counts: policy, policy_version, dimension, model_a, model_b and the three counts.
        parameters: as of every board; the policy stands for `margin_tournament`.
        seed: of the study; every policy draws the same ranks where its counts are the same.
    """
    parts = []
    own = replace(parameters, estimators=(TRUESKILL_EP,))
    for policy, version in sorted(_versions(counts)):
        here = pc.and_(
            pc.equal(counts.column(LABELS[0]), policy), pc.equal(counts.column(LABELS[1]), version)
        )
        rows = counts.filter(here).drop_columns(list(LABELS))
        everybody = pa.array([own.margin_tournament] * rows.num_rows, pa.string())
        rows = rows.append_column("tournament_key", everybody)
        for one in rate_each(rows, own):
            rated = board(one, own, derive_seed(seed, LABELS[0]))
            labels = (policy, version, one.dimension)
            constants = [pa.array([label] * rated.num_rows, pa.string()) for label in labels]
            names = [*LABELS, "dimension", *COLUMNS]
            parts.append(pa.table([*constants, *rated.select(COLUMNS).columns], names=names))
    return pa.concat_tables(parts) if parts else _nothing()


def _versions(counts: pa.Table) -> set[tuple[str, str]]:
    columns = (counts.column(name).to_pylist() for name in LABELS)
    return set(zip(*columns, strict=True))


def _nothing() -> pa.Table:
    text = dict.fromkeys((*LABELS, "dimension", "model_id"), pa.string())
    numbers = {name: pa.float64() for name in COLUMNS if name.startswith("skill")}
    whole = {name: pa.int64() for name in COLUMNS if name not in {*text, *numbers}}
    return pa.schema([*text.items(), *numbers.items(), *whole.items()]).empty_table()
