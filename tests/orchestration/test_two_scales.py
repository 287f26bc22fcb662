"""Shares and percent in one column are warned of; a measure that goes on beyond 1 is none."""

import pytest

from orchestration.benchmark_warnings import Scale
from orchestration.cli import main


@pytest.mark.parametrize(
    ("scores", "has_two"),
    [
        ((0.5, 0.7, 62.0), True),
        ((0.9, 5.0, 99.0), True),
        ((0.5, 0.7), False),
        ((50.0, 62.0), False),
        # Seconds, and words of a summary.
        ((0.4, 0.9, 1.03, 2.4), False),
        ((0.5, 60.0, 480.0), False),
    ],
)
def test_two_scales_are_told_by_the_gap_between_them(
    scores: tuple[float, ...], has_two: bool
) -> None:
    scale = Scale()
    for number, score in enumerate(scores):
        scale.add(score, f"{score:g} in row {number}")
    assert scale.has_two == has_two


def test_warnings_of_libraries_do_not_reach_users(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import warnings

    monkeypatch.setattr("sys.warnoptions", [])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        main._hide_warnings_of_libraries()
        warnings.warn("for developers", stacklevel=1)
    assert capsys.readouterr().err == ""
