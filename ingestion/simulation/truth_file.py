"""The truth as a document, for whoever checks what the pipeline made of the votes.

`truth.json`, schema_version 1:

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
- `counts`: of what was written.

What stays out: drawing any of it (truth.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ingestion.simulation.calendar import Calendar, iso
from ingestion.simulation.lines import study_models
from ingestion.simulation.population import Country, FloatArray, cell_shares
from ingestion.simulation.skew import sample_cell_shares, sample_weights
from ingestion.simulation.truth import COUNTRY_AXIS, DECIMALS, Truth

SCHEMA_VERSION = 1
SHARE_DECIMALS = 9


def write_truth(
    truth: Truth, path: Path, *, low_effort: list[dict[str, str]], counts: Mapping[str, int]
) -> None:
    """Write the document: one line per entry of its long lists, keys in the order above."""
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
        "counts": counts,
    }
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("{\n")
        file.write(
            ",\n".join(f"{json.dumps(key)}: {_text(part)}" for key, part in document.items())
        )
        file.write("\n}\n")


def _text(part: Any) -> str:
    if not isinstance(part, list) or not part:
        return json.dumps(part, ensure_ascii=False)
    return "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in part) + "\n]"


def _models(truth: Truth) -> list[dict[str, Any]]:
    models = study_models(truth)
    retired = Calendar.of(truth.parameters).retired_at
    at = dict(zip((model.model_id for model in reversed(models)), retired, strict=False))
    return [
        {
            "model_id": model.model_id,
            "provider": model.provider,
            "retired_at": iso(at[model.model_id]) if model.model_id in at else None,
        }
        for model in models
    ]


def _by_dimension(truth: Truth, table: FloatArray) -> dict[str, list[float]]:
    return dict(zip(truth.parameters.dimensions, table.T.round(DECIMALS).tolist(), strict=True))


def _cells(truth: Truth) -> Iterator[dict[str, Any]]:
    population, skew = truth.population, truth.parameters.sampling_skew
    number = 0
    for place, country in enumerate(population.countries):
        everyone = population.country_shares[place] * cell_shares(
            tuple(margin.weights for margin in country.strata)
        )
        sampled = truth.sample_countries[place] * sample_cell_shares(country, skew)
        for cell in range(country.cell_count):
            groups = _groups(country, cell)
            yield {
                "cell_id": "/".join([country.name, *groups.values()]),
                "country": country.name,
                "groups": groups,
                "population_share": round(float(everyone[cell]), SHARE_DECIMALS),
                "sample_share": round(float(sampled[cell]), SHARE_DECIMALS),
                "skills": _by_dimension(truth, truth.cell_skills[number]),
            }
            number += 1


def _groups(country: Country, cell: int) -> dict[str, str]:
    return {
        margin.axis: margin.groups[group]
        for margin, group in zip(country.strata, country.cell_groups[:, cell], strict=True)
    }


def _effects(truth: Truth) -> Iterator[dict[str, Any]]:
    for place, country in enumerate(truth.population.countries):
        named = [(COUNTRY_AXIS, country.name, truth.country_effects[place])]
        for margin, effects in zip(country.strata, truth.group_effects[place], strict=True):
            named += [
                (margin.axis, group, table)
                for group, table in zip(margin.groups, effects, strict=True)
            ]
        for axis, group, table in named:
            for dimension, values in _by_dimension(truth, table).items():
                yield {
                    "country": country.name,
                    "axis": axis,
                    "group": group,
                    "dimension": dimension,
                    "effects": values,
                }


def _population(truth: Truth) -> Iterator[dict[str, Any]]:
    for place, country in enumerate(truth.population.countries):
        yield {
            "country": country.name,
            "population_share": round(
                float(truth.population.country_shares[place]), SHARE_DECIMALS
            ),
            "sample_share": round(float(truth.sample_countries[place]), SHARE_DECIMALS),
            "axes": [
                {
                    "axis": margin.axis,
                    "is_stratum": margin in country.strata,
                    "groups": [
                        {
                            "group": group,
                            "population_share": round(float(share), SHARE_DECIMALS),
                            "sample_share": round(float(sampled), SHARE_DECIMALS),
                        }
                        for group, share, sampled in zip(
                            margin.groups,
                            margin.weights,
                            np.asarray(sample_weights(margin, truth.parameters.sampling_skew)),
                            strict=True,
                        )
                    ],
                }
                for margin in (*country.strata, *country.others)
            ],
        }
