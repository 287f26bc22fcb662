"""The population as the weighting seeds have it: strata, axes and census shares, read by path.

A seed is a CSV file like any other; it is the one place where these figures and names are kept.

What stays out: citing the figures (beside them, in the seeds) and weighting by them (dbt).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from ingestion.contracts import CONTRACTS
from ingestion.errors import NotFoundError, UsageError
from ingestion.simulation.population import Country, Margin, Population
from ingestion.vocabulary import EventType

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"

# Answers the census has no figure for, and how many give them. Only where an axis makes no strata:
# elsewhere nobody could say what is true of the population.
UNTARGETED: Mapping[str, Mapping[str, float]] = {"gender": {"Non-binary": 0.012}}

Row = dict[str, str]


def read_population(directory: Path = SEEDS) -> Population:
    """Countries, axes and shares of the seeds.

    Raises:
        NotFoundError: a seed is missing.
        UsageError: the seeds contradict each other, or name an axis participants are not asked.
    """
    try:
        return _population(directory)
    except (KeyError, ValueError) as error:
        raise UsageError(
            f"{directory}: seed_axes, seed_countries, seed_strata and seed_targets do not give a"
            f" population: {error}."
        ) from error


def _population(directory: Path) -> Population:
    axes = sorted(_read(directory, "seed_axes"), key=lambda row: int(row["sort_order"]))
    targets = _read(directory, "seed_targets")
    strata = sorted(_read(directory, "seed_strata"), key=lambda row: int(row["sort_order"]))
    countries = []
    for row in sorted(_read(directory, "seed_countries"), key=lambda row: int(row["sort_order"])):
        name = row["country"]
        own = [axis for axis in axes if axis["country"] == name]
        margins = {axis["axis"]: _margin(axis, strata, targets) for axis in own}
        stratified = [axis["axis"] for axis in own if axis["is_stratum"].lower() == "true"]
        countries.append(
            Country(
                name=name,
                adults=float(row["adult_population"]),
                strata=tuple(margins[axis] for axis in stratified),
                others=tuple(_widened(margins[axis]) for axis in margins if axis not in stratified),
            )
        )
    return Population(tuple(countries))


def _margin(axis: Row, strata: list[Row], targets: list[Row]) -> Margin:
    country, name, variable = axis["country"], axis["axis"], axis["variable"]
    shares = {
        row["level"]: float(row["share"])
        for row in targets
        if row["country"] == country and row["variable"] == variable
    }
    groups = [
        row["group_name"] for row in strata if row["country"] == country and row["axis"] == name
    ]
    if unknown := set(groups) - set(shares):
        raise UsageError(
            f"seed_strata: {country}/{name}: no target for {', '.join(sorted(unknown))}.",
            remedy="Give seed_targets a share for every group of seed_strata.",
        )
    if name not in CONTRACTS[EventType.PARTICIPANT_ENROLLED].native_columns:
        raise UsageError(f"seed_axes: {country}/{name}: participants are not asked for it.")
    ordered = [*groups, *(level for level in shares if level not in groups)]
    return Margin(name, tuple(ordered), tuple(shares[level] for level in ordered))


def _widened(margin: Margin) -> Margin:
    """With the answers that have no target, the others scaled by the rest."""
    new = UNTARGETED.get(margin.axis, {})
    rest = 1.0 - sum(new.values())
    shares = (*(rest * share for share in margin.weights.tolist()), *new.values())
    return Margin(margin.axis, (*margin.groups, *new), shares)


def _read(directory: Path, name: str) -> list[Row]:
    path = directory / f"{name}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such seed.") from error
