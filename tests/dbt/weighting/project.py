"""A dbt project of the weighting alone: real seeds, macros, models and tests over made-up people.

What stays out: who the people are and what must become of them (the tests beside it).
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

REAL = Path(__file__).resolve().parents[3] / "dbt_project"
ANSWERS = ("country", "age", "gender", "ethnicity", "politics", "education")
PARTS = (
    "seeds",
    "macros",
    "models/intermediate/weighting",
    "models/marts/weighting",
    "tests/generic",
    "tests/weighting",
)
PROJECT = """\
name: demoscope
version: "1.0.0"
profile: demoscope
flags: {send_anonymous_usage_stats: false}
models:
  demoscope:
    intermediate: {+materialized: table}
    marts: {+materialized: table, +contract: {enforced: true}}
seeds:
  demoscope: {+schema: seeds}
"""
PROFILE = """\
demoscope:
  target: duckdb
  outputs:
    duckdb: {type: duckdb, path: "%s", schema: main, threads: 2}
"""
PEOPLE = "select * from read_csv('%s', all_varchar = true, header = true)"
# Who has no battle was not heard.
BATTLES = """\
select participant_key, true as is_counted from {{ ref('int_participants__current') }}
where heard = 'yes'
"""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Build:
    """How a build ended.

    Args:
        statuses: by the name of a seed, model or test: success, pass, warn, fail, error, skipped.
        output: what dbt says of each.
    """

    statuses: Mapping[str, str]
    output: str

    def with_status(self, *statuses: str) -> set[str]:
        """Names that ended so."""
        return {name for name, status in self.statuses.items() if status in statuses}


@dataclass(frozen=True)
class Project:
    """A directory in which dbt can run."""

    directory: Path

    @property
    def database(self) -> Path:
        """Where dbt builds."""
        return self.directory / "weighting.duckdb"

    def write_people(self, people: Iterable[Row]) -> None:
        """Participants as `int_participants__current` gives them; `heard` says who has a battle."""
        columns = ("participant_key", *ANSWERS, "heard")
        with (self.directory / "people.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows({"heard": "yes", **person} for person in people)

    def seed(self, name: str) -> list[dict[str, str]]:
        """A seed's rows."""
        with (self.directory / f"seeds/{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def write_seed(self, name: str, rows: Sequence[Row]) -> None:
        """Replace a seed's rows; a column left out is empty."""
        columns = list(self.seed(name)[0])
        path = self.directory / f"seeds/{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def add_to_seed(self, name: str, *rows: Row) -> None:
        """Add rows to a seed: how a country, an axis or a group is added."""
        self.write_seed(name, [*self.seed(name), *rows])

    def build(self, *arguments: str) -> Build:
        """Run `dbt build`; a failure is a status, not an error."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        directory = str(self.directory)
        outcome = dbtRunner().invoke(
            [
                *("build", "--full-refresh", "--exclude-resource-type", "unit_test"),
                *("--project-dir", directory, "--profiles-dir", directory),
                *("--target-path", f"{directory}/target", "--log-path", f"{directory}/logs"),
                *("--log-level", "none", "--no-write-json", *arguments),
            ]
        )
        DuckDBConnectionManager.close_all_connections()
        results = getattr(outcome.result, "results", None)
        assert results, outcome.exception
        return Build(
            {_name(result.node.unique_id): str(result.status) for result in results},
            "\n".join(result.message for result in results if result.message),
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on what was built."""
        with duckdb.connect(self.database, read_only=True) as connection:
            return list(connection.sql(sql).fetchall())


def make_project(directory: Path) -> Project:
    """Copy what weighting is made of, with stand-ins for what it reads."""
    for part in PARTS:
        shutil.copytree(REAL / part, directory / part)
    stubs = directory / "models" / "stubs"
    stubs.mkdir()
    (stubs / "int_participants__current.sql").write_text(PEOPLE % (directory / "people.csv"))
    (stubs / "int_battles__current.sql").write_text(BATTLES)
    (directory / "dbt_project.yml").write_text(PROJECT)
    (directory / "profiles.yml").write_text(PROFILE % (directory / "weighting.duckdb"))
    return Project(directory)


def _name(unique_id: str) -> str:
    # model.demoscope.<name>, test.demoscope.<name>.<hash>
    return unique_id.split(".")[2]
