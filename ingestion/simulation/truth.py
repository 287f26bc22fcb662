"""What is true in a simulated study: skills, effects of groups, draw margins.

Skill of model i on dimension d for a person = skill_id + u_id(country) + the sum over axes of
u_id(country, axis, group): additive, so that a country's true skill depends on its margins alone.
A verdict is a tie if the performance difference, N(skill_a - skill_b + left bias, 2 beta^2), lies
within the dimension's draw margin: TrueSkill's likelihood (Herbrich, Minka, Graepel 2006).

As a document, for checking what the pipeline made of the votes: `truth.json`, schema_version 1:

- `source`, `parameters`; `models`: [{model_id, provider, retired_at or null}], in the order of
  every `skills` and `effects` list below;
- `dimensions`: [{dimension, tie_rate, draw_margin}];
- `strata`: [{stratum_id, dimension, skills}], `all`, countries and strata: means over the
  population (census weights), not over the sample;
- `cells`: [{cell_id (US/18-34/White/Democrat), country, groups {axis: group}, population_share,
  sample_share (both of all countries together), skills {dimension: [...]}}];
- `effects`: [{country, axis, group, dimension, effects}]; axis `country` has its own name as group;
- `population`: [{country, population_share, sample_share, axes: [{axis, is_stratum, groups:
  [{group, population_share, sample_share}]}]}];
- `low_effort`: [{participant_id, style}];
- `judged`: the judge's errors, and each model's rates of what it labels (judged.py);
- `counts`: of what was written;
- `benchmarks`: benchmarks.py;
- `experience`: of ratings of one model at a time (experience.py);
- `attack`: what was planted, where something was (attacks.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from ingestion.errors import UsageError
from ingestion.simulation.judged import judged_truth
from ingestion.simulation.parameters import Parameters, Purpose, instants, stream
from ingestion.simulation.population import (
    COUNTRY_AXIS,
    Country,
    FloatArray,
    Margin,
    Population,
    cell_shares,
    sample_weights,
    stratum_id,
)

SCHEMA_VERSION = 1
SHARE_DECIMALS = 9
DEFAULT_EFFECT_SD = 0.5

# Skills are rounded before they are used: what is written down is exactly what the votes follow.
DECIMALS = 6
_DIFFERENCE_BINS = 8001
_MARGIN_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Truth:
    """The truth of one study: M models, D dimensions.

    Args:
        parameters: what was asked for.
        population: who there is.
        base: skills before any effect (M, D).
        effects: per country and margin, the country itself first (groups, M, D).
        sample_countries: share of participants per country.
    """

    parameters: Parameters
    population: Population
    base: FloatArray
    effects: tuple[tuple[FloatArray, ...], ...]
    sample_countries: FloatArray

    @cached_property
    def cell_skills(self) -> FloatArray:
        """Skills in every cell, all countries' cells counted through (cells, M, D)."""
        skills = []
        for country, by_margin in zip(self.population.countries, self.effects, strict=True):
            own = self.base[None]
            for groups, effects in zip(country.cell_groups, by_margin, strict=True):
                own = own + effects[groups]
            skills.append(own)
        return np.concatenate(skills)

    @cached_property
    def draw_margins(self) -> FloatArray:
        """Solved for the sample that will be taken, in skill units (D)."""
        parameters = self.parameters
        noise = np.sqrt(2.0) * parameters.beta
        countries = range(len(self.population.countries))
        cells = np.concatenate([self.sample_cells(number) for number in countries])
        pairs = parameters.pair_shares()
        left, right = np.nonzero(pairs)
        weights = np.multiply.outer(cells, pairs[left, right])
        margins = []
        for skills, rate in zip(self.cell_skills.T, parameters.tie_rates.values(), strict=True):
            means = (skills[left] - skills[right] + parameters.left_bias).T
            # Binned: a hundredth of a skill unit matters less than a verdict in a million.
            density, edges = np.histogram(means, _DIFFERENCE_BINS, weights=weights)
            is_filled = density > 0.0
            middles = ((edges[1:] + edges[:-1]) / 2.0 / noise)[is_filled]
            margins.append(noise * _margin(rate, density[is_filled], middles))
        return np.array(margins).round(DECIMALS)

    def sample_cells(self, number: int) -> FloatArray:
        """Shares of a country's cells in the sample of all countries (cells)."""
        country, skew = self.population.countries[number], self.parameters.sampling_skew
        weights = (sample_weights(margin, skew) for margin in country.margins)
        return np.asarray(self.sample_countries[number] * cell_shares(weights))

    def country_skills(self, number: int) -> FloatArray:
        """Mean skill over the population of a country (M, D)."""
        margins, skills = self.population.countries[number].margins, self.base
        for margin, effects in zip(margins, self.effects[number], strict=True):
            skills = skills + np.tensordot(margin.weights, effects, 1)
        return skills

    @property
    def everybody(self) -> FloatArray:
        """Mean skill over the whole population (M, D)."""
        return next(skills for _, skills in self.stratum_skills())

    def stratum_skills(self) -> Iterator[tuple[str, FloatArray]]:
        """Mean skill over the population of everybody, each country and each stratum (M, D)."""
        countries = self.population.countries
        skills = np.array([self.country_skills(number) for number in range(len(countries))])
        yield "all", np.tensordot(self.population.country_shares, skills, 1)
        for country, whole, by_margin in zip(countries, skills, self.effects, strict=True):
            for margin, effects in zip(country.margins, by_margin, strict=True):
                # The other margins are independent of this one: only its own mean is exchanged.
                rest = whole - np.tensordot(margin.weights, effects, 1)
                for group, effect in zip(margin.groups, effects, strict=True):
                    yield stratum_id(country.name, margin.axis, group), rest + effect


