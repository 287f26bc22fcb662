"""Made-up studies: who was asked what about how many models."""

from __future__ import annotations

from dataclasses import dataclass

EP, HIERARCHICAL = "trueskill_ep", "trueskill_hierarchical"
BT, ONLINE = "bradley_terry", "trueskill_online"
POOLED = "_population_proportional"
GROUPS = {
    "US": {"age": ["18-34", "35-54", "55+"], "politics": ["Democrat", "Republican"]},
    "UK": {"age": ["18-34", "35-54", "55+"], "politics": ["Labour", "Reform UK", "Green"]},
}
LABELS = {"US": "United States", "UK": "United Kingdom"}


@dataclass(frozen=True)
class Study:
    """How large the made-up study is."""

    model_count: int = 14
    dimensions: tuple[str, ...] = ("overall", "core_task", "trust")
    groups: dict[str, dict[str, list[str]]] | None = None
    is_weighted: bool = True
    seed: int = 1

    @property
    def strata(self) -> list[tuple[str, str | None, str | None, str | None]]:
        """Id, country, axis, group."""
        found: list[tuple[str, str | None, str | None, str | None]] = [("all", None, None, None)]
        groups = GROUPS if self.groups is None else self.groups
        found += [(country, country, None, None) for country in groups]
        for country, axes in groups.items():
            for axis, names in axes.items():
                found += [(f"{country}/{axis}/{name}", country, axis, name) for name in names]
        return found

    @property
    def models(self) -> list[str]:
        """Ids of the models."""
        return [f"model-{place:02d}" for place in range(self.model_count)]

    def boards(self) -> list[tuple[str, str, str, str]]:
        """Weighting, stratum, dimension, estimator of every board."""
        found = []
        for stratum, country, axis, _ in self.strata:
            pool = "" if country else POOLED
            for dimension in self.dimensions:
                found += [("none", stratum, dimension, EP), ("none", stratum, dimension, BT)]
                if axis is None:
                    found.append(("none", stratum, dimension, ONLINE))
                if self.is_weighted:
                    found.append((f"politics{pool}", stratum, dimension, EP))
                    found.append((f"census{pool}", stratum, dimension, HIERARCHICAL))
                    if axis is None and country:
                        found.append(("merged_by_age", stratum, dimension, EP))
        return found


# As large as HUMAINE with 60 models.
_AXES = {"age": ["a", "b", "c"], "ethnicity": ["a", "b", "c", "d"], "politics": ["a", "b", "c"]}
LARGE = Study(
    model_count=60,
    dimensions=("overall", "b", "c", "d", "e"),
    groups={"US": _AXES, "UK": {**_AXES, "politics": ["a", "b", "c", "d", "e"]}},
)
