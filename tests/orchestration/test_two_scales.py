"""Shares and percent in one column are warned of; a measure that goes on beyond 1 is none."""

import pyarrow as pa
import pytest

from orchestration.benchmark_warnings import Scale, ScoreNotes
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


SHARE, PERCENT, ANY = (0.0, 1.0), (0.0, 100.0), None


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (((0.81, SHARE), (71.0, ANY)), "does not fit the range of others, 0 to 1 (row 1): 71 of"),
        (((71.0, ANY), (0.81, SHARE)), "does not fit the range of others, 0 to 1 (row 2): 71 of"),
        (((0.81, ANY), (66.0, PERCENT), (71.0, PERCENT)), "0 to 100 (row 2): 0.81 of"),
        (((-3.0, ANY), (66.0, PERCENT)), "0 to 100 (row 2): -3 of"),
        (((0.81, SHARE), (66.0, PERCENT)), "ranges: 0 to 1 (row 1); 0 to 100 (row 2)."),
        (((0.81, (None, 1.0)), (71.0, ANY)), "up to 1 (row 1): 71 of"),
        (((0.81, SHARE), (0.71, ANY)), None),
        (((0.81, SHARE), (0.71, (None, 1.0))), None),
        (((66.0, PERCENT), (71.0, ANY)), None),
        # A low score on a scale up to 100 that says so, and others beside it.
        (((0.5, PERCENT), (66.0, PERCENT), (40.0, ANY)), None),
        (((0.5, PERCENT), (66.0, PERCENT), (0.7, ANY)), None),
    ],
)
def test_scores_that_do_not_fit_the_ranges_of_others_are_told(
    rows: tuple[tuple[float, tuple[float | None, float] | None], ...], said: str | None
) -> None:
    given = [one or (None, None) for _, one in rows]
    logged = {
        "model_id": ["gamma"] * len(rows),
        "benchmark": ["b3"] * len(rows),
        "metric": ["accuracy"] * len(rows),
        "score": [score for score, _ in rows],
        "score_minimum": pa.array([least for least, _ in given], pa.float64()),
        "score_maximum": pa.array([most for _, most in given], pa.float64()),
    }
    notes = ScoreNotes()
    notes.note(pa.table({"row_number": range(1, len(rows) + 1)}), pa.table(logged))
    warnings = notes.warnings([], {})
    assert len(warnings) == (said is not None)
    assert all(said in one and one.startswith("Of 'b3' (accuracy) ") for one in warnings if said)


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