def draw_truth(parameters: Parameters, population: Population) -> Truth:
    """Draw skills and effects."""
    base = parameters.skill_mean + parameters.skill_sd * _spread(parameters, Purpose.SKILL, "")
    effects = tuple(
        tuple(_effects_of(parameters, country, margin) for margin in country.margins)
        for country in population.countries
    )
    shares = _sample_countries(parameters, population)
    return Truth(parameters, population, base.round(DECIMALS), effects, shares)


def _margin(tie_rate: float, density: FloatArray, means: FloatArray) -> float:
    """The margin at which that share of verdicts, of density at means, are expected to be ties.

    Means and margin are in units of the sd of one verdict's noise.
    """

    def excess(margin: float) -> float:
        return float(density @ (ndtr(margin - means) - ndtr(-margin - means))) - tie_rate

    widest = float(np.abs(means).max()) + 10.0
    return float(brentq(excess, 0.0, widest, xtol=_MARGIN_TOLERANCE))


def _sample_countries(parameters: Parameters, population: Population) -> FloatArray:
    names = [country.name for country in population.countries]
    asked = parameters.country_shares or dict.fromkeys(names, 1.0)
    shares = np.array([asked.get(name, 0.0) for name in names])
    if not set(asked) <= set(names) or not shares.sum() > 0.0:
        raise UsageError(
            f"country shares: {dict(asked)} are not shares of {', '.join(names)}.",
            remedy="Name countries that the weighting seeds know.",
        )
    return np.asarray(shares / shares.sum())


def _effects_of(parameters: Parameters, country: Country, margin: Margin) -> FloatArray:
    """Effects of a margin's groups (groups, M, D)."""
    sd = parameters.effects * parameters.effect_sds.get(margin.axis, DEFAULT_EFFECT_SD)
    names = [stratum_id(country.name, margin.axis, group) for group in margin.groups]
    spreads = [_spread(parameters, Purpose.EFFECT, name) for name in names]
    return (sd * np.array(spreads)).round(DECIMALS)


def _spread(parameters: Parameters, purpose: Purpose, name: str) -> FloatArray:
    """Standard normal (M, D), correlated between dimensions.

    Streams are named, not numbered: another group or dimension leaves the others' values alone.
    """
    size = parameters.model_count
    share = parameters.dimension_correlation
    place, *within = [crc32(text.encode()) for text in (name, *parameters.dimensions)]
    common = stream(parameters.seed, purpose, place).standard_normal(size)
    own = [stream(parameters.seed, purpose, place, one).standard_normal(size) for one in within]
    return np.asarray(np.sqrt(share) * common[:, None] + np.sqrt(1.0 - share) * np.array(own).T)


