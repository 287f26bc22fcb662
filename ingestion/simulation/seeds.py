"""The population as the weighting seeds have it: strata, axes and census shares, read by path.

A seed is a CSV file like any other; it is the one place where these figures and names are kept.

What stays out: citing the figures (beside them, in the seeds) and weighting by them (dbt).
"""

from __future__ import annotations

import csv
from pathlib import Path

from ingestion.contracts import CONTRACTS
from ingestion.errors import NotFoundError, UsageError
from ingestion.simulation.population import Country, Margin, Population
from ingestion.vocabulary import EventType

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"

# Answers the census has no figure for, such as a third gender: this share of participants each.
# Only where the axis makes no strata; elsewhere nobody could say what is true of the population.
UNTARGETED_SHARE = 0.012

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
    untargeted = _read(directory, "seed_untargeted_levels")
    strata = sorted(_read(directory, "seed_strata"), key=lambda row: int(row["sort_order"]))
    countries = []
    for row in sorted(_read(directory, "seed_countries"), key=lambda row: int(row["sort_order"])):
        name = row["country"]
        own = [axis for axis in axes if axis["country"] == name]
        margins = {axis["axis"]: _margin(axis, strata, targets) for axis in own}
        stratified = [axis["axis"] for axis in own if axis["is_stratum"].lower() == "true"]
        others = [axis for axis in own if axis["axis"] not in stratified]
        countries.append(
            Country(
                name=name,
                adults=float(row["adult_population"]),
                strata=tuple(margins[axis] for axis in stratified),
                others=tuple(_widened(margins[axis["axis"]], axis, untargeted) for axis in others),
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


def _widened(margin: Margin, axis: Row, untargeted: list[Row]) -> Margin:
    """With the answers that have no target, the others scaled by the rest."""
    place = (axis["country"], axis["variable"])
    levels = {row["level"] for row in untargeted if (row["country"], row["variable"]) == place}
    new = tuple(sorted(levels - set(margin.groups)))
    rest = 1.0 - UNTARGETED_SHARE * len(new)
    return Margin(
        margin.axis,
        margin.groups + new,
        (*(rest * share for share in margin.shares), *(UNTARGETED_SHARE for _ in new)),
    )


def _read(directory: Path, name: str) -> list[Row]:
    path = directory / f"{name}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such seed.") from error
