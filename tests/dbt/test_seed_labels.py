"""Names that code needs have labels for readers, in the seeds that we ship."""

import csv

from orchestration.dbt_runs import PROJECT_DIRECTORY
from publishing.page.page_data import ESTIMATORS


def rows(seed: str) -> list[dict[str, str]]:
    path = PROJECT_DIRECTORY / "seeds" / f"{seed}.csv"
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def names(seed: str, column: str) -> set[str]:
    return {row[column] for row in rows(seed)}


def test_every_name_has_a_label_and_every_label_a_name() -> None:
    labelled: dict[str, set[str]] = {}
    for row in rows("seed_labels"):
        labelled.setdefault(row["kind"], set()).add(row["name"])
    assert labelled == {
        "dimension": names("seed_dimensions", "dimension"),
        "variable": names("seed_variables", "variable") | names("seed_joint_parts", "variable"),
        "pool": names("seed_pools", "pool"),
        "weighting": {"census"},
        "estimator": set(ESTIMATORS),
    }


def test_a_short_name_is_short_and_no_label_is_a_name_of_code() -> None:
    for row in rows("seed_labels"):
        assert "_" not in row["label"]
        assert row["kind"] != "dimension" or len(row["label"]) <= len("Communication")
