"""A dbt project of the weighting alone: real seeds, macros, models and tests over made-up people.

What stays out: who the people are and what must become of them (the tests beside it).
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.dbt_runs import dbt_environment
from tests.dbt.weighting.seeds import Row, Seeds

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

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
WITH_VERDICTS = """\
select
    people.participant_key,
    row_number() over (order by people.participant_key) as participant_number,
    profiled.country,
    profiled.profile_number
from {{ ref('int_participants__current') }} as people
inner join {{ ref('int_participants__profiled') }} as profiled
    on people.participant_key = profiled.participant_key
where people.has_verdict = 'yes'
"""
PARTICIPANT_LEVELS = """(
    select profiled.participant_key, levels.*
    from int_participants__profiled as profiled
    join int_profile_levels as levels using (profile_number)
)"""
# Nobody is enrolled twice here: a unit test and an end-to-end test have such people.
CONTRADICTED = "select '' as participant_key, '' as question where false"


@dataclass(frozen=True)
class Build:
    """How a build ended.

    Args:
        statuses: by the name of a seed, model or test: success, pass, warn, fail, error, skipped.
        output: what dbt said of what did not end well.
    """

    statuses: Mapping[str, str]
    output: str

    def with_status(self, *statuses: str) -> set[str]:
        """Names that ended so."""
        return {name for name, status in self.statuses.items() if status in statuses}


@dataclass(frozen=True)
class Project:
    """A directory in which dbt can run.

    Args:
        directory: where it lies.
        manifest: what dbt's parser made of it; rows of seeds are no part of it.
    """

    directory: Path
    manifest: Manifest

    @property
    def database(self) -> Path:
        """Where dbt builds."""
        return self.directory / "weighting.duckdb"

    def restore_seeds(self) -> None:
        """The project's own seeds again."""
        shutil.copytree(REAL / "seeds", self.directory / "seeds", dirs_exist_ok=True)

    def write_people(self, people: Iterable[Row]) -> None:
        """Participants as `int_participants__current` gives them; `has_verdict` says who judged."""
        columns = ("participant_key", *ANSWERS, "has_verdict")
        with (self.directory / "people.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows({"has_verdict": "yes", **person} for person in people)

    @property
    def seeds(self) -> Seeds:
        """Its seeds."""
        return Seeds(self.directory / "seeds")

    def seed(self, name: str) -> list[dict[str, str]]:
        """A seed's rows."""
        return self.seeds.rows(name)

    def build(self, *arguments: str) -> Build:
        """Run `dbt build`; a failure is a status, not an error."""
        options = ("--full-refresh", "--exclude-resource-type", "unit_test", *arguments)
        results = run(self.directory, ["build", *options], self.manifest).results
        statuses = {result.node.name: str(result.status) for result in results}
        said = [f"{result.node.name}: {result.message}" for result in results if result.failures]
        return Build(statuses, "\n".join(said))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on what was built."""
        with duckdb.connect(self.database) as connection:
            return list(connection.sql(sql).fetchall())


def make_project(directory: Path, *, further: Iterable[str] = ()) -> Project:
    """Copy what weighting is made of, with stand-ins for what it reads, and parse it.

    Args:
        directory: where to.
        further: folders and files of the real project besides.
    """
    for part in (*PARTS, *further):
        copy = shutil.copytree if (REAL / part).is_dir() else shutil.copyfile
        copy(REAL / part, directory / part)
    stubs = directory / "models" / "stubs"
    stubs.mkdir()
    (stubs / "int_participants__current.sql").write_text(PEOPLE % (directory / "people.csv"))
    (stubs / "int_participants__with_verdicts.sql").write_text(WITH_VERDICTS)
    (stubs / "int_participants__contradicted.sql").write_text(CONTRADICTED)
    (directory / "dbt_project.yml").write_text(PROJECT)
    (directory / "profiles.yml").write_text(PROFILE % (directory / "weighting.duckdb"))
    return Project(directory, run(directory, ["parse"]))


def run(directory: Path, command: Sequence[str], manifest: Manifest | None = None) -> Any:
    """One dbt command's result, in this process."""
    from dbt.cli.main import dbtRunner  # 2 seconds, only where dbt runs

    places = {
        "--project-dir": directory,
        "--profiles-dir": directory,
        "--target-path": directory / "target",
        "--log-path": directory / "logs",
    }
    options = [text for name, place in places.items() for text in (name, str(place))]
    quiet = ["--log-level", "none", "--no-use-colors"]
    with dbt_environment(DBT_SEND_ANONYMOUS_USAGE_STATS="false"):
        outcome = dbtRunner(manifest=manifest).invoke([*command, *options, *quiet])
    if outcome.result is None:
        raise AssertionError(outcome.exception)
    return outcome.result
