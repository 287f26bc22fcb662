"""Replicate weights out of a database of weights, and the file they are written to."""

from __future__ import annotations

import stat
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from ingestion.errors import NotFoundError, UsageError
from ingestion.paths import Home
from orchestration.replicate_export import replicates, write_replicates

TABLES = """
create table int_weighting_schemes__chosen as
select 's' as scheme, 3.0 as trim_hi, true as is_default;
create table rpt_weighting_diagnostics as
select 'US' as country, true as is_default, false as is_stopped, null::varchar as
    unrecognised_answers;
create table int_margins__targeted as select 7 as raking_id, 'US' as country, 's' as scheme;
create table int_participants__with_verdicts as
select
    'p' || lpad(number::varchar, 3, '0') as participant_key,
    (number + 1)::integer as participant_number,
    number % 5 // 3 + 1 as profile_number
from range(100) as numbers (number);
create table int_profiles__assigned_to_weighting_cells as
from (values (1, 7, 40), (2, 7, 41)) as rows (profile_number, raking_id, cell_number);
create table fct_participant_weight as
select
    participant_key, 'US' as country, 's' as scheme,
    if(profile_number = 1, 833333, 1250000) as weight_micro
from int_participants__with_verdicts;
create table int_weighting_cells__counted as
select 7 as raking_id, cell_number, people as participant_count, 100 as raking_count, cell_number as
    margin_1, 0.5::double as target_1, -7 as margin_2, 1::double as target_2,
    0.3::double as trim_lo, 3::double as trim_hi
from (values (40, 60), (41, 40)) as cells (cell_number, people);
"""


@pytest.fixture
def built(home: Path) -> Home:
    home.mkdir()
    place = Home(home)
    with duckdb.connect(place.database) as connection:
        connection.execute(TABLES)
        connection.execute("create schema raw")
        # Where it was made: a copied home is not read.
        connection.execute(
            "create view raw.made_in as select path as place from duckdb_databases()"
            " where database_name = current_database()"
        )
    return place


def test_every_replicate_meets_the_margins_and_is_the_same_again(built: Home) -> None:
    table = replicates(built, 20)
    assert table.num_rows == 100
    assert table.column_names[:4] == ["participant_key", "country", "weight", "rep_001"]
    frame = table.to_pandas()
    weights = frame.filter(like="rep_").to_numpy()
    is_first = frame["weight"].to_numpy() < 1
    np.testing.assert_allclose(weights.mean(axis=0), 1.0, atol=1e-6)
    np.testing.assert_allclose(weights[is_first].sum(axis=0) / 100, 0.5, atol=1e-6)
    assert replicates(built, 20).equals(table)


def test_who_is_weighted_by_nobody_is_told_why(built: Home) -> None:
    with duckdb.connect(built.database) as connection:
        connection.execute("delete from int_profiles__assigned_to_weighting_cells")
    with pytest.raises(NotFoundError, match=r"weighted nobody\.") as nobody:
        replicates(built, 3)
    assert nobody.value.remedy == "Ingest participants."
    with duckdb.connect(built.database) as connection:
        connection.execute(
            "update rpt_weighting_diagnostics set is_stopped = true,"
            " unrecognised_answers = 'gender: ''femme'' (40)'"
        )
    with pytest.raises(NotFoundError, match=r"not understood \(US: gender: 'femme' \(40\)") as why:
        replicates(built, 3)
    assert why.value.remedy == "Run: demoscope crosswalk"


@pytest.mark.parametrize("name", ["weights.csv", "weights.parquet"])
def test_the_file_is_its_owners_alone(built: Home, tmp_path: Path, name: str) -> None:
    table = replicates(built, 3)
    write_replicates(table, tmp_path / name)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    if name.endswith("parquet"):
        assert pq.read_table(tmp_path / name).equals(table)
    with pytest.raises(UsageError, match="is there already"):
        write_replicates(table, tmp_path / name)
    with pytest.raises(UsageError, match="neither"):
        write_replicates(table, tmp_path / "weights.xlsx")
