"""The seed of what rubrics ask, generated from their YAML; a test proves it current.

Run `python -m orchestration.rubric_seed` to write it again.
"""

from __future__ import annotations

import csv
import io

from ingestion.rubrics.reading import own_rubrics
from orchestration.dbt_runs import PROJECT_DIRECTORY

SEED_FILE = PROJECT_DIRECTORY / "seeds" / "seed_rubric_values.csv"
COLUMNS = (
    "rubric", "rubric_version", "label", "value", "name", "is_finding", "is_sensitive",
    "sort_order",
)  # fmt: skip


def rubric_seed() -> str:
    """The text of the seed: one row per value of every label."""
    rows = [
        [rubric.rubric, rubric.version, label.label, value.value, value.name]
        + [str(flag).lower() for flag in (value.is_finding, value.is_sensitive)]
        for rubric in own_rubrics()
        for label in rubric.labels
        for value in label.values
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([list(COLUMNS), *([*row, str(place)] for place, row in enumerate(rows, 1))])
    return text.getvalue()


if __name__ == "__main__":
    SEED_FILE.write_text(rubric_seed(), encoding="utf-8")
