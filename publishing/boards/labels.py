"""What people read in place of a board's names: the labels of the design it was made by.

`dim_board` has the same words. They are read here from the kept design's seeds, as a release is
shown where no database is, and an old one has the words that it had. A name without a label is
shown with spaces.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from publishing.boards.designs import DESIGNS
from publishing.boards.statement import CLAIMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from publishing.boards.store import Release

UNWEIGHTED, MERGED = "none", "merged_by_"
EVERYBODY = "all"


@dataclass(frozen=True)
class Labels:
    """Labels by name."""

    dimensions: Mapping[str, str]
    weightings: Mapping[str, str]
    estimators: Mapping[str, str]
    # By weighting, then by country or `all`: what a release says of its own boards. It claims less
    # than the scheme does where nobody of the board answered one of the questions.
    claimed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def dimension(self, name: str) -> str:
        """The question that was asked."""
        return self.dimensions.get(name, _spaced(name))

    def weighting(self, name: str, stratum_id: str = EVERYBODY) -> str:
        """How people are weighted, within a sentence: `unweighted`, `weighted: age, sex`."""
        if name == UNWEIGHTED:
            return "unweighted"
        claimed = self.claimed.get(name, {}).get(stratum_id.partition("/")[0])
        label = claimed or self.weightings.get(name, _spaced(name))
        return f"weighted: {label[:1].lower()}{label[1:]}"

    def estimator(self, name: str) -> str:
        """How skills were estimated."""
        return self.estimators.get(name, _spaced(name))

    def board(self, names: Mapping[str, str], people: str | None = None) -> list[str]:
        """What a board is, in the order of its title: question, people, weighting, estimator.

        Args:
            names: of the board; without an estimator where no board is meant.
            people: who judged, where that is not what the stratum is called.
        """
        said = [self.dimension(names["dimension"]), people or who_judged(names["stratum_id"])]
        said.append(self.weighting(names["weighting"], names["stratum_id"]))
        return said + ([self.estimator(names["estimator"])] if "estimator" in names else [])


NO_LABELS = Labels({}, {}, {})


def who_judged(stratum_id: str) -> str:
    """`US/age/18-34` as people read it: `US, age: 18-34`."""
    if stratum_id == EVERYBODY:
        return "everybody"
    country, *group = stratum_id.split("/", 2)
    return f"{country}, {': '.join(group)}" if group else country


def labels_of(release: Release) -> Labels:
    """The labels of a release's own design; none where it was not kept."""
    design = release.directory.parent / DESIGNS / release.subject["design_hash"]
    named: dict[str, dict[str, str]] = {}
    for row in _seed(design, "seed_labels"):
        named.setdefault(row["kind"], {})[row["name"]] = row["label"]
    single = dict(_weightings(design)) | named.get("weighting", {})
    pools = {row["pool"] for row in _seed(design, "seed_pools")}
    pooled = {
        f"{name}_{pool}": f"{label}, {named.get('pool', {}).get(pool, _spaced(pool))}"
        for name, label in single.items()
        for pool in pools
    }
    return Labels(
        dimensions={row["dimension"]: row["label"] for row in _seed(design, "seed_dimensions")},
        weightings=single | pooled,
        estimators=named.get("estimator", {}),
        claimed=release.predicate.get(CLAIMED, {}),
    )


def claimed_labels(boards: Iterable[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The labels of a build's boards, rows of `dim_board`, by weighting and by country or `all`."""
    found: dict[str, dict[str, str]] = {}
    for row in boards:
        label = row["weighting_label"].replace("; ", ", ")
        found.setdefault(row["weighting"], {})[row["country"] or EVERYBODY] = label
    return found


def _weightings(design: Path) -> Iterator[tuple[str, str]]:
    for row in _seed(design, "seed_weighting_schemes"):
        yield row["scheme"], row.get("label") or _spaced(row["scheme"])
    for row in _seed(design, "seed_axes"):
        yield (
            MERGED + row["axis"],
            f"groups by {row['label'].lower()}, put together by the census",
        )


def _seed(design: Path, name: str) -> list[dict[str, str]]:
    for path in design.rglob(f"{name}.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    return []


def _spaced(name: str) -> str:
    return name.replace("_", " ")
