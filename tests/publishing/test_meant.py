"""What is proposed instead of a name that is not there."""

import pytest

from publishing.meant import did_you_mean

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
