"""Tables of ratings of one model at a time: means and ranks, gaps between criteria, profiles.

What it reads: every rating with its rater, cell, model and criterion, ratings on a part of a
criterion once more on that one; and per weighting and stratum the weights of raters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import stdtrit

from ratings.axis_effect import holm
from ratings.compiled import FloatArray, IndexArray
from ratings.experience import (
    FEW_RATERS,
    Contrasts,
    DomainMeans,
    Spread,
    centred,
    contrasts,
    false_discovery,
)
from ratings.ordered_probit import OrderedProbit, fit_ordered_probit
from ratings.scale import HIGHEST, LOWEST
from ratings.tables.bounds import RATINGS, left_out
from ratings.tables.declarations import before_rounding
from ratings.tables.experience_tables import CRITERION_GAP, EVERY, EXPERIENCE, MODEL_PROFILE
from ratings.tables.inputs import Read
from ratings.tables.rated_samples import (
    Sample,
    Strata,
    read_ratings,
    read_strata,
    samples_of,
    within,
)
from ratings.tiers import separated, tiers
from ratings.tournaments import UNWEIGHTED

LEVEL = 0.05
SUBJECTIVE, OBJECTIVE = "subjective", "objective"
EVERYBODY = "all"
# Of the pools of a weighting, the one that counts every country alike is asked for less.
SECONDARY = "_half_half"
OTHER_GROUPS, OTHER_CRITERIA = "other_groups", "other_criteria"
Rows = list[dict[str, Any]]


def experience_tables(read: Read) -> dict[str, pa.Table]:
    """The tables of experience_tables.py by name, before rounding; none without ratings."""
    rows = read("experience_ratings")
    if not rows.num_rows:
        return {}
    ratings = read_ratings(rows, read("criteria"))
    strata = read_strata(read)
    samples = list(samples_of(ratings, strata, read("rater_weights")))
    probits = _everybodys_probits(samples)
    experience: Rows = []
    for one in samples:
        experience += _experience_rows(one, probits.get((one.weighting, one.stratum_id), {}))
    gaps = [row for one in samples for row in _gap_rows(one, strata)]
    profiles = _profile_rows(samples, strata)
    made = {EXPERIENCE.name: experience, CRITERION_GAP.name: gaps, MODEL_PROFILE.name: profiles}
    return {
        name: pa.Table.from_pylist(rows, schema=before_rounding(name))
        for name, rows in made.items()
        if rows
    }


Probits = dict[int, tuple[IndexArray, OrderedProbit]]


def _everybodys_probits(samples: Sequence[Sample]) -> dict[tuple[str, str], Probits]:
    """Fits of everybody's ratings: unweighted, and by the first weighting by name, the census'."""
    everybody = [one for one in samples if one.stratum_id == EVERYBODY]
    chosen = [one for one in everybody if one.weighting == UNWEIGHTED]
    chosen += sorted(
        (one for one in everybody if one.weighting != UNWEIGHTED),
        key=lambda one: (one.weighting.endswith(SECONDARY), one.weighting),
    )[:1]
    found: dict[tuple[str, str], Probits] = {}
    near: Probits = {}
    for one in chosen:
        near = found[one.weighting, one.stratum_id] = _probits(one, near)
    return found


def _probits(sample: Sample, near: Probits) -> Probits:
    """Per criterion that is no part: the models (K) that have ratings, and the fit."""
    found: Probits = {}
    for criterion in range(len(sample.ratings.criteria)):
        rows = sample.ratings.criterion == criterion
        models, model = np.unique(sample.ratings.model[rows], return_inverse=True)
        if sample.ratings.is_part[criterion] or not models.size:
            continue
        fitted = fit_ordered_probit(
            sample.ratings.person[rows],
            model.astype(np.int64),
            sample.ratings.value[rows].astype(np.int64),
            sample.weight[rows],
            models.size,
            near[criterion][1] if criterion in near else None,
        )
        if fitted is not None:
            found[criterion] = (models, fitted)
    return found


def _experience_rows(
    sample: Sample, probits: Mapping[int, tuple[IndexArray, OrderedProbit]]
) -> Iterator[dict[str, Any]]:
    """Rows of one stratum under one weighting, by criterion, best first."""
    ratings, means, sd = sample.ratings, sample.means, sample.means.sd
    size = len(ratings.models)
    for criterion, name in enumerate(ratings.criteria):
        domains = np.arange(criterion * size, (criterion + 1) * size)
        domains = domains[means.rating_count[domains] > 0]
        if not domains.size:
            continue
        spread = means.spread(domains)
        ranks = _ranks(means, domains, spread)
        t = np.asarray(stdtrit(np.diag(spread.of_pairs), 0.975), dtype=np.float64)
        latent = _probit_columns(probits.get(criterion), domains % size, t)
        half = t * np.sqrt(np.diag(spread.covariance))
        order = sorted(range(domains.size), key=lambda place: ranks["rank"][place] or math.inf)
        for place in order:
            domain = int(domains[place])
            mean, reach = float(means.mean[domain]), float(half[place])
            # Where all say the same, or one person alone, nothing tells how far people differ.
            is_told = reach > 0.0
            yield {
                "weighting": sample.weighting,
                "stratum_id": sample.stratum_id,
                "criterion": name,
                "model_id": ratings.models[domain % size],
                "rating": mean,
                "rating_lo": max(mean - reach, LOWEST) if is_told else None,
                "rating_hi": min(mean + reach, HIGHEST) if is_told else None,
                "rating_sd": float(sd[domain]) if is_told else None,
                "rating_count": int(means.rating_count[domain]),
                "participant_count": int(means.participant_count[domain]),
                "effective_participant_count": float(means.effective_count[domain]),
                "left_out_count": int(sample.left_out[domain]),
                **{
                    f"rated_{LOWEST + level}_share": float(share)
                    for level, share in enumerate(means.shares[domain])
                },
                **{column: values[place] for column, values in {**ranks, **latent}.items()},
            }


def ratings_left_out(experience: pa.Table | None) -> Iterator[dict[str, Any]]:
    """A row of `left_out` for every stratum and criterion whose weighted boards lack a model.

    Nobody who rated it has a weight, so no row of it can say how many of its ratings are left out.
    A stratum that is weighted by no scheme goes without nothing. Provisional models are not
    counted: the table is public, and they would say what a few people rated.
    """
    if experience is None:
        return
    is_weighted = pc.not_equal(experience.column("weighting"), UNWEIGHTED)
    weighted = _models(experience.filter(is_weighted))
    there = {stratum for stratum, _ in weighted}
    is_enough = pc.invert(pc.or_(is_weighted, experience.column("is_provisional")))
    for (stratum, criterion), models in sorted(_models(experience.filter(is_enough)).items()):
        if stratum in there:
            kept = models & weighted.get((stratum, criterion), set())
            yield left_out(RATINGS, stratum, criterion, len(models), len(kept))


def _models(experience: pa.Table) -> dict[tuple[str, str], set[str]]:
    """The models of each stratum and criterion, whatever the weightings."""
    found: dict[tuple[str, str], set[str]] = {}
    keys = ("stratum_id", "criterion", "model_id")
    columns = (experience.column(name).to_pylist() for name in keys)
    for stratum, criterion, model in zip(*columns, strict=True):
        found.setdefault((stratum, criterion), set()).add(model)
    return found


def _ranks(means: DomainMeans, domains: IndexArray, spread: Spread) -> dict[str, list[Any]]:
    """Ranks and tiers of the models (K) of one criterion, all pairs together at 95%.

    Of models with enough raters, among themselves: a place would say what a few people said.
    """
    counted = means.participant_count[domains] >= FEW_RATERS
    among = np.flatnonzero(counted)
    mean = means.mean[domains[among]]
    rank = np.empty(mean.size, dtype=np.int64)
    rank[np.lexsort((np.arange(mean.size), -mean))] = np.arange(1, mean.size + 1)
    covariance, freedom = spread.covariance, spread.of_pairs
    of_pairs = np.ix_(among, among)
    better = separated(mean, covariance[of_pairs], freedom[of_pairs]).better
    columns = {
        "rank": rank,
        "rank_lo": 1 + better.sum(axis=0),
        "rank_hi": mean.size - better.sum(axis=1),
        "tier": tiers(better, rank, np.ones(mean.size, dtype=bool)),
    }
    found: dict[str, list[Any]] = {"is_provisional": (~counted).tolist()}
    for name, values in columns.items():
        found[name] = [None] * domains.size
        for place, value in zip(among, values, strict=True):
            found[name][place] = int(value)
    return found


def _probit_columns(
    fitted: tuple[IndexArray, OrderedProbit] | None, models: IndexArray, t: FloatArray
) -> dict[str, list[float | None]]:
    names = ("probit_effect", "probit_rating", "probit_rating_lo", "probit_rating_hi")
    if fitted is None or not fitted[1].is_converged:
        return {name: [None] * models.size for name in (*names, "rater_share")}
    place = {int(model): at for at, model in enumerate(fitted[0])}
    at, fit = [place[int(model)] for model in models], fitted[1]
    mean, half = fit.mean[at], t * fit.mean_sd[at]
    columns = (
        fit.effect[at],
        mean,
        np.maximum(mean - half, LOWEST),
        np.minimum(mean + half, HIGHEST),
    )
    found: dict[str, list[float | None]] = {
        name: values.tolist() for name, values in zip(names, columns, strict=True)
    }
    found["rater_share"] = [fit.rater_share] * models.size
    return found


def _gap_rows(sample: Sample, strata: Strata) -> Iterator[dict[str, Any]]:
    """Gaps over models in every stratum; of each model too where the stratum is no group."""
    ratings, means = sample.ratings, sample.means
    size = len(ratings.models)
    kinds = {
        kind: [
            place
            for place, own in enumerate(ratings.kinds)
            if own == kind
            and not ratings.is_part[place]
            and (means.participant_count[place * size : (place + 1) * size] > 0).any()
        ]
        for kind in (SUBJECTIVE, OBJECTIVE)
    }
    if not all(kinds.values()):
        return
    used = kinds[SUBJECTIVE] + kinds[OBJECTIVE]
    counts = means.participant_count.reshape(-1, size)
    whole = np.flatnonzero((counts[used] >= FEW_RATERS).all(axis=0))
    if not whole.size:
        return
    scale = ~np.array(ratings.is_part)[ratings.criterion]
    deviation, standardised = centred(ratings.person, ratings.value, scale)
    beside = {"gap_centred": sample.of(deviation), "gap_standardised": sample.of(standardised)}
    families = [[(EVERY, whole)]]
    if strata.axis[sample.stratum_id] is None:
        families.append([(ratings.models[model], whole[whole == model]) for model in whole])
    for family in families:
        yield from _family_rows(sample, family, kinds, beside)


def _family_rows(
    sample: Sample,
    family: Sequence[tuple[str, IndexArray]],
    kinds: Mapping[str, list[int]],
    beside: Mapping[str, DomainMeans],
) -> Iterator[dict[str, Any]]:
    """Rows of one family of comparisons: of models (K) by name, each with every pair."""
    ratings, means = sample.ratings, sample.means
    size = len(ratings.models)
    subjective, objective = kinds[SUBJECTIVE], kinds[OBJECTIVE]
    pairs = [([one], [other]) for one in subjective for other in objective]
    pairs.append((subjective, objective))
    asked = [(name, models, *pair) for name, models in family for pair in pairs]
    coefficients = np.zeros((len(asked), ratings.size))
    for row, (_, models, one, other) in enumerate(asked):
        for criteria, sign in ((one, 1.0), (other, -1.0)):
            for place in criteria:
                coefficients[row, place * size + models] += sign / (len(criteria) * models.size)
    found = contrasts([(means, coefficients)])
    lo, hi = found.interval(LEVEL)
    together_lo, together_hi = found.interval(LEVEL / len(asked))
    adjusted = holm(found.p.tolist())
    compared: dict[str, list[Any]] = {}
    for name, of in beside.items():
        compared |= _compared(name, of, coefficients)
    for row, (name, _, one, other) in enumerate(asked):
        domains = np.flatnonzero(coefficients[row])
        yield {
            "weighting": sample.weighting,
            "stratum_id": sample.stratum_id,
            "model_id": name,
            "criterion": ratings.criteria[one[0]] if one is not subjective else EVERY,
            "against_criterion": ratings.criteria[other[0]] if other is not objective else EVERY,
            "gap": float(found.value[row]),
            "gap_lo": _finite(lo[row]),
            "gap_hi": _finite(hi[row]),
            "gap_together_lo": _finite(together_lo[row]),
            "gap_together_hi": _finite(together_hi[row]),
            "p_value": float(found.p[row]),
            "p_adjusted": adjusted[row],
            "family_size": len(asked),
            "is_different": adjusted[row] <= LEVEL,
            **{column: values[row] for column, values in compared.items()},
            "rating_count": int(means.rating_count[domains].sum()),
            "participant_count": int(means.participant_count[domains].min()),
            "effective_participant_count": float(means.effective_count[domains].min()),
        }


def _compared(name: str, means: DomainMeans, coefficients: FloatArray) -> dict[str, list[Any]]:
    """Columns of one more figure of the same gaps; null where nobody's scale is known."""
    found = contrasts([(means, coefficients)])
    columns = {name: found.value}
    columns[f"{name}_lo"], columns[f"{name}_hi"] = found.interval(LEVEL)
    return {column: [_finite(one) for one in values] for column, values in columns.items()}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _profile_rows(samples: Sequence[Sample], strata: Strata) -> Rows:
    """What survives false-discovery control, by weighting and by what it is compared with."""
    by_key = {(one.weighting, one.stratum_id): one for one in samples}
    tested: dict[tuple[str, str], list[_Tested]] = {}
    for (weighting, stratum), sample in by_key.items():
        if strata.axis[stratum] is None:
            found, compared_with = _against_criteria(sample), OTHER_CRITERIA
        else:
            country = by_key.get((weighting, str(strata.country[stratum])))
            if country is None:
                continue
            found, compared_with = _against_groups(sample, country, strata), OTHER_GROUPS
        tested.setdefault((weighting, compared_with), []).extend(found)
    return [row for key, family in tested.items() for row in _discovered(*key, family)]


