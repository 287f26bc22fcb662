"""SQL says what engines would otherwise decide in silence, each in its own way."""

import re
from collections.abc import Iterator
from pathlib import Path

from orchestration.dbt_runs import PROJECT_DIRECTORY

LAST_OF_NULLS = re.compile(r"\b(?:max_by|min_by|arg_max|arg_min)\(")
# A product or quotient cast to whole numbers: DuckDB rounds half to even, Spark cuts off.
UNROUNDED = re.compile(r"cast\((?!round|floor|ceil)[^()]*(?:\*|/|1e\d+)[^()]* as (?:big)?int")
# The mean of decimals has as many digits as the engine likes.
DECIMAL_MEAN = re.compile(r"avg\([^()]*\b(?:then|else) \d+\.\d+")
# Nulls come last in DuckDB and first in Spark, and who has no country is one.
SILENT_NULLS = re.compile(r"order by (?:country|participants\.country)(?! nulls last)")
# Names that one engine alone has: `string` is both engines', the others have a macro.
DUCKDB_ONLY = re.compile(
    r"as varchar\)|string_agg\(|make_timestamptz\(|timezone\(|starts_with\(|\b(?:hugeint|qualify)\b"
    r"|with time zone|timestamptz\b"
    r"|regexp_replace\([^)]*'g'\)|\bover \(\w+ (?:rows|range)"
)


def found(rule: re.Pattern[str]) -> Iterator[str]:
    for part in ("models", "macros"):
        for path in sorted(Path(PROJECT_DIRECTORY, part).rglob("*.sql")):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if rule.search(line):
                    yield f"{path.name}:{number}: {line.strip()}"


def test_the_last_value_is_asked_for_where_it_is_known() -> None:
    """Of max_by DuckDB leaves out nulls, Spark gives them: latest_known says which."""
    assert {place.split(":")[0] for place in found(LAST_OF_NULLS)} == {"latest_known.sql"}


def test_whole_numbers_are_rounded_before_they_are_cast() -> None:
    assert list(found(UNROUNDED)) == []


def test_means_are_of_doubles() -> None:
    assert list(found(DECIMAL_MEAN)) == []


def test_where_nulls_stand_is_said() -> None:
    assert list(found(SILENT_NULLS)) == []


def test_names_of_one_engine_are_in_macros_for_it() -> None:
    """Whatever has a `duckdb__` form has a `spark__` form."""
    assert {place.split(":")[0] for place in found(DUCKDB_ONLY)} == {
        "folded_name.sql",
        "joined_text.sql",
        "time_of_microseconds.sql",
        "type_of_times.sql",
    }
    written = "\n".join(
        path.read_text("utf-8") for path in Path(PROJECT_DIRECTORY, "macros").rglob("*.sql")
    )
    forms = {
        engine: set(re.findall(rf"macro {engine}__(\w+)", written))
        for engine in ("duckdb", "spark")
    }
    # Of tables, dbt itself knows how they are made, and asks where.
    assert forms["spark"] - {"location_clause"} == forms["duckdb"]


def test_the_rules_find_what_they_are_for() -> None:
    assert LAST_OF_NULLS.search("max_by(reason, position) as reason")
    assert UNROUNDED.search("cast(share * 1e18 as bigint) as units")
    assert not UNROUNDED.search("cast(round(share * 1e18) as bigint) as units")
    assert SILENT_NULLS.search("dense_rank() over (order by country, scheme)")
    assert DUCKDB_ONLY.search("regexp_replace(x, '[a-z]', '', 'g')")
    assert DUCKDB_ONLY.search("sum(n) over (smallest_first rows unbounded preceding)")
    assert DUCKDB_ONLY.search("cast(null as timestamp with time zone) as released_at")
    assert not DUCKDB_ONLY.search("cast(null as string) as country")
    assert DECIMAL_MEAN.search("avg(case when is_a then 1.0 else 0.0 end)")
