"""Names that look alike have one skeleton; others do not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.lookalikes import lookalikes, skeleton

NAMES = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    "twin",
    [
        "GPT-X", "gpt-x ", "gpt\u2011x", "gpt\u200b-x", "gpt\u2212x",
        "\uff47pt-x", "gpt-\u0445", "g\u0440t-x", " gpt - x",
    ],
)  # fmt: skip
def test_a_twin_is_found(twin: str) -> None:
    assert lookalikes(["gpt-x", twin, "gpt-y"]) == [sorted(["gpt-x", twin])]


def test_two_spellings_of_a_number_are_twins() -> None:
    assert lookalikes(["1.10", "1.1", "2.0", "2", "claude-2.1", "claude-2.10"]) == [
        ["2", "2.0"],
        ["1.1", "1.10"],
    ]


def test_names_that_differ_are_no_twins() -> None:
    assert lookalikes(["gpt-4", "gpt-4.1", "gpt-41", "claude", "claudé", "o3", "o4"]) == []


@given(NAMES)
def test_case_blanks_and_normal_form_do_not_matter(name: str) -> None:
    composed, parted = unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)
    assert skeleton(composed) == skeleton(parted) == skeleton(f" {composed}\u00a0")
    assert skeleton(skeleton(name)) == skeleton(name)
