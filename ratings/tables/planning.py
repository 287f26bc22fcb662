"""What a study does next: where pairing starts, queues of battles, and whether the study may stop.

Where pairing starts is what is known of every model that can be asked about, kept and read back. A
queue is made from these tables alone, so the one a build writes and the one a command makes later
are the same. Covariances are not kept twice: sds of all differences (the table `pairwise`) say them
but for the mode that moves all skills together, which battles never change from the prior.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.pairing import PairingPolicy, Rule, expecting, propose
from ratings.posterior import Posterior, Prior, over_models
from ratings.rounding import MICRO
from ratings.tables.bounds import QUEUE, asked_about, left_out
from ratings.tables.count_boards import EVERYBODY, canonical
from ratings.tables.declarations import before_rounding
from ratings.tables.inputs import Study, seed_of
from ratings.tournaments import Rated, derive_seed

POPULATION = "population"


@dataclass(frozen=True)
class StudyPolicy:
    """A pairing policy as a study has it: what a queue is for where nobody says more."""

    pairing: PairingPolicy
    batch_size: int
    pool: str
    population_axis: str
    awaited_battles: int
    is_default: bool


@dataclass(frozen=True)
class Start:
    """The tables a queue is made from, in micro-units: candidates, pairs, parts of populations."""

    candidates: pa.Table
    pairwise: pa.Table
    parts: pa.Table


@dataclass(frozen=True, order=True)
class Awaited:
    """A battle that was scheduled in a stratum, and that the tables know no vote of."""

    stratum: str
    model_a: str
    model_b: str


@dataclass(frozen=True)
class Wanted:
    """Which queue: of a board (a stratum, or the population), a dimension, for whom.

    Args:
        board: a stratum, or POPULATION.
        dimension: what is to be judged.
        size: at most so many.
        participant: who is asked; part of the seed. None: anybody.
        seen: pairs of models that they have met already.
        judge: the part of the board that they are of; None: the one that teaches most.
        awaited: battles that count as if they were judged already, whatever was said.
    """

    board: str
    dimension: str
    size: int
    participant: str | None = None
    seen: frozenset[frozenset[str]] = field(default_factory=frozenset)
    judge: str | None = None
    awaited: tuple[Awaited, ...] = ()


def policies_of(rows: Iterable[dict[str, Any]]) -> list[StudyPolicy]:
    """Policies from rows of the seed, typed or as text."""
    return [
        StudyPolicy(
            PairingPolicy(
                policy=row["policy"],
                version=str(row["version"]),
                rule=Rule(row["rule"]),
                random_share=float(row["random_share"]),
                uncertainty_power=float(row["uncertainty_power"]),
                model_limit=float(row["model_limit"]),
                participant_limit=int(row["participant_limit"])
                if row["participant_limit"]
                else None,
            ),
            batch_size=int(row["batch_size"]),
            pool=row["pool"],
            population_axis=row["population_axis"],
            awaited_battles=int(row["awaited_battles"]),
            is_default=str(row["is_default"]).lower() == "true",
        )
        for row in rows
    ]


def parts_of(start: Start, board: str, policy: StudyPolicy) -> list[tuple[str, float]]:
    """The strata that make a board, and the share of each; a stratum makes its own."""
    if board != POPULATION:
        return [(board, 1.0)]
    parts = start.parts
    here = pc.and_(
        pc.equal(parts.column("pool"), policy.pool),
        pc.equal(parts.column("axis"), policy.population_axis),
    )
    rows = parts.filter(here).to_pylist()
    return [(row["stratum_id"], row["share_micro"] / MICRO) for row in rows]


def without_queue(start: Start, board: str, dimension: str, policy: StudyPolicy) -> list[str]:
    """Strata of a board that nothing is kept of in this dimension, as models are very many."""
    here = start.candidates.filter(pc.equal(start.candidates.column("dimension"), dimension))
    known = set(here.column("stratum_id").unique().to_pylist())
    return [part for part, _ in parts_of(start, board, policy) if part not in known]


def queue(start: Start, wanted: Wanted, policy: StudyPolicy) -> list[dict[str, Any]]:
    """The proposals of one queue, best first; fewer than wanted where pairs run out.

    The seed follows from the tables and the names, so that the same question has the same answer.
    """
    parts = parts_of(start, wanted.board, policy)
    strata = [stratum for stratum, _ in parts]
    candidates = _of(start.candidates, strata, wanted.dimension)
    pairwise = _of(start.pairwise, strata, wanted.dimension)
    posteriors = [
        _with_awaited(read_back(candidates, pairwise, stratum, wanted.dimension), stratum, wanted)
        for stratum in strata
    ]
    models = posteriors[0].model_ids
    allowed = np.ones((len(parts), len(models), len(models)), dtype=np.bool_)
    if wanted.judge is not None:
        allowed[[stratum != wanted.judge for stratum in strata]] = False
    place = {model: number for number, model in enumerate(models)}
    for pair in wanted.seen:
        known = [place[model] for model in pair if model in place]
        if len(known) == 2:
            allowed[:, known[0], known[1]] = allowed[:, known[1], known[0]] = False
    own = policy.pairing
    names = [wanted.board, wanted.dimension, repr(own), wanted.participant or ""]
    met = ["\x1e".join(sorted(pair)) for pair in wanted.seen]
    asked = [str(wanted.size), *names, *sorted(met)]
    asked += [] if wanted.judge is None else [f"judge {wanted.judge}"]
    asked += [repr(one) for one in sorted(wanted.awaited)]
    seed = derive_seed(seed_of(candidates), str(seed_of(pairwise)), *asked)
    shares = [share for _, share in parts]
    batch = propose(posteriors, own, size=wanted.size, seed=seed, shares=shares, allowed=allowed)
    columns = (
        batch.part, batch.left, batch.right, batch.gain, batch.propensity, batch.is_random
    )  # fmt: skip
    return [
        {
            "board": wanted.board,
            "dimension": wanted.dimension,
            "place": number,
            "proposal_id": _proposal_id(seed, number),
            "stratum_id": strata[part],
            "model_a": models[left],
            "model_b": models[right],
            "expected_gain": gain,
            "policy": own.policy,
            "policy_version": own.version,
            "propensity": propensity,
            "is_random": at_random,
        }
        for number, (part, left, right, gain, propensity, at_random) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True), start=1
        )
    ]  # fmt: skip


def _with_awaited(posterior: Posterior, stratum: str, wanted: Wanted) -> Posterior:
    """What a stratum will know once those of it have judged what they were asked to."""
    place = {model: number for number, model in enumerate(posterior.model_ids)}
    pairs = [
        (place[one.model_a], place[one.model_b])
        for one in sorted(wanted.awaited)
        if stratum in {"all", one.stratum} or one.stratum.startswith(f"{stratum}/")
        if one.model_a in place and one.model_b in place
    ]
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return expecting(posterior, first, second)


def next_battle_rows(start: Start, policies: Sequence[StudyPolicy]) -> pa.Table:
    """The queue of every board and dimension under the study's default policy."""
    policy = default_policy(policies)
    keys = start.candidates.select(["stratum_id", "dimension"]).group_by(
        ["stratum_id", "dimension"], use_threads=False
    )
    boards = keys.aggregate([]).to_pylist()
    wanted = [Wanted(key["stratum_id"], key["dimension"], policy.batch_size) for key in boards]
    dimensions = sorted({key["dimension"] for key in boards})
    wanted += [
        Wanted(POPULATION, name, policy.batch_size)
        for name in dimensions
        if parts_of(start, POPULATION, policy)
        and not without_queue(start, POPULATION, name, policy)
    ]
    rows = [row for one in wanted for row in queue(start, one, policy)]
    return pa.Table.from_pylist(rows, schema=before_rounding("next_battle"))


