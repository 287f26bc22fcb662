"""All boards of a study, and the tables beside them, in one go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ratings.dependence import FEW_PARTICIPANTS
from ratings.interval_basis import FEW, INDEPENDENT, PARTICIPANTS
from ratings.online import replay_tournament
from ratings.posterior import Posterior
from ratings.tables import (
    benchmarks,
    board_fit,
    bounds,
    count_boards,
    hierarchical_boards,
    inputs,
    labels,
    planning,
    safety_boards,
    standings,
    variants,
)
from ratings.tables.board_fit import Sides
from ratings.tables.declarations import before_rounding, conform
from ratings.tables.experience_boards import experience_tables, ratings_left_out
from ratings.tables.experience_tables import EXPERIENCE
from ratings.tables.fragile_boards import flat_rows, fragility_table, weighted_rows
from ratings.tables.inputs import Read, Study
from ratings.tables.judged_boards import clustered
from ratings.tables.labelled_units import read_labelled
from ratings.tables.planning import StudyPolicy
from ratings.tables.replicate_tables import REPLICATE_WEIGHT, replicate_rows
from ratings.tables.retired_boards import (
    RETIREMENT_EFFECT,
    flat_effects,
    retirement_table,
)
from ratings.tables.standings import Awaited, Standing
from ratings.tables.sycophancy import sycophancy_tables
from ratings.tables.verdict_tables import (
    Structured,
    unweighted_boards,
    verdict_tables,
    weighted_structured,
)
from ratings.tables.vote_quality import vote_quality_tables
from ratings.tournaments import (
    UNWEIGHTED,
    Rated,
    RatingParameters,
    board,
    rate_each,
    rate_weighted,
    weighted_board,
)

RATING, PAIRWISE = "rating", "pairwise"
JUDGES = ("participant_count", "effective_participant_count", "unattributed_count", "item_count")
Tables = dict[str, pa.Table]
Rows = list[dict[str, Any]]
# What each part reads that may be made elsewhere; without rows of the first of them there is none.
RATED = ("experience_ratings", "criteria", "rater_weights", "rating_strata", "stratum_cells")
LABELLED = (
    "labels",
    "label_weights",
    "labelled_ratings",
    "labelled_verdicts",
    "reference_models",
    "rubric_values",
    "stratum_cells",
)
# Draws of a board follow from this and its names. So a few votes more move P(best) by what they say
# and no more, and nobody can try votes until the draws suit them.
SEED = 0
REPLICATED = ("replicated_people", "replicated_cells")
TOPICS = ("topic_judgments", "topic_weights", "stratum_cells")


def rate_all(
    read: Read,
    parameters: RatingParameters,
    *,
    is_board_alone: bool = False,
    elsewhere: Executor | None = None,
) -> Tables:
    """Every rating table (declarations.py), by name, in integers.

    Args:
        read: gives the tables that dbt made.
        parameters: of every board.
        is_board_alone: whether `rating` is enough. Planning needs seeds that the design of an
            older board may not have.
        elsewhere: makes what needs few boards, or none; its arguments are as they are for another
            process. A thread of this one where None.

    Returns:
        Tables; `rating` is empty where there are no battles.
    """
    # Kernels and the database hold no lock.
    with ThreadPoolExecutor(2) as beside:
        return _rate_all(read, parameters, beside, elsewhere or beside, is_board_alone)


def _rate_all(
    read: Read,
    parameters: RatingParameters,
    beside: Executor,
    elsewhere: Executor,
    is_board_alone: bool,  # noqa: FBT001 (one call, just above)
) -> Tables:
    made = [] if is_board_alone else _without_boards(read, elsewhere)
    counts = read("tournament_counts")
    seed, everybody = SEED, parameters.margin_tournament
    study = inputs.read_study(read)
    with_sides = list(rate_each(counts, parameters))
    sides = board_fit.read_sides(read, with_sides, everybody)
    rated = board_fit.without_sides(with_sides, sides)
    anchors = count_boards.anchors(rated, parameters)
    judged = inputs.judged(read)
    # The longest first.
    pooling = beside.submit(
        _hierarchical,
        *(read, judged, study, parameters, anchors, sides, seed),
        None if is_board_alone else elsewhere,
    )
    weighting = beside.submit(
        _weighted, *(read, judged, parameters, anchors, sides, seed), is_board_alone
    )
    replaying = beside.submit(_online, read, parameters, seed)
    if not is_board_alone:
        # Whether a model fits is asked of the fit, not of the intervals that are shown.
        made += _of_fits(read, rated, parameters, anchors, sides, seed, elsewhere)
    rated = clustered(rated, judged.of)
    merging = beside.submit(_merged, rated, study, parameters, seed)
    removing = beside.submit(
        lambda: ([], []) if is_board_alone else _removals(read, rated, judged, parameters)
    )
    boards = list(beside.map(lambda one: board(one, parameters, seed), rated))
    online, histories = replaying.result()
    weighted_pairs, covariances, weighted, certain, fragile, structured = weighting.result()
    merged, tables = merging.result()
    hierarchical, effects, populations, too_large = pooling.result()
    # What only some kinds of board have is null elsewhere.
    each = [_no_boards(), *boards, *online, *weighted, *merged, *hierarchical]
    every = _with_basis(pa.concat_tables(each, promote_options="default"), rated)
    if is_board_alone:
        return {RATING: conform(RATING, every)}
    written = {RATING: conform(RATING, every)}
    last: list[Future[tuple[Tables, Rows]]] = []
    if rated:
        covariances += map(count_boards.covariance_rows, count_boards.canonical(rated).values())
        certain = [*standings.of_counts(rated, parameters), *certain, *populations]
        held = read("benchmark_scores"), written[RATING], covariances, seed
        last = [
            _stopping(read, certain, seed, elsewhere),
            elsewhere.submit(_held_against_benchmarks, *held),
        ]
        tables |= _of_counts(rated, everybody, weighted_pairs, covariances)
        tables |= _removal_tables(fragile, *removing.result())
    structured += unweighted_boards(rated, judged, everybody)
    tables |= verdict_tables(read, judged, study, structured, everybody) | histories
    tables |= vote_quality_tables(read, rated, judged, everybody, seed)
    tables["provisional"] = every.filter(pc.field("is_provisional"))
    struck = read("policy_counts"), parameters, seed, rated, judged
    tables["policy_rank"] = count_boards.policy_ranks(
        *struck, partial(board_fit.one_without_sides, sides)
    )
    written |= {name: conform(name, table) for name, table in tables.items()}
    written["agreement"] = conform("agreement", count_boards.agreement_rows(written[RATING]))
    if rated:
        queued, unqueued = _queued(read, rated, study, written[PAIRWISE], everybody)
        written |= queued | _best_of_n(read, written[RATING], covariances, everybody)
        too_large += count_boards.pairs_left_out(rated, everybody)
        too_large += [*board_fit.fits_left_out(rated), *unqueued]
    found, left = _gathered(last, [*made, *effects])
    written |= found
    too_large += [*left, *ratings_left_out(written.get(EXPERIENCE.name))]
    return written | {"left_out": conform("left_out", bounds.left_out_rows(too_large))}


def _gathered(
    last: Iterable[Future[tuple[Tables, Rows]]], made: Iterable[Future[Tables]]
) -> tuple[Tables, Rows]:
    """What was made beside, as it is written, and what is left out of it."""
    written: Tables = {}
    too_large: Rows = []
    for one in last:
        found, left = one.result()
        written |= found
        too_large += left
    for part in made:
        written |= {name: conform(name, table) for name, table in part.result().items()}
    return written, too_large


def _of_counts(
    rated: list[Rated],
    everybody: str,
    weighted_pairs: list[pa.Table],
    covariances: list[pa.Table],
) -> Tables:
    """What stands beside boards from counts, and of all flat ones their pairs and covariances."""
    pairs = [
        count_boards.pair_rows(one, everybody) for one in count_boards.canonical(rated).values()
    ]
    return {
        PAIRWISE: pa.concat_tables([*pairs, *weighted_pairs]),
        "skill_covariance": pa.concat_tables(covariances),
        "tournament": count_boards.tournament_rows(rated),
    }


def _without_boards(read: Read, elsewhere: Executor) -> list[Future[Tables]]:
    """What is made of ratings, labels and weights alone."""
    parts = ((experience_tables, RATED), (_of_labels, LABELLED), (_replicates, REPLICATED))
    return [
        elsewhere.submit(make, known)
        for make, names in parts
        if (known := inputs.kept(read, *names)) is not None
    ]


def _of_labels(read: Read) -> Tables:
    labelled = read_labelled(read)
    return labels.label_tables(read, labelled) | sycophancy_tables(read, labelled)


def _replicates(read: Read) -> Tables:
    return {REPLICATE_WEIGHT: replicate_rows(read)}


def _held_against_benchmarks(
    scores: pa.Table, ratings: pa.Table, covariances: list[pa.Table], seed: int
) -> tuple[Tables, Rows]:
    """The boards as written beside what benchmarks say; and what is left out."""
    reported = benchmarks.benchmarks_of(scores)
    boards = benchmarks.boards_of(ratings, covariances)
    tables = benchmarks.tables(reported, boards, seed)
    written = {name: conform(name, table) for name, table in tables.items()}
    return written, list(benchmarks.gaps_left_out(ratings, reported))


def _best_of_n(
    read: Read, ratings: pa.Table, covariances: list[pa.Table], everybody: str
) -> Tables:
    """What choosing among variants adds to a score on everybody's boards as written."""
    releases = variants.releases_of(read("tested_variants"))
    if not releases:
        return {}
    boards = [
        one
        for one in benchmarks.boards_of(ratings, covariances)
        if one.key["stratum_id"] == everybody
    ]
    tables = variants.best_of_n_table(releases, boards, ratings, read("variant_judges"))
    return {name: conform(name, table) for name, table in tables.items()}


