"""Units that judges labelled: what each judge says of them, beside what people say.

Every label is of a unit: an answer of a model, or a conversation. People's label of a unit is the
one that most of them give; where two are as frequent there is none. In weighted rates a person's
weight is spread over their units, as over verdicts on boards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ratings.compiled import FloatArray, IndexArray
from ratings.judge_error import Clusters, clusters_of
from ratings.tables.inputs import Read
from ratings.tournaments import UNWEIGHTED

EVERY, NOBODY = "*", -1
PEOPLE = {"judge": "people", "judge_version": "1"}
KEYS = ("rubric", "rubric_version", "label")
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Groups:
    """Whose answers are told apart.

    Args:
        names: of the first of K groups; the others have none.
        clusters: of the N units.
        labelled: of those units alone that people labelled too.
    """

    names: list[dict[str, str]]
    clusters: Clusters
    labelled: Clusters


@dataclass(frozen=True)
class Units:
    """What one judge says of N units of one label.

    Args:
        key: judge and label, as the tables name them.
        unit: its number (N).
        value: code of what the judge says (N).
        human: code of what people say, -1 where they say nothing (N).
        severity: code of the judge's, -1 for none (N).
        human_severity: likewise people's (N).
        person: whose it is (N).
        cell: theirs (N).
        model: code, -1 for the whole conversation (N).
        topic: code, -1 for none (N).
        is_finding: of each value's code.
        names: of the codes, by column.
        prompt_count: different prompts of the judge.
        is_people: whether people are the judge.
    """

    key: dict[str, str]
    unit: IndexArray
    value: IndexArray
    human: IndexArray
    severity: IndexArray
    human_severity: IndexArray
    person: IndexArray
    cell: IndexArray
    model: IndexArray
    topic: IndexArray
    is_finding: Mask
    names: Mapping[str, list[str]]
    prompt_count: int
    is_people: bool = False

    @cached_property
    def judge_finds(self) -> FloatArray:
        """1 where the judge finds something (N)."""
        return self.is_finding[self.value].astype(float)

    @cached_property
    def human_finds(self) -> FloatArray:
        """1 where people find something, NaN where nobody labelled (N)."""
        return np.where(self.human >= 0, self.is_finding[self.human], np.nan)

    @cached_property
    def both(self) -> IndexArray:
        """Places of the units that people labelled too."""
        return np.flatnonzero(self.human >= 0)

    @cached_property
    def groups(self) -> list[Groups]:
        """All together, and each model."""
        nothing = np.zeros(self.unit.size, np.int64)
        return [self._grouped([{"model_id": EVERY}], nothing, 1), self._by_model(nothing, [{}])]

    @cached_property
    def topics(self) -> list[Groups]:
        """Each topic, of all together and of each model."""
        names = [{"topic": name} for name in self.names["topic"]]
        known = np.where(self.topic < 0, len(names), self.topic)
        every = [name | {"model_id": EVERY} for name in names]
        return [self._grouped(every, known, len(names) + 1), self._by_model(known, names)]

    def _by_model(self, part: IndexArray, parts: list[dict[str, str]]) -> Groups:
        """Each model of each part; what is of no model, or of no part, has a group without name."""
        models = self.names["model_id"]
        whose = np.where(self.model < 0, len(models), self.model)
        names = [one | {"model_id": model} for one in parts for model in [*models, ""]]
        size = (len(parts) + 1) * (len(models) + 1)
        return self._grouped(names, part * (len(models) + 1) + whose, size)

    def _grouped(self, names: list[dict[str, str]], group: IndexArray, size: int) -> Groups:
        clusters = clusters_of(self.person, group, size)
        labelled = clusters_of(self.person[self.both], group[self.both], size)
        return Groups(names, clusters, labelled)


@dataclass(frozen=True)
class Sample:
    """One weighting and stratum: the cells in it, or the weight of every person (0 outside)."""

    weighting: str
    stratum_id: str
    cells: IndexArray
    people: FloatArray | None = None

    def weight(self, units: Units) -> FloatArray:
        """Of each unit; 0 outside the stratum (N)."""
        if self.people is None:
            return np.isin(units.cell, self.cells).astype(float)
        spread = np.bincount(units.person)[units.person]
        return self.people[units.person] / spread

    @property
    def is_broad(self) -> bool:
        """Whether it is everybody or a country, not a group of one."""
        return "/" not in self.stratum_id


def _codes(labels: pa.Table, name: str, more: Iterable[str] = ()) -> tuple[IndexArray, list[str]]:
    """Codes of a column's texts in order, -1 for null; and the texts, with more that may be."""
    column = labels.column(name)
    names = sorted({*column.unique().drop_null().to_pylist(), *more})
    found = pc.index_in(column, value_set=pa.array(names, pa.string()))
    return found.fill_null(NOBODY).to_numpy().astype(np.int64), names


def every_judge(labels: pa.Table, declared: pa.Table) -> list[tuple[Units, pa.Table]]:
    """Each judge of each label, people last, with the rows of theirs that are left out.

    Args:
        labels: of the query `labels`.
        declared: the values that rubrics have, whether or not a judge has given them.
    """
    made = []
    keys = labels.select(KEYS).group_by(list(KEYS)).aggregate([]).to_pylist()
    for key in sorted(keys, key=lambda one: [one[name] for name in KEYS]):
        of_label = labels.filter(_equal(labels, key))
        counted = of_label.filter(of_label.column("left_out_reason").is_null())
        if not counted.num_rows:
            continue
        known = declared.filter(_equal(declared, key))
        made += list(_judges(key, counted, of_label, known))
    return made