def default_policy(policies: Sequence[StudyPolicy]) -> StudyPolicy:
    """The one the study marks; the first where it marks none."""
    return next((policy for policy in policies if policy.is_default), policies[0])


def _of(table: pa.Table, strata: Sequence[str], dimension: str) -> pa.Table:
    here = pc.and_(
        pc.is_in(table.column("stratum_id"), value_set=pa.array(strata, pa.string())),
        pc.equal(table.column("dimension"), dimension),
    )
    return table.filter(here)


def _proposal_id(seed: int, number: int) -> str:
    """The same for the same place of the same queue, so that scheduling it twice is once."""
    digest = hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
    return f"q{digest[:24]}"


def candidate_rows(
    rated: list[Rated],
    strata: Sequence[str],
    models: Sequence[str],
    everybody: str = EVERYBODY,
) -> pa.Table:
    """One row per stratum, dimension that is judged anywhere, and model that can be asked about.

    Of very many models within bounds (``bounds.asked_about``).
    """
    known = canonical(rated)
    rated_models = {key: set(one.posterior.model_ids) for key, one in known.items()}
    dimensions = sorted({dimension for _, dimension in known})
    # A stratum without battles takes the margin of all battles of the dimension.
    like = {
        (stratum, dimension): known.get((stratum, dimension), known[everybody, dimension]).posterior
        for stratum in strata
        for dimension in dimensions
    }
    rows = [
        {
            "stratum_id": stratum,
            "dimension": dimension,
            "model_id": model,
            "is_rated": model in rated_models.get((stratum, dimension), ()),
            "draw_margin": like[stratum, dimension].draw_margin,
            "prior_sd": like[stratum, dimension].prior.sd,
            "beta": like[stratum, dimension].prior.beta,
        }
        for stratum in strata
        for dimension in dimensions
        for model in asked_about(
            known.get((stratum, dimension)), models, is_everybody=stratum == everybody
        )
    ]
    return pa.Table.from_pylist(rows, schema=before_rounding("candidate"))


