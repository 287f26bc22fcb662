"""How certain each board is, and whether that is enough by the study's stopping targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.compiled import FloatArray, Mask
from ratings.countries import Census, joint_weights
from ratings.counts import CellCounts
from ratings.growth import Flat, Growth, Pooled, society_of
from ratings.hierarchical import HierarchicalPosterior
from ratings.pairing import Rule
from ratings.posterior import Posterior, over_models
from ratings.stopping import Measure, forecast, standing
from ratings.tables.bounds import DETAILED_MODELS, FORECAST, left_out
from ratings.tables.count_boards import BOARD_KEY, canonical
from ratings.tables.declarations import before_rounding
from ratings.tables.hierarchical_boards import CENSUS, TRUESKILL_HIERARCHICAL, Countries
from ratings.tables.inputs import Study
from ratings.tables.planning import StudyPolicy, default_policy
from ratings.tournaments import (
    TRUESKILL_EP,
    UNWEIGHTED,
    Rated,
    RatingParameters,
    WeightedRated,
    derive_seed,
    few_or_wide,
)

STOPPING = "stopping"
Over = Callable[[Sequence[str]], tuple[Posterior, Growth]]
# A model, what it was fitted on, its effects' weights on a board, and its own share there.
Part = tuple[HierarchicalPosterior, CellCounts, Census, float]


@dataclass(frozen=True, eq=False)
class Standing:
    """One board: its key, its battles, and for any models the posterior shown and its growth.

    ``settled``: its models that are not provisional; a model that it lacks is.
    """

    weighting: str
    stratum_id: str
    dimension: str
    estimator: str
    battle_count: int
    over: Over
    settled: frozenset[str]

    def provisional(self, models: Sequence[str]) -> Mask:
        """Which of ``models`` (M) may not lead the board."""
        return np.array([model not in self.settled for model in models], dtype=np.bool_)


def _settled(
    posterior: Posterior, battles: FloatArray, parameters: RatingParameters
) -> frozenset[str]:
    few, wide = few_or_wide(posterior, battles, parameters)
    return frozenset(np.array(posterior.model_ids)[~(few | wide)].tolist())


def of_counts(rated: Sequence[Rated], parameters: RatingParameters) -> Iterator[Standing]:
    """Boards of the unweighted sample, by the canonical estimator."""
    for one in canonical(rated).values():
        battles = round(one.counts.battle_total)

        def over(
            models: Sequence[str], one: Rated = one, battles: int = battles
        ) -> tuple[Posterior, Growth]:
            posterior = over_models(one.posterior, models)
            if one.dependence is None:
                return posterior, Flat(posterior.covariance)
            return posterior, Flat(posterior.covariance, *one.dependence.growth, battles)

        settled = _settled(one.posterior, one.counts.battles_per_model, parameters)
        yield Standing(
            UNWEIGHTED, one.stratum_id, one.dimension, one.estimator, battles, over, settled
        )


def of_weighted(one: WeightedRated, parameters: RatingParameters) -> Standing:
    """A weighted board: its intervals are clustered by participant, its battles effective ones."""
    battles = one.met.battle_total

    def over(models: Sequence[str]) -> tuple[Posterior, Growth]:
        posterior = over_models(one.shown, models)
        return posterior, Flat(posterior.covariance, *one.dependence.growth, battles)

    return Standing(
        one.weighting, one.stratum_id, one.dimension, TRUESKILL_EP, round(battles), over,
        _settled(one.shown, one.battles, parameters),
    )  # fmt: skip


def of_populations(
    every: Iterable[Countries], study: Study, parameters: RatingParameters
) -> Iterator[Standing]:
    """The hierarchical model's boards of countries and of pools of them."""
    for one in every:
        for country in one.each:
            parts, own = _parts(one, {country.name: 1.0}), country.population
            effects = [own.battle_effect]
            battles = country.cells.pooled.battles_per_model
            settled = _settled(own.posterior, battles, parameters)
            yield _population(
                CENSUS, country.name, one.dimension, own.posterior, parts, effects, settled
            )
        for pool, shares, whole in one.pools(study):
            parts, effects = _parts(one, shares), [whole.battle_effect]
            if one.joint is None:
                effects = [country.population.battle_effect for country in one.each]
            name = f"{CENSUS}_{pool}"
            battles = one.together.pooled.battles_per_model
            settled = _settled(whole.posterior, battles, parameters)
            yield _population(name, "all", one.dimension, whole.posterior, parts, effects, settled)