def _no_boards() -> pa.Table:
    every = pa.unify_schemas([before_rounding(RATING), before_rounding("provisional")])
    return every.empty_table()


def _with_basis(every: pa.Table, rated: list[Rated]) -> pa.Table:
    # Boards that do not know of judges take all verdicts as independent. Every board of the same
    # verdicts has the same judges and prompts, whether or not its intervals know of them.
    known = {key: one.dependence for key, one in count_boards.canonical(rated).items()}
    keys = (every.column(name).to_pylist() for name in ("stratum_id", "dimension"))
    of_board = [known.get(key) for key in zip(*keys, strict=True)]
    for name in JUDGES:
        place = every.column_names.index(name)
        kind = every.column(place).type
        others = pa.array([getattr(one, name, None) for one in of_board], kind)
        every = every.set_column(place, name, pc.coalesce(every.column(place), others))
    place = every.column_names.index("interval_basis")
    basis = pc.fill_null(every.column(place), INDEPENDENT)
    people = pc.fill_null(every.column("participant_count"), FEW_PARTICIPANTS)
    is_few = pc.and_(pc.equal(basis, PARTICIPANTS), pc.less(people, FEW_PARTICIPANTS))
    return every.set_column(place, "interval_basis", pc.if_else(is_few, FEW, basis))