def _equal(labels: pa.Table, key: Mapping[str, str]) -> Any:
    masks = [pc.equal(labels.column(name), value) for name, value in key.items()]
    together = masks[0]
    for mask in masks[1:]:
        together = pc.and_(together, mask)
    return together


def _judges(
    key: dict[str, str], counted: pa.Table, of_label: pa.Table, known: pa.Table
) -> Iterator[tuple[Units, pa.Table]]:
    coded = {name: _codes(counted, name) for name in ("severity", "model_id", "topic")}
    coded["value"] = _codes(counted, "value", known.column("value").to_pylist())
    codes = {name: own for name, (own, _) in coded.items()}
    names = {name: own for name, (_, own) in coded.items()}
    for name in ("unit_id", "participant_id", "cell_id"):
        codes[name] = counted.column(name).to_numpy().astype(np.int64)
    is_human = counted.column("is_human").to_numpy(zero_copy_only=False)
    flags = counted.column("is_finding").to_numpy(zero_copy_only=False)
    is_finding = np.zeros(len(names["value"]), bool)
    is_finding[codes["value"][flags]] = True
    for value, flag in zip(
        *known.select(["value", "is_finding"]).to_pydict().values(), strict=True
    ):
        is_finding[names["value"].index(value)] = flag
    gold = _people(codes, is_human, len(names["value"]))
    judges = counted.filter(pa.array(~is_human)).select(["judge", "judge_version"])
    judges = judges.group_by(["judge", "judge_version"]).aggregate([]).to_pylist()
    for judge in sorted(judges, key=lambda one: (one["judge"], one["judge_version"])):
        mask = _equal(counted, judge).to_numpy(zero_copy_only=False) & ~is_human
        prompts = counted.column("prompt_sha256").filter(pa.array(mask)).unique().drop_null()
        units = _units(judge | key, codes, np.flatnonzero(mask), is_finding, names, len(prompts))
        own = of_label.filter(_equal(of_label, judge))
        yield _beside(units, codes, gold), own.filter(own.column("left_out_reason").is_valid())
    if gold.size:
        units = _units(PEOPLE | key, codes, gold, is_finding, names, 0)
        yield replace(_beside(units, codes, gold), is_people=True), of_label.slice(0, 0)


def _people(codes: Mapping[str, IndexArray], is_human: Mask, width: int) -> IndexArray:
    """A row per unit that people labelled, with the value that most gave; ordered by unit."""
    rows = np.flatnonzero(is_human)
    pairs = codes["unit_id"][rows] * width + codes["value"][rows]
    kinds, first, counts = np.unique(pairs, return_index=True, return_counts=True)
    # Of each unit the most frequent last; then one that is not alone in that is left out.
    order = np.lexsort((kinds, counts, kinds // width))
    unit, often = kinds[order] // width, counts[order]
    is_last = np.append(np.diff(unit) > 0, np.ones(min(unit.size, 1), bool))
    is_tied = np.append(False, (np.diff(unit) == 0) & (np.diff(often) == 0))[: unit.size]
    chosen: IndexArray = rows[first[order][is_last & ~is_tied]]
    return chosen


def _units(
    key: dict[str, str],
    codes: Mapping[str, IndexArray],
    rows: IndexArray,
    is_finding: Mask,
    names: Mapping[str, list[str]],
    prompt_count: int,
) -> Units:
    own = {name: column[rows] for name, column in codes.items()}
    nothing = np.full(rows.size, NOBODY)
    return Units(
        key, own["unit_id"], own["value"], nothing, own["severity"], nothing,
        own["participant_id"], own["cell_id"], own["model_id"], own["topic"], is_finding, names,
        prompt_count,
    )  # fmt: skip


def _beside(units: Units, codes: Mapping[str, IndexArray], gold: IndexArray) -> Units:
    """The units with what people say of them."""
    if not gold.size:
        return units
    labelled = codes["unit_id"][gold]
    place = np.minimum(np.searchsorted(labelled, units.unit), gold.size - 1)
    is_there = labelled[place] == units.unit
    said = {
        name: np.where(is_there, codes[name][gold[place]], NOBODY) for name in ("value", "severity")
    }
    return replace(units, human=said["value"], human_severity=said["severity"])


@dataclass(frozen=True)
class Labelled:
    """What was labelled in a study.

    Args:
        judges: each of each label, people last, with the rows of theirs that are left out.
        samples: every stratum, unweighted and then weighted.
    """

    judges: list[tuple[Units, pa.Table]]
    samples: list[Sample]


def read_labelled(read: Read) -> Labelled:
    """What was labelled; no judges where nothing was."""
    labels = read("labels")
    if not labels.num_rows:
        return Labelled([], [])
    return Labelled(every_judge(labels, read("rubric_values")), _samples(read, labels))


def _samples(read: Read, labels: pa.Table) -> list[Sample]:
    found = [
        Sample(UNWEIGHTED, stratum, np.array(cells, np.int64))
        for stratum, cells in zip(*read("stratum_cells").to_pydict().values(), strict=True)
    ]
    weights = read("label_weights")
    if not weights.num_rows:
        return found
    people, amounts = (
        weights.column(name).to_numpy() for name in ("participant_id", "weight_micro")
    )
    keys = [_codes(weights, name) for name in ("weighting", "stratum_id")]
    size = int(pc.max(labels.column("participant_id")).as_py()) + 1
    both = keys[0][0] * len(keys[1][1]) + keys[1][0]
    for code in np.unique(both):
        rows = both == code
        of_person = np.zeros(size)
        of_person[people[rows]] = amounts[rows] / 1e6
        weighting, stratum = keys[0][1][code // len(keys[1][1])], keys[1][1][code % len(keys[1][1])]
        found.append(Sample(weighting, stratum, np.zeros(0, np.int64), of_person))
    return found