@dataclass(frozen=True, eq=False)
class _Tested:
    # Differences (K) in one sample, each of a domain (K).
    sample: Sample
    domains: IndexArray
    found: Contrasts


def _against_groups(sample: Sample, country: Sample, strata: Strata) -> Iterator[_Tested]:
    # A group's mean less the rest's, both less the mean of models there: how a group uses the scale
    # is no finding about a model.
    ratings = country.ratings
    chosen = within(ratings, strata.rest(sample.stratum_id))
    rest = replace(country, ratings=ratings.some(chosen), weight=country.weight[chosen])
    here, there, size = sample.means, rest.means, len(ratings.models)
    enough = np.minimum(here.participant_count, there.participant_count) >= FEW_RATERS
    for criterion in range(len(ratings.criteria)):
        domains = criterion * size + np.flatnonzero(
            enough[criterion * size : (criterion + 1) * size]
        )
        if domains.size < 2:
            continue
        coefficients = np.zeros((domains.size, ratings.size))
        coefficients[:, domains] = np.eye(domains.size) - 1.0 / domains.size
        found = contrasts([(here, coefficients), (there, -coefficients)])
        yield _Tested(sample, domains, found)


def _against_criteria(sample: Sample) -> Iterator[_Tested]:
    # What is left of a mean when the model's and the criterion's are taken off: their interaction.
    ratings, means, size = sample.ratings, sample.means, len(sample.ratings.models)
    counts = means.participant_count.reshape(-1, size)
    criteria = [
        place
        for place, is_part in enumerate(ratings.is_part)
        if not is_part and (counts[place] >= FEW_RATERS).any()
    ]
    models = np.flatnonzero((counts[criteria] >= FEW_RATERS).all(axis=0))
    if len(criteria) < 2 or models.size < 2:
        return
    domains = np.add.outer(np.array(criteria) * size, models)
    own = np.kron(
        np.eye(len(criteria)) - 1.0 / len(criteria), np.eye(models.size) - 1.0 / models.size
    )
    coefficients = np.zeros((domains.size, ratings.size))
    coefficients[:, domains.ravel()] = own
    yield _Tested(sample, domains.ravel(), contrasts([(means, coefficients)]))