def _of_fits(
    read: Read,
    rated: list[Rated],
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior],
    sides: Sides,
    seed: int,
    elsewhere: Executor,
) -> list[Future[Tables]]:
    """How models fit, and boards by topic."""
    flat = list(count_boards.canonical(rated).values())
    parts = [elsewhere.submit(_fits, flat, sides, seed)]
    topics = inputs.kept(read, *TOPICS)
    if topics is not None:
        own = topics, parameters, anchors, sides, seed
        parts.append(elsewhere.submit(safety_boards.topic_tables, *own))
    return parts


def _fits(rated: list[Rated], sides: Sides, seed: int) -> Tables:
    return {board_fit.MODEL_FIT: board_fit.fit_rows(rated, sides, seed)}


def _online(read: Read, parameters: RatingParameters, seed: int) -> tuple[list[pa.Table], Tables]:
    """Boards that follow the order of battles, and how they came to be."""
    boards, histories = [], []
    for stratum, dimension, battles in inputs.ordered_battles(read):
        rated, history = replay_tournament(stratum, dimension, battles, parameters)
        boards.append(board(rated, parameters, seed))
        histories.append(history)
    return boards, {"online_history": pa.concat_tables(histories)} if histories else {}


def _weighted(
    read: Read,
    judged: inputs.Judged,
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior],
    sides: Sides,
    seed: int,
    is_board_alone: bool,  # noqa: FBT001 (one call, above)
) -> tuple[
    list[pa.Table],
    list[pa.Table],
    list[pa.Table],
    list[Standing],
    Rows,
    list[Structured | None],
]:
    """Pairs, covariances and boards of the weighted sample, how they stand, what unseats leaders.

    And everybody's, to be compared between dimensions. Only boards, where they are made alone.
    """
    pairs, covariances, boards, certain = [], [], [], []
    fragile: Rows = []
    structured: list[Structured | None] = []
    for key in judged.weighted(read):
        fitted = rate_weighted(*key, anchors, judged.items.get(key[2]))
        one = board_fit.weighted_without_sides(fitted, sides)
        boards.append(weighted_board(one, parameters, seed))
        if is_board_alone:
            continue
        fragile += weighted_rows(one, parameters)
        if one.stratum_id == parameters.margin_tournament:
            structured.append(weighted_structured(one, key[3]))
        pairs.append(count_boards.pair_rows(one, parameters.margin_tournament))
        covariances.append(count_boards.covariance_rows(one))
        certain.append(standings.of_weighted(one, parameters))
    return pairs, covariances, boards, certain, fragile, structured


