"""What was decided otherwise between two releases: rows of seeds, parameters, variables, code.

Targets, weighting schemes, strata and policies are seeds, and a kept design has them as they were
(designs.py). Rows are matched by the columns that the seed's yml declares unique. Parameters are in
the releases' subjects. Both are part of a release's id, so a signature covers them. dbt's variables
and the code's hash are what their statements say, which the signature alone covers.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import yaml

from ingestion.errors import UsageError
from publishing.boards.designs import SEEDS, design_hash, kept_design
from publishing.boards.inputs import from_micro
from publishing.boards.program import kept_listing
from publishing.boards.statement import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from publishing.boards.store import Release

    Key = tuple[str, ...]
    Row = dict[str, str]

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
PARAMETERS, CODE = "parameters", "code"
CODE_HASH = "code_sha256"


@dataclass(frozen=True)
class Decision:
    """One thing that was decided otherwise.

    Args:
        seed: which seed; `parameters` for one of the ratings, `dbt_variables` for one of dbt's,
            `code` for the hash of the code and for a file of it.
        kind: added, removed or changed.
        key: names the row, column by column, or the file; empty for a whole seed, a parameter, a
            variable and the code's hash.
        column: the column, or parameter, that is not the same; None for a whole row or seed.
        before: what it was, as the seed has it; None where it was not there.
        after: what it is; likewise.
    """

    seed: str
    kind: str
    key: Mapping[str, str]
    column: str | None
    before: str | None
    after: str | None

    def as_json(self) -> dict[str, Any]:
        """With `from` and `to`, as people ask."""
        said = asdict(self)
        return {**said, "from": said.pop("before"), "to": said.pop("after")}

    def __str__(self) -> str:
        words = [self.seed, *([" ".join(self.key.values())] if self.key else [])]
        if self.column is None:
            thing = "the file" if self.seed == CODE else "the row"
            what = thing if self.key else "the seed"
            return f"{' '.join(words)}: {what} was {self.kind}"
        before, after = (
            "nothing" if value in (None, "") else value for value in (self.before, self.after)
        )
        return f"{' '.join(words)}: {self.column} {before} > {after}"


def decisions(boards: Path, project: Path, a: Release, b: Release) -> list[Decision]:
    """Everything that is decided otherwise in release B than in A.

    Seeds come first, by name, then parameters, variables, the code's hash, and its files.

    Args:
        boards: where designs are kept.
        project: the present dbt project, which says what names a seed's row.
        a: a release.
        b: another one.

    Raises:
        NotFoundError: one of the designs was not kept.
        IntegrityError: a file of one is not what it was.
    """
    found: list[Decision] = []
    hashes = [one.subject["design_hash"] for one in (a, b)]
    if hashes[0] != hashes[1]:
        found += _of_designs(project, *(kept_design(boards, one) for one in hashes))
    found += _of_parameters(a.subject["parameters"], b.subject["parameters"])
    before, after = (one.predicate["made_by"] for one in (a, b))
    found += _of_variables(before.get(VARIABLES), after.get(VARIABLES))
    if before.get(CODE_HASH) != after.get(CODE_HASH):
        found += _of_code(boards, before.get(CODE_HASH), after.get(CODE_HASH))
    return found


def not_yet_built(boards: Path, project: Path, release: Release) -> list[Decision]:
    """Every row of a seed that is otherwise in the present project than in a release.

    Raises:
        NotFoundError: the release's design was not kept.
        IntegrityError: a file of it is not what it was.
    """
    design = release.subject["design_hash"]
    if design == design_hash(project):
        return []
    return list(_of_designs(project, kept_design(boards, design), project / SEEDS))


def _of_designs(project: Path, a: Path, b: Path) -> Iterator[Decision]:
    before, after, keys = _seeds(a), _seeds(b), _keys(project)
    for seed in sorted(before.keys() | after.keys()):
        yield from _of_seed(seed, before.get(seed), after.get(seed), keys.get(seed, ()))


def _seeds(directory: Path) -> dict[str, list[Row]]:
    found = {}
    for path in sorted(directory.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = list(csv.DictReader(file, restkey="", restval=""))
    return found


def _keys(project: Path) -> dict[str, Key]:
    """The columns that name a row, by seed, from the first test of uniqueness of its yml."""
    found: dict[str, Key] = {}
    for path in sorted((project / SEEDS).rglob("*.yml")):
        for seed in yaml.safe_load(path.read_text(encoding="utf-8")).get("seeds", []):
            for test in seed.get("data_tests", []):
                unique = test.get("unique_and_not_null", {}).get("arguments", {}).get("unique")
                if unique:
                    found.setdefault(seed["name"], tuple(unique[0]))
    return found


def _of_seed(
    seed: str, before: list[Row] | None, after: list[Row] | None, key: Key
) -> Iterator[Decision]:
    if before is None or after is None:
        yield Decision(seed, ADDED if before is None else REMOVED, {}, None, None, None)
        return
    was, now = _by_key(before, key), _by_key(after, key)
    for name in sorted(was.keys() | now.keys()):
        old, new = was.get(name), now.get(name)
        said = {column: (new or old or {}).get(column, "") for column in key or name[0]}
        if old is None or new is None:
            yield Decision(seed, ADDED if old is None else REMOVED, said, None, None, None)
            continue
        for column in dict.fromkeys((*old, *new)):
            # A column that came with nothing in it decides nothing.
            if (old.get(column) or None) != (new.get(column) or None):
                yield Decision(seed, CHANGED, said, column, old.get(column), new.get(column))


def _by_key(rows: list[Row], key: Key) -> dict[tuple[Key, int], Row]:
    """Rows by key and, where several have one, by their turn: none stands for another."""
    seen: Counter[Key] = Counter()
    found = {}
    for row in rows:
        name = tuple(row.get(column, "") for column in key or row)
        found[name, seen[name]] = row
        seen[name] += 1
    return found


def _of_parameters(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Decision]:
    was, now = _in_units(before), _in_units(after)
    for name in sorted(was.keys() | now.keys()):
        old, new = was.get(name), now.get(name)
        if old != new:
            yield Decision(PARAMETERS, CHANGED, {}, name, old, new)


def _of_variables(before: object, after: object) -> Iterator[Decision]:
    """Statements from before there was such a thing say nothing of it; the code's hash does."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield Decision(VARIABLES, CHANGED, {}, name, old, new)


def _of_code(boards: Path, before: str | None, after: str | None) -> Iterator[Decision]:
    """The code's hash, and where both lists of files were kept each file that differs."""
    yield Decision(CODE, CHANGED, {}, CODE_HASH, before, after)
    was, now = (one and kept_listing(boards, one) for one in (before, after))
    if not was or not now:
        return
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) != now.get(name):
            kind = ADDED if name not in was else REMOVED if name not in now else CHANGED
            yield Decision(CODE, kind, {"file": name}, None, was.get(name), now.get(name))


def _in_units(given: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as people give them; as the subject has them where this version has others."""
    try:
        said: Mapping[str, Any] = asdict(from_micro(given))
    except (UsageError, TypeError, ValueError):
        said = given
    return {name: str(value) for name, value in said.items()}