def write_truth(
    truth: Truth,
    path: Path,
    *,
    low_effort: list[dict[str, str]],
    counts: Mapping[str, int],
    more: Mapping[str, Any],
) -> None:
    """Write the document: one line per entry of its long lists, keys in the order above.

    `more`: what else is true, by name: of what isn't said in battles.
    """
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "source": truth.parameters.source,
        "parameters": {**asdict(truth.parameters), "start": truth.parameters.start.isoformat()},
        "models": _models(truth),
        "dimensions": [
            {"dimension": name, "tie_rate": rate, "draw_margin": float(margin)}
            for (name, rate), margin in zip(
                truth.parameters.tie_rates.items(), truth.draw_margins, strict=True
            )
        ],
        "strata": [
            {"stratum_id": stratum, "dimension": dimension, "skills": skills}
            for stratum, table in truth.stratum_skills()
            for dimension, skills in _by_dimension(truth, table).items()
        ],
        "cells": list(_cells(truth)),
        "effects": list(_effects(truth)),
        "population": list(_population(truth)),
        "low_effort": low_effort,
        "judged": judged_truth(truth.parameters),
        "counts": counts,
        **more,
    }
    parts = ",\n".join(f"{json.dumps(key)}: {_text(part)}" for key, part in document.items())
    path.write_text(f"{{\n{parts}\n}}\n", encoding="utf-8", newline="\n")


def _text(part: Any) -> str:
    if not isinstance(part, list) or not part:
        return json.dumps(part, ensure_ascii=False, allow_nan=False)
    entries = (json.dumps(entry, ensure_ascii=False, allow_nan=False) for entry in part)
    return "[\n" + ",\n".join(entries) + "\n]"


def _models(truth: Truth) -> list[dict[str, Any]]:
    models = truth.parameters.models
    retired_at = instants(truth.parameters.retired_at).to_pylist()
    at = dict(zip(reversed(models), retired_at, strict=False))
    return [
        {"model_id": model.model_id, "provider": model.provider, "retired_at": at.get(model)}
        for model in models
    ]


def _by_dimension(truth: Truth, table: FloatArray) -> dict[str, list[float]]:
    return dict(zip(truth.parameters.dimensions, table.T.round(DECIMALS).tolist(), strict=True))


def _shares(population: float, sample: float) -> dict[str, float]:
    shares = {"population_share": population, "sample_share": sample}
    return {name: round(float(share), SHARE_DECIMALS) for name, share in shares.items()}


def _cells(truth: Truth) -> Iterator[dict[str, Any]]:
    skills = iter(truth.cell_skills)
    for number, country in enumerate(truth.population.countries):
        everyone = cell_shares(margin.weights for margin in country.margins)
        everyone *= truth.population.country_shares[number]
        shares = zip(everyone, truth.sample_cells(number), strict=True)
        for places, (population, sample) in zip(country.cell_groups.T, shares, strict=True):
            pairs = list(zip(country.margins, places, strict=True))
            groups = {margin.axis: margin.groups[place] for margin, place in pairs}
            yield {
                "cell_id": "/".join(groups.values()),
                "country": groups.pop(COUNTRY_AXIS),
                "groups": groups,
                **_shares(population, sample),
                "skills": _by_dimension(truth, next(skills)),
            }


def _effects(truth: Truth) -> Iterator[dict[str, Any]]:
    for country, by_margin in zip(truth.population.countries, truth.effects, strict=True):
        for margin, tables in zip(country.margins, by_margin, strict=True):
            for group, table in zip(margin.groups, tables, strict=True):
                about = {"country": country.name, "axis": margin.axis, "group": group}
                for dimension, values in _by_dimension(truth, table).items():
                    yield {**about, "dimension": dimension, "effects": values}


def _population(truth: Truth) -> Iterator[dict[str, Any]]:
    skew = truth.parameters.sampling_skew
    for place, country in enumerate(truth.population.countries):
        axes = []
        for margin in (*country.strata, *country.others):
            shares = zip(margin.groups, margin.weights, sample_weights(margin, skew), strict=True)
            groups = [{"group": name, **_shares(share, sampled)} for name, share, sampled in shares]
            is_stratum = margin in country.strata
            axes.append({"axis": margin.axis, "is_stratum": is_stratum, "groups": groups})
        shares_of = _shares(truth.population.country_shares[place], truth.sample_countries[place])
        yield {"country": country.name, **shares_of, "axes": axes}