def queues_left_out(
    candidates: pa.Table, rated: list[Rated], strata: Sequence[str], models: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """A row of `left_out` for every stratum and dimension; ``models`` can be asked about."""
    keys = candidates.group_by(["stratum_id", "dimension"]).aggregate([([], "count_all")])
    kept = {(row["stratum_id"], row["dimension"]): row["count_all"] for row in keys.to_pylist()}
    for dimension in sorted({dimension for _, dimension in canonical(rated)}):
        for stratum in strata:
            yield left_out(
                QUEUE, stratum, dimension, len(models), kept.get((stratum, dimension), 0)
            )


def part_rows(population: Study) -> pa.Table:
    """One row per pool, axis that all countries of the pool have, and group of it."""
    rows = []
    for pool, countries in population.pools.items():
        axes = [set(population.groups.get(country, {})) for country in countries]
        for axis in sorted(set.intersection(*axes)) if axes else []:
            rows += [
                {
                    "pool": pool,
                    "axis": axis,
                    "stratum_id": f"{country}/{axis}/{group}",
                    "share": share * group_share,
                }
                for country, share in countries.items()
                for group, group_share in population.groups[country][axis].items()
            ]
    return pa.Table.from_pylist(rows, schema=before_rounding("population_part"))


def read_back(candidates: pa.Table, pairwise: pa.Table, stratum: str, dimension: str) -> Posterior:
    """The posterior of the candidates in one stratum and dimension, from tables in micro-units.

    Args:
        candidates: the table of that name.
        pairwise: the table of that name, at least of that stratum and dimension, unweighted.
        stratum: whose.
        dimension: of what.
    """
    here = _of(candidates, [stratum], dimension)
    models = here.column("model_id").to_pylist()
    margin, sd, beta = (
        here.column(f"{name}_micro")[0].as_py() / MICRO
        for name in ("draw_margin", "prior_sd", "beta")
    )
    prior = Prior(sd=sd, beta=beta)
    pairs = _of(pairwise, [stratum], dimension)
    names = sorted(pairs.column("model_a").unique().to_pylist())
    size = len(names)
    square, difference = np.zeros((size, size)), np.zeros((size, size))
    if size:
        known = pa.array(names)
        rows, columns = (
            pc.index_in(pairs.column(name), value_set=known).to_numpy()
            for name in ("model_a", "model_b")
        )
        square[rows, columns] = (pairs.column("skill_difference_sd_micro").to_numpy() / MICRO) ** 2
        difference[rows, columns] = pairs.column("skill_difference_micro").to_numpy() / MICRO
    # Double centring (Torgerson 1952) turns squared sds of differences into a covariance.
    by_row = square.sum(axis=1) / max(size, 1)
    whole = by_row.sum() / max(size, 1)
    covariance = -0.5 * (square - by_row[:, None] - by_row[None, :] + whole)
    posterior = Posterior(
        model_ids=tuple(names),
        # The mean over all is the prior's: battles only tell differences.
        mean=prior.mean + difference.sum(axis=1) / max(size, 1),
        covariance=covariance + sd**2 / max(size, 1),
        reference=np.full(size, 1.0 / max(size, 1)),
        converged=True,
        draw_margin=margin,
        prior=prior,
    )
    return over_models(posterior, models)
