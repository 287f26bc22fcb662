"""Small studies in which something is planted, rated, and shown as the marts that probes read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.rating_step import reading
from ratings.tables.every_board import rate_all
from ratings.tournaments import RatingParameters
from tests.dbt.models import render_model
from tests.ratings.tables.study import Verdict, database

if TYPE_CHECKING:
    from publishing.boards.finding import Read

MARTS = {
    "rpt_leaderboard": "rating",
    "rpt_fragility": "fragility",
    "rpt_pairwise": "pairwise",
    "rpt_model_fit": "model_fit",
}
BOARDS = """
create table dim_board as
select distinct weighting, stratum_id, dimension, estimator, stratum_id as board_id,
    true as is_default, weighting <> 'none' as is_weighted
from rating;
create table dim_model as
select distinct model_id, model_id as display_name, null as provider from rating
"""
PAIRS = """
create or replace table rpt_pairwise as
select pairs.*, model_a as display_name_a, model_b as display_name_b,
    (select count(*) from said where (said.model_a, said.model_b, said.outcome) in
        ((pairs.model_a, pairs.model_b, 'a'), (pairs.model_b, pairs.model_a, 'b'))) as win_count,
    (select count(*) from said where (said.model_a, said.model_b, said.outcome) in
        ((pairs.model_a, pairs.model_b, 'b'), (pairs.model_b, pairs.model_a, 'a'))) as loss_count
from rpt_pairwise as pairs
"""
MODELS = ("ant", "bee", "cat", "dog", "eel")


@dataclass(frozen=True)
class World:
    """How verdicts come about; skills and sides in sds of a battle.

    Args:
        skills: one per model, best first.
        people: who judge.
        each: verdicts of each of them.
        side: what being shown first is worth.
        is_one_sided: whether the model that comes first by name is always shown first.
        circle: what the first three models are worth against the next of them, in a circle.
        loud: verdicts of one more person, all for the last model.
        taste: sd of each person's own taste in each model.
    """

    skills: tuple[float, ...] = (1.6, 0.8, 0.0, -0.8, -1.6)
    people: int = 60
    each: int = 20
    side: float = 0.0
    is_one_sided: bool = False
    circle: float = 0.0
    loud: int = 0
    taste: float = 0.2
    names: tuple[str, ...] = field(default=MODELS)


def verdicts(world: World, seed: int) -> list[Verdict]:
    """Of everybody, in an order that says nothing."""
    rng = np.random.default_rng(seed)
    found = []
    for person in range(world.people):
        own = np.array(world.skills) + world.taste * rng.standard_normal(len(world.skills))
        for _ in range(world.each):
            a, b = rng.choice(len(own), 2, replace=False)
            if world.is_one_sided:
                a, b = sorted((a, b))
            found.append(_verdict(rng, world, person, own, int(a), int(b)))
    last = len(world.skills) - 1
    for number in range(world.loud):
        names = world.names[last], world.names[number % last]
        found.append(Verdict("loud", "old", "overall", *names, "a"))
    return [found[at] for at in rng.permutation(len(found))]


def _verdict(
    rng: np.random.Generator, world: World, person: int, own: Any, a: int, b: int
) -> Verdict:
    turn = (b - a) % 3
    circle = world.circle * (1 if turn == 1 else -1) if max(a, b) < 3 else 0.0
    d = own[a] - own[b] + world.side + circle + rng.standard_normal()
    outcome = "tie" if abs(d) < 0.3 else "a" if d > 0 else "b"
    group = ("old", "young")[person % 2]
    return Verdict(f"p{person}", group, "overall", world.names[a], world.names[b], outcome)


def read_of(world: World, seed: int) -> Read:
    """Reads what a build makes of a world, as the audit reads the marts."""
    rows = verdicts(world, seed)
    with database(rows) as connection:
        tables = rate_all(reading(connection), RatingParameters(draws=64))
    marts = duckdb.connect()
    for mart, name in MARTS.items():
        marts.register(name, tables[name])
        columns = ", ".join(
            f"{column} / 1e6 as {column.removesuffix('_micro')}"
            if column.endswith("_micro")
            else column
            for column in tables[name].column_names
        )
        marts.execute(f"create table {mart} as select {columns} from {name}")
    marts.execute(BOARDS)
    said: dict[str, list[str]] = {"model_a": [], "model_b": [], "outcome": []}
    for row in rows:
        for name, texts in said.items():
            texts.append(getattr(row, name))
    marts.register("said", pa.table({name: pa.array(t, pa.string()) for name, t in said.items()}))
    marts.execute(PAIRS)
    marts.execute(f"create table rpt_neighbour as {render_model('rpt_neighbour')}")
    marts.execute(f"create table rpt_position_bias as {_bias(rows)}")

    def read(query: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        rows = marts.sql(query, params=values).to_arrow_table()
        found: list[dict[str, Any]] = rows.to_pylist()
        return found

    return read


def _bias(rows: list[Verdict]) -> str:
    """Sides are drawn at random, so that skills even out."""
    net = np.array([(row.outcome == "a") - (row.outcome == "b") for row in rows], dtype=float)
    bias, sd = net.mean(), net.std() / np.sqrt(net.size)
    lo, hi = bias - 1.96 * sd, bias + 1.96 * sd
    return f"select 'overall' as dimension, {bias} as bias, {lo} as bias_lo, {hi} as bias_hi"