def _parts(one: Countries, shares: Mapping[str, float]) -> list[Part]:
    if one.joint is not None:
        return [(one.joint.joint, one.together, joint_weights(one.census, shares), 1.0)]
    return [
        (country.posterior, country.cells, country.census, shares[country.name])
        for country in one.each
        if country.name in shares
    ]


def _population(
    weighting: str,
    stratum: str,
    dimension: str,
    shown: Posterior,
    parts: Sequence[Part],
    effects: Sequence[float],
    settled: frozenset[str],
) -> Standing:
    """``parts``: independent of each other, over the same models, at least those ``shown``.

    ``effects``: of each part, the verdicts that count for one where all judges are strangers.
    """
    battles = [float(cells.outcomes.sum()) for _, cells, _, _ in parts]
    total = sum(battles)

    def over(models: Sequence[str]) -> tuple[Posterior, Growth]:
        posterior = over_models(shown, models)
        compared = parts[0][1].model_ids
        newcomers = [model for model in models if model not in compared]
        place = {model: k for k, model in enumerate((*compared, *newcomers))}
        societies = [
            society_of(*part, own / total if total else 0.0, newcomers=len(newcomers)).as_told_by(
                effect
            )
            for part, own, effect in zip(parts, battles, effects, strict=True)
        ]
        chosen = np.array([place[model] for model in models], dtype=np.int64)
        return posterior, Pooled(posterior.covariance, societies, chosen)

    return Standing(
        weighting, stratum, dimension, TRUESKILL_HIERARCHICAL, round(total), over, settled
    )


class Awaited(NamedTuple):
    """One board that a target is for, over the models that can still be asked about (M)."""

    key: dict[str, str]
    battle_count: int
    posterior: Posterior
    growth: Growth
    provisional: Mask
    targets: list[dict[str, Any]]


def awaited(
    standings: Iterable[Standing], targets: Sequence[dict[str, Any]], models: Sequence[str]
) -> list[Awaited]:
    """Boards with a target, as far as they are about ``models``: others never get more certain."""
    found = []
    for one in standings:
        key = {name: getattr(one, name) for name in BOARD_KEY}
        wanted = [
            target
            for target in targets
            if all(target[name] in {None, value} for name, value in key.items())
        ]
        if wanted and models:
            known = *one.over(models), one.provisional(models)
            found.append(Awaited(key, one.battle_count, *known, wanted))
    return found


def stopping_rows(
    boards: Iterable[Awaited], policies: Sequence[StudyPolicy], seed: int
) -> pa.Table:
    """One row per target, board it is for and policy: the default's, and random pairs beside it.

    Of very many models there is no forecast (``bounds``).
    """
    chosen = [default_policy(policies)]
    chosen += [policy for policy in policies if policy.pairing.rule is Rule.RANDOM][:1]
    followed = {policy.pairing.policy: policy.pairing for policy in chosen}
    rows = []
    for one in boards:
        posterior, growth, provisional = one.posterior, one.growth, one.provisional
        for policy in followed.values():
            for target in one.targets:
                # The same draws for every policy: what differs is where battles fall.
                names = (target["target"], one.key["stratum_id"], one.key["dimension"])
                asked = Measure(target["measure"]), target["threshold"]
                said = standing(posterior, *asked, provisional)
                if not said.is_reached and posterior.mean.size <= DETAILED_MODELS:
                    own = derive_seed(seed, STOPPING, *names)
                    said = forecast(
                        posterior, policy, *asked, seed=own, growth=growth, provisional=provisional
                    )
                rows.append(
                    {
                        **one.key,
                        "target": target["target"],
                        "policy": policy.policy,
                        "policy_version": policy.version,
                        "measure": target["measure"],
                        "threshold": target["threshold"],
                        "value": said.value,
                        "is_reached": said.is_reached,
                        "battle_count": one.battle_count,
                        "design_effect": growth.design_effect,
                        "battles_needed": said.needed,
                        "battles_needed_lo": said.needed_lo,
                        "battles_needed_hi": said.needed_hi,
                    }
                )
    return pa.Table.from_pylist(rows, schema=before_rounding(STOPPING))


def forecasts_left_out(stopping: pa.Table, models: Sequence[str]) -> Iterator[dict[str, Any]]:
    """A row of `left_out` for every stratum and dimension with a target that is not reached."""
    if len(models) <= DETAILED_MODELS:
        return
    waiting = stopping.filter(pc.invert(stopping.column("is_reached")))
    for row in waiting.select(["stratum_id", "dimension"]).to_pylist():
        yield left_out(FORECAST, row["stratum_id"], row["dimension"], len(models), 0)