def _removals(
    read: Read, rated: list[Rated], judged: inputs.Judged, parameters: RatingParameters
) -> tuple[Rows, Rows]:
    """What unseats leaders of everybody's unweighted boards, and what retired models did there."""
    retired = frozenset(read("retired_models").column(0).to_pylist())
    return (
        list(flat_rows(rated, judged, parameters)),
        list(flat_effects(rated, judged, parameters, retired)),
    )


def _removal_tables(weighted: Rows, flat: Rows, withdrawn: Rows) -> Tables:
    return {
        "fragility": fragility_table(weighted + flat),
        RETIREMENT_EFFECT: retirement_table(withdrawn),
    }


def _merged(
    rated: list[Rated], study: Study, parameters: RatingParameters, seed: int
) -> tuple[list[pa.Table], Tables]:
    """Boards of merged groups; what merging bought; how far ranks move between groups."""
    every = list(count_boards.groups_of_axes(rated, study))
    if not every:
        return [], {}
    merged = [count_boards.merged_board(groups, parameters, seed) for groups in every]
    ratios = [
        {"country": one.country, "axis": one.axis, "dimension": one.dimension, "sd_ratio": ratio}
        for one, (_, ratio) in zip(every, merged, strict=True)
    ]
    by_model, by_axis = zip(*count_boards.shifts(every, parameters, seed), strict=True)
    return [rows for rows, _ in merged], {
        "merger": pa.Table.from_pylist(ratios, schema=before_rounding("merger")),
        "model_rank_shift": pa.concat_tables(by_model),
        "axis_rank_shift": pa.concat_tables(by_axis),
    }


def _hierarchical(
    read: Read,
    judged: inputs.Judged,
    study: Study,
    parameters: RatingParameters,
    anchors: Mapping[str, Posterior],
    sides: Sides,
    seed: int,
    elsewhere: Executor | None,
) -> tuple[list[pa.Table], list[Future[Tables]], list[Standing], Rows]:
    """Boards of the hierarchical model; spread and shrinkage of effects; how the boards stand.

    And what is left out, as models are very many. Effects are left out without `elsewhere`.
    """
    every, too_large = hierarchical_boards.fit_dimensions(
        read("cell_counts"),
        study,
        anchors,
        judged.people,
        is_joint=parameters.pool_countries,
    )
    if not every:
        return [], [], [], too_large
    every = [board_fit.countries_without_sides(one, sides) for one in every]
    effects = [elsewhere.submit(hierarchical_boards.effect_rows, every, seed)] if elsewhere else []
    boards = list(hierarchical_boards.population_boards(every, study, parameters, seed))
    certain = list(standings.of_populations(every, study, parameters))
    return boards, effects, certain, too_large


def _queued(
    read: Read, rated: list[Rated], study: Study, pairs: pa.Table, everybody: str
) -> tuple[Tables, Rows]:
    """What to ask next; queues are made from tables as they are written.

    And what is left out, as models are very many.
    """
    strata = read("strata").column(0).to_pylist()
    models = read("candidates").column(0).to_pylist()
    policies = planning.policies_of(read("pairing_policies").to_pylist())
    start = planning.Start(
        candidates=conform("candidate", planning.candidate_rows(rated, strata, models, everybody)),
        pairwise=pairs.filter(pc.equal(pc.field("weighting"), UNWEIGHTED)),
        parts=conform("population_part", planning.part_rows(study)),
    )
    tables = {
        "candidate": start.candidates,
        "population_part": start.parts,
        "next_battle": conform("next_battle", planning.next_battle_rows(start, policies)),
    }
    return tables, list(planning.queues_left_out(start.candidates, rated, strata, models))


def _stopping(
    read: Read, certain: list[Standing], seed: int, elsewhere: Executor
) -> Future[tuple[Tables, Rows]]:
    """Whether to stop; and what is left out, as models are very many."""
    models = read("candidates").column(0).to_pylist()
    policies = planning.policies_of(read("pairing_policies").to_pylist())
    boards = standings.awaited(certain, read("stopping_targets").to_pylist(), models)
    return elsewhere.submit(_forecasts, boards, policies, models, seed)


def _forecasts(
    boards: list[Awaited], policies: list[StudyPolicy], models: list[str], seed: int
) -> tuple[Tables, Rows]:
    rows = standings.stopping_rows(boards, policies, seed)
    left = list(standings.forecasts_left_out(rows, models))
    return {standings.STOPPING: conform(standings.STOPPING, rows)}, left