def _discovered(
    weighting: str, compared_with: str, tested: Sequence[_Tested]
) -> Iterator[dict[str, Any]]:
    # Intervals of what was chosen miss as rarely as those of what was asked (Benjamini and
    # Yekutieli 2005, JASA 100).
    p = np.concatenate([one.found.p for one in tested]) if tested else np.empty(0)
    adjusted = false_discovery(p)
    chosen = adjusted <= LEVEL
    level = LEVEL * float(chosen.sum()) / max(p.size, 1)
    first = 0
    for one in tested:
        lo, hi = one.found.interval(level) if level else (one.found.value, one.found.value)
        means, ratings = one.sample.means, one.sample.ratings
        for place in np.flatnonzero(chosen[first : first + one.found.p.size]):
            domain = int(one.domains[place])
            yield {
                "weighting": weighting,
                "stratum_id": one.sample.stratum_id,
                "criterion": ratings.criteria[domain // len(ratings.models)],
                "model_id": ratings.models[domain % len(ratings.models)],
                "compared_with": compared_with,
                "difference": float(one.found.value[place]),
                "difference_lo": float(lo[place]),
                "difference_hi": float(hi[place]),
                "rating": float(means.mean[domain]),
                "p_value": float(one.found.p[place]),
                "p_adjusted": float(adjusted[first + place]),
                "family_size": int(p.size),
                "rating_count": int(means.rating_count[domain]),
                "participant_count": int(means.participant_count[domain]),
                "effective_participant_count": float(means.effective_count[domain]),
            }
        first += one.found.p.size
