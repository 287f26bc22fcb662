"""All boards of a study, and the tables beside them, in one go.

What stays out: how each kind of board is made (one file per kind beside this one).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ratings.online_tournaments import (
    online_board,
    online_history,
    replay_tournament,
)
from ratings.posterior import Posterior
from ratings.tables import (
    count_boards,
    hierarchical_boards,
    policy_boards,
    pooled_countries,
    standings,
    weighted_boards,
)
from ratings.tables.agreement import agreement_rows, tournament_rows
from ratings.tables.ahead import ahead_rows
from ratings.tables.clustered_boards import clustered_rows
from ratings.tables.inputs import (
    Study,
    cell_counts,
    ordered_battles,
    policy_counts,
    seed_of,
    study,
    tournament_counts,
)
from ratings.tables.standings import Standing
from ratings.tables.tables import conform
from ratings.tournaments import Rated, RatingParameters, board
from ratings.weighted_tournaments import WEIGHTED_SCHEMA

RATING, PAIRWISE, TOURNAMENT = "rating", "pairwise", "tournament"
MERGER, AGREEMENT, HISTORY = "merger", "agreement", "online_history"
POLICY_RANK, CLUSTERED, PROVISIONAL = "policy_rank", "clustered_sd", "provisional"


def rate_all(
    connection: duckdb.DuckDBPyConnection,
    parameters: RatingParameters,
    *,
    is_board_alone: bool = False,
) -> dict[str, pa.Table]:
    """Every table of the rating step (contract.py), by name, in integers.

    Args:
        connection: the pipeline's database after dbt's first run.
        parameters: of every board.
        is_board_alone: whether `rating` is enough. What is ahead needs seeds that the design of an
            older board may not have.

    Returns:
        Tables; `rating` is empty where there are no battles.
    """
    counts = tournament_counts(connection)
    seed = seed_of(counts)
    population = study(connection)
    rated = count_boards.rate_counts(counts, parameters)
    anchors = count_boards.anchors(rated, parameters)
    # Side by side, the longest first: most of each is in kernels and in the database, which hold
    # no lock.
    with ThreadPoolExecutor(2) as beside:
        pooling = beside.submit(
            _hierarchical, connection.cursor(), population, parameters, anchors, seed
        )
        weighting = beside.submit(_weighted, connection.cursor(), parameters, anchors, seed)
        merging = beside.submit(_merged, rated, population, parameters, seed)
        replaying = beside.submit(_online, connection.cursor(), parameters, seed)
        boards = list(beside.map(lambda one: _unweighted(board(one, parameters, seed)), rated))
        online, histories = replaying.result()
        weighted, clustered = weighting.result()
        merged, tables = merging.result()
        hierarchical, effects, populations = pooling.result()
    every = _concatenated([*boards, *online, *weighted, *merged, *hierarchical])
    if is_board_alone:
        return {RATING: conform(RATING, every)}
    certain = [*standings.of_counts(rated), *clustered, *populations]
    pairs = list(count_boards.pair_rows(rated))
    tables |= effects | histories | {RATING: every}
    tables[POLICY_RANK] = policy_boards.policy_ranks(policy_counts(connection), parameters, seed)
    tables[PROVISIONAL] = tables[RATING].filter(pc.field("is_provisional"))
    if pairs:
        tables[PAIRWISE] = pa.concat_tables(pairs)
        tables[TOURNAMENT] = tournament_rows(rated)
    written = {name: conform(name, table) for name, table in tables.items()}
    if pairs:
        with ThreadPoolExecutor(1) as beside:
            clustering = beside.submit(clustered_rows, connection.cursor(), rated)
            written |= ahead_rows(connection, rated, certain, population, written, seed)
            written[CLUSTERED] = conform(CLUSTERED, clustering.result())
    written[AGREEMENT] = conform(AGREEMENT, agreement_rows(written[RATING]))
    return written


def _online(
    connection: duckdb.DuckDBPyConnection, parameters: RatingParameters, seed: int
) -> tuple[list[pa.Table], dict[str, pa.Table]]:
    """Boards that follow the order of battles, and how they came to be."""
    boards, histories = [], []
    for stratum, dimension, battles in ordered_battles(connection):
        replayed = replay_tournament(stratum, dimension, battles, parameters)
        boards.append(_unweighted(online_board(replayed, parameters, seed)))
        names = {"tournament_key": "stratum_id"}
        histories.append(online_history(replayed).rename_columns(names))
    return boards, {HISTORY: pa.concat_tables(histories)} if histories else {}


def _weighted(
    connection: duckdb.DuckDBPyConnection,
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior],
    seed: int,
) -> tuple[list[pa.Table], list[Standing]]:
    """Boards of the weighted sample, and how they stand."""
    boards, certain = [], []
    for weighting, one, rows in weighted_boards.weighted_boards(
        connection, parameters, anchors, seed
    ):
        boards.append(_labelled(weighting, rows))
        certain.append(standings.of_weighted(weighting, one))
    return boards, certain


def _merged(
    rated: list[Rated], population: Study, parameters: RatingParameters, seed: int
) -> tuple[list[pa.Table], dict[str, pa.Table]]:
    """Boards of merged groups; what merging bought; how far ranks move between groups."""
    every = list(count_boards.groups_of_axes(rated, population))
    boards, ratios = [], []
    for groups in every:
        rows, ratio = count_boards.merged_board(groups, parameters, seed)
        rows = rows.append_column("merged_sd_ratio", pa.array([ratio] * rows.num_rows))
        boards.append(_labelled(f"merged_by_{groups.axis}", rows))
        ratios.append((groups.country, groups.axis, groups.dimension, ratio))
    by_model, by_axis = [], []
    for country, dimension, models, axes in count_boards.shifts(every, parameters, seed):
        labels = {"country": country, "dimension": dimension}
        by_model.append(_with_constants(models, labels))
        by_axis.append(_with_constants(axes, labels))
    if not every:
        return [], {}
    names = ("country", "axis", "dimension", "sd_ratio")
    merger = dict(zip(names, map(list, zip(*ratios, strict=True)), strict=True))
    return boards, {
        MERGER: pa.table(merger),
        "model_rank_shift": pa.concat_tables(by_model),
        "axis_rank_shift": pa.concat_tables(by_axis),
    }


def _hierarchical(
    connection: duckdb.DuckDBPyConnection,
    population: Study,
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior],
    seed: int,
) -> tuple[list[pa.Table], dict[str, pa.Table], list[Standing]]:
    """Boards of the hierarchical model; spread and shrinkage of effects; how the boards stand."""
    counts, spreads = cell_counts(connection), []
    if parameters.pool_countries:
        joint = list(pooled_countries.fit_jointly(counts, population, anchors))
        fitted = [one for dimension in joint for one in dimension.fitted]
        pooled = pooled_countries.pooled_boards(joint, population, parameters, seed)
        certain = list(standings.of_joint(joint, population))
        for dimension, rows in pooled_countries.tau_rows(joint):
            labels = {"country": pooled_countries.EVERY_COUNTRY, "dimension": dimension}
            spreads.append(_with_constants(rows, labels))
    else:
        fitted = list(hierarchical_boards.fit_countries(counts, population, anchors))
        pooled = hierarchical_boards.pooled_boards(fitted, population, parameters, seed)
        certain = list(standings.of_countries(fitted, population))
    if not fitted:
        return [], {}, []
    boards, shrinkages = [], []
    for one in fitted:
        labels = {"country": one.country, "dimension": one.dimension}
        rows = hierarchical_boards.country_boards(one, population, parameters, seed)
        boards += [_labelled(hierarchical_boards.CENSUS, table) for table in rows]
        spreads.append(_with_constants(hierarchical_boards.tau_rows(one), labels))
        shrinkages.append(_with_constants(one.posterior.shrinkage(), labels))
    boards += [_labelled(weighting, rows) for weighting, rows in pooled]
    shrinkage = pa.concat_tables(shrinkages)
    names = ["group_name" if name == "group" else name for name in shrinkage.column_names]
    tables = {
        "axis_effect": pa.concat_tables(spreads),
        "group_shrinkage": shrinkage.rename_columns(names),
    }
    return boards, tables, certain


def _labelled(weighting: str, rows: pa.Table) -> pa.Table:
    """Board rows with their weighting."""
    names = ["stratum_id" if name == "tournament_key" else name for name in rows.column_names]
    return _with_constants(rows.rename_columns(names), {"weighting": weighting})


def _unweighted(rows: pa.Table) -> pa.Table:
    return _labelled(count_boards.UNWEIGHTED, rows)


def _with_constants(rows: pa.Table, constants: dict[str, str]) -> pa.Table:
    for name, value in constants.items():
        rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
    return rows


def _concatenated(tables: Iterable[pa.Table]) -> pa.Table:
    """Rows of every kind of board; what only some kinds have is null elsewhere.

    Rebuilt by name: the same columns, whether or not an estimator promised them without nulls.
    """
    parts = [_EVERY_KIND.empty_table()]
    for table in tables:
        own = set(table.column_names)
        columns = [
            table.column(field.name) if field.name in own else pa.nulls(table.num_rows, field.type)
            for field in _EVERY_KIND
        ]
        parts.append(pa.table(columns, schema=_EVERY_KIND))
    return pa.concat_tables(parts)


_EVERY_KIND = pa.schema(
    [
        pa.field("weighting", pa.string()),
        pa.field("stratum_id", pa.string()),
        *(pa.field(one.name, one.type) for one in WEIGHTED_SCHEMA if one.name != "tournament_key"),
        pa.field("merged_sd_ratio", pa.float64()),
    ]
)
