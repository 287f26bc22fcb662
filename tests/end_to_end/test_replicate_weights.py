"""The table of replicate weights after a whole build, as a statistician reads it."""

import json
from pathlib import Path

import numpy as np

from ingestion.paths import Home
from orchestration.database import open_database
from orchestration.replicate_export import replicates
from tests.end_to_end.command import demoscope

# What docs/weighting.md hands to svrepdesign.
PEOPLE = """
select participant_key, country, scheme, weight, replicate_weight_micro from fct_replicate_weight
order by country, participant_key
"""


def test_the_table_has_what_the_file_has_and_gives_a_variance(built: Path) -> None:
    with open_database(built / "demoscope.duckdb", is_read_only=True) as connection:
        people = connection.sql(PEOPLE).to_arrow_table()
        [default] = connection.sql(
            "select scheme from int_weighting_schemes__chosen where is_default"
        ).fetchall()
        [weighted] = connection.sql(
            "select count(*) from fct_participant_weight where scheme = $scheme",
            params={"scheme": default[0]},
        ).fetchall()
    assert weighted == (people.num_rows,)
    assert people.num_rows > 1
    assert set(people.column("scheme").to_pylist()) == {default[0]}
    weights = np.array(people.column("replicate_weight_micro").to_pylist()) / 1e6
    assert weights.shape == (people.num_rows, 200)
    countries = np.array(people.column("country").to_pylist())
    for country in np.unique(countries):
        np.testing.assert_allclose(weights[countries == country].mean(axis=0), 1.0, atol=1e-5)
    file = replicates(Home(built), 7).sort_by(
        [("country", "ascending"), ("participant_key", "ascending")]
    )
    assert file.column("participant_key").equals(people.column("participant_key"))
    of_file = np.column_stack([file.column(f"rep_{number:03d}") for number in range(1, 8)])
    np.testing.assert_array_equal(of_file, weights[:, :7])
    # R's svrepdesign(type = "other", scale = 1 / 200, rscales = 1, mse = TRUE) of a mean.
    weight = np.array(people.column("weight").to_pylist())
    value = np.arange(people.num_rows) % 2
    mean = (weight * value).sum() / weight.sum()
    found = (weights * value[:, None]).sum(axis=0) / weights.sum(axis=0)
    assert 0 < np.sqrt(((found - mean) ** 2).mean()) < 0.5


def test_no_publication_has_it(copy: Path) -> None:
    done = demoscope(copy, "publish")
    assert done.returncode == 0, done.stderr
    manifest = copy / "marts" / "current" / "manifest.json"
    assert "weight" in manifest.read_text()
    assert not {"fct_replicate_weight", "fct_participant_weight"} & {
        path.stem for path in manifest.parent.iterdir()
    }
    assert "replicate" not in json.dumps(json.loads(manifest.read_text()))
