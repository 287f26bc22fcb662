"""What commands print for people has labels: no name of a weighting, an estimator or a variable."""

import re
from pathlib import Path
from typing import Any

import pytest

from ingestion.paths import Home
from orchestration.database import mart_rows
from publishing.boards import store
from publishing.boards.labels import labels_of, who_judged
from tests.end_to_end.command import demoscope

COMMANDS = (
    ("leaderboard",),
    ("leaderboard", "--stratum", "US/age/18-34", "--weighting", "none"),
    ("leaderboard", "--estimator", "bradley_terry"),
    ("model", "{first}"),
    ("compare", "{first}", "{second}"),
    ("boards", "list"),
    ("boards", "show", "current"),
    ("recruit",),
    ("quality", "bias"),
)
NAMED = """
select weighting as name from dim_board union select estimator from dim_board
union select dimension from dim_board union select variable from rpt_weighting_margin
union select name from seeds.seed_labels
"""


def queried(home: Path, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in mart_rows(Home(home), query)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_table_has_no_internal_name(built: Path, command: tuple[str, ...]) -> None:
    internal = {name for (name,) in queried(built, NAMED) if "_" in name}
    assert {"age3_sex2_race4_self_identified", "trueskill_ep", "merged_by_age"} <= internal
    first, second = (name for (name,) in queried(built, "select model_id from dim_model limit 2"))
    asked = [word.format(first=first, second=second) for word in command]
    printed = demoscope(built, *asked)
    assert printed.stdout
    assert set(re.findall(r"\w+", printed.stdout)) & internal == set()


def test_a_release_has_the_labels_of_its_tables(built: Path) -> None:
    labels = labels_of(store.current(built / "boards"))
    weightings = queried(
        built, "select distinct weighting, stratum_id, weighting_label from dim_board"
    )
    assert len(weightings) > 3
    for name, stratum, label in weightings:
        words = labels.weighting(name, stratum).removeprefix("weighted: ")
        assert words.lower() == label.replace("; ", ", ").lower()
    others = "select dimension, dimension_label, estimator, estimator_label from dim_board"
    for dimension, question, estimator, how in queried(built, others):
        assert (labels.dimension(dimension), labels.estimator(estimator)) == (question, how)
    groups = "select stratum_id, stratum_label from dim_board where axis is not null"
    assert [label for _, label in queried(built, groups)] == [
        who_judged(stratum) for stratum, _ in queried(built, groups)
    ]
