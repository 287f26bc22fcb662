"""What is proposed instead of a name that is not there."""

import pytest

from publishing.meant import did_you_mean, nearest

KNOWN = ["US", "UK", "all", "UK/age/18-34", "US/politics/Democrat"]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("Uk", "UK"),
        ("uk/Age/18-34", "UK/age/18-34"),
        ("US/politics/Democrats", "US/politics/Democrat"),
        ("ALL", "all"),
        ("Mars", None),
        ("", None),
    ],
)
def test_case_and_a_slip_are_told(asked: str, meant: str | None) -> None:
    assert did_you_mean(asked, KNOWN) == ("" if meant is None else f"Did you mean {meant!r}? ")


def test_a_part_of_one_name_alone() -> None:
    models = ["Mistral Large 2", "GPT-4o", "GPT-4o mini"]
    assert nearest("mistral", models) == "Mistral Large 2"
    assert nearest("mini", models) == "GPT-4o mini"
    assert nearest("4o", models) is None
    assert nearest("-4o", models) is None
