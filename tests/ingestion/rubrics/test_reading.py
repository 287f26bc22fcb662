"""Rubrics are read whole, and a file that is none says what is wrong with it."""

from pathlib import Path

import pytest

from ingestion.errors import NotFoundError, UsageError
from ingestion.rubrics.reading import find_rubric, own_rubrics, read_rubric

GOOD = """
rubric: tone
version: "1"
title: Tone
about: answer
instructions: Say how it sounds.
labels:
  - label: tone
    question: How does it sound?
    score: [0, 10]
    values:
      - {value: warm, name: Warm}
      - {value: cold, name: Cold, is_finding: true}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tone.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_projects_rubrics_are_these() -> None:
    rubrics = {rubric.rubric: rubric for rubric in own_rubrics()}
    assert set(rubrics) == {"effort", "safety_incident", "sycophancy", "topic"}
    assert len(rubrics["sycophancy"].labels) == 1 + 5
    [incident] = rubrics["safety_incident"].labels
    assert sum(value.is_finding for value in incident.values) == 12
    assert list(incident.severities) == ["minor", "serious", "severe"]
    [topic] = rubrics["topic"].labels
    sensitive = {value.value for value in topic.values if value.is_sensitive}
    assert sensitive == {"mental_health", "health", "finance", "legal", "relationships"}


def test_no_two_rubrics_share_a_label() -> None:
    labels = [label.label for rubric in own_rubrics() for label in rubric.labels]
    assert len(set(labels)) == len(labels)


def test_a_rubric_of_ones_own_is_a_file(tmp_path: Path) -> None:
    rubric = find_rubric(str(write(tmp_path, GOOD)))
    assert rubric.labels[0].score == (0.0, 10.0)
    assert [value.is_finding for value in rubric.labels[0].values] == [False, True]


def test_a_name_that_is_none_names_those_there_are() -> None:
    with pytest.raises(NotFoundError, match="no rubric 'tone'"):
        find_rubric("tone")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value: cold", "value: warm", "value of tone warm is there twice"),
        ("value: warm", "value: yes", "value is True, not a text"),
        ('version: "1"', "version: 1", "version is 1, not a text"),
        ("about: answer", "about: person", "neither answer nor conversation"),
        ("rubric: tone", "rubric: Tone!", "not small letters"),
        ("title: Tone", "headline: Tone", "the rubric has headline"),
        ("[0, 10]", "[0]", "not a least and a greatest"),
        ("is_finding: true", "is_finding: maybe", "neither true nor false"),
        ("labels:", "labels: [", "it is no YAML"),
    ],
)
def test_a_wrong_rubric_says_what_is_wrong(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message.replace("[", r"\[")):
        read_rubric(write(tmp_path, GOOD.replace(old, new)))
