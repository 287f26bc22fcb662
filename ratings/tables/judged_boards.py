"""Boards from counts alone whose intervals know who judged: by participant, and by item."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ratings.dependence import (
    Dependence,
    Judges,
    dependence_of,
    judges_of,
)
from ratings.interval_basis import BASES, INDEPENDENT, PARTICIPANTS, PARTICIPANTS_AND_ITEMS
from ratings.posterior import Posterior, over_models, reference_weights
from ratings.tournaments import Rated

if TYPE_CHECKING:
    from ratings.tables.inputs import Judgments


def clustered(
    rated: Iterable[Rated], judged: Callable[[str, str], Judgments] | None
) -> list[Rated]:
    """The same tournaments with the covariance that their boards show.

    ``judged``: who judged a stratum's battles of a dimension; None: nobody is known.
    """
    every = list(rated)
    keys = list(dict.fromkeys((one.stratum_id, one.dimension) for one in every))
    estimators = {
        key: [one for one in every if (one.stratum_id, one.dimension) == key] for key in keys
    }

    def of_key(key: tuple[str, str]) -> list[Rated]:
        # Estimators rate the same counts.
        own = estimators[key]
        known = judges_of(own[0].counts, *(judged(*key) if judged else ()))
        return [shown(one, known) for one in own]

    # Kernels hold no lock.
    with ThreadPoolExecutor(2) as beside:
        return [one for own in beside.map(of_key, keys) for one in own]


def shown(one: Rated, judges: Judges) -> Rated:
    """A tournament with the covariance that its board shows."""
    posterior = one.posterior
    doubt = np.zeros_like(posterior.covariance) if one.doubt is None else one.doubt
    known = dependence_of(posterior.with_covariance(posterior.covariance - doubt), judges)
    known = replace(known, covariance=known.covariance + doubt)
    return replace(one, posterior=posterior.with_covariance(known.covariance), dependence=known)


def over_all_models(one: Rated, whole: Rated) -> Posterior:
    """The tournament's posterior with models that only others of ``whole`` have battled."""
    if one.counts.model_ids == whole.counts.model_ids:
        return one.posterior
    wider = over_models(one.posterior, whole.counts.model_ids)
    seen = np.isin(np.array(whole.counts.model_ids), np.array(one.counts.model_ids))
    return replace(wider, reference=reference_weights(seen.astype(np.float64)))


def merged_dependence(parts: Iterable[Rated], whole: Rated, merged: Posterior) -> Dependence:
    """Of groups merged: as much as the least of them, and not by item, which groups share."""
    known = [one.dependence for one in parts if one.dependence is not None]
    basis = min((one.basis for one in known), key=BASES.index, default=INDEPENDENT)
    return Dependence(
        basis=PARTICIPANTS if basis == PARTICIPANTS_AND_ITEMS else basis,
        covariance=merged.covariance,
        model_sd=None,
        participant_count=sum(one.participant_count for one in known),
        effective_participant_count=None,
        unattributed_count=sum(one.unattributed_count for one in known),
        item_count=whole.dependence.item_count if whole.dependence else None,
        design_effect=None,
        growth=(1.0, math.inf),
    )
