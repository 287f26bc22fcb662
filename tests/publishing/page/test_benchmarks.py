"""The section on benchmarks: figures of the marts, names as text, a drawing with words beside."""

import re
from typing import Any

from publishing.page.benchmarks import benchmark_section
from publishing.page.rendering import _templates

KEY = {"dimension": "overall", "weighting": "none", "benchmark": "exam", "metric": "accuracy"}


def gap(**changes: Any) -> dict[str, Any]:
    row = {
        "better": "higher",
        "model_count": 12,
        "unmatched_count": 3,
        "correlation": -0.256,
        "correlation_lo": -0.711,
        "correlation_hi": 0.377,
        "true_correlation": None,
        "true_correlation_lo": None,
        "true_correlation_hi": None,
        "p_adjusted": 0.4,
    }
    return {**KEY, **row, **changes}


def residual(place: int, **changes: Any) -> dict[str, Any]:
    row = {
        "model_id": f"m{place}",
        "display_name": f"Model <{place}>",
        "score": 0.2 + 0.05 * place,
        "score_error": None if place % 2 else 0.01,
        "skill": 2.0 - 0.3 * place,
        "skill_sd": 0.2,
        "residual": 0.5 - 0.1 * place,
        "residual_lo": 0.1 - 0.1 * place,
        "residual_hi": 0.9 - 0.1 * place,
        "better_with": {0: "people", 9: "paper"}.get(place),
        "people_rank": place + 1,
        "paper_rank": 12 - place,
    }
    return {**KEY, **row, **changes}


def section(gaps: list[dict[str, Any]], residuals: list[dict[str, Any]]) -> dict[str, Any] | None:
    return benchmark_section(gaps, residuals, dimension="overall", weighting="none")


def test_without_a_correlation_there_is_no_section() -> None:
    assert section([], []) is None
    assert section([gap(correlation=None)], []) is None
    assert section([gap(weighting="census")], []) is None


def test_figures_are_the_marts_rounded() -> None:
    found = section([gap(), gap(benchmark="quiz", correlation=None)], [])
    assert found is not None
    assert found["more_count"] == 1
    assert found["charts"] == []
    [row] = found["gaps"]
    assert row["correlation"] == "\N{MINUS SIGN}0.26"
    assert row["interval"] == "\N{MINUS SIGN}0.71 to 0.38"
    assert (row["true"], row["true_interval"], row["is_sure"]) == ("unknown", "", False)


def test_every_model_is_a_dot_within_the_drawing_and_a_line_of_the_table() -> None:
    rows = [residual(place) for place in range(10)]
    found = section([gap(better="lower")], [*rows, residual(11, residual=None)])
    assert found is not None
    [chart] = found["charts"]
    assert chart["score_title"] == "accuracy; lower is better"
    assert len(chart["points"]) == len(chart["rows"]) == 10
    for point in chart["points"]:
        assert chart["left"] <= point["x_lo"] <= point["x"] <= point["x_hi"] <= chart["right"]
        assert 0 <= point["y_hi"] <= point["y"] <= point["y_lo"] <= chart["bottom"]
    assert 3 <= len(chart["up"]) <= 7
    assert [row["name"] for row in chart["rows"]] == [row["display_name"] for row in rows]
    assert "Surely better with people: Model <0>." in chart["words"]
    assert {label["name"] for label in chart["labels"]} == {"Model <0>", "Model <9>"}


def test_one_model_or_equal_scores_can_be_drawn() -> None:
    for rows in ([residual(0)], [residual(place, score=0.5, score_error=None) for place in (0, 1)]):
        found = section([gap()], rows)
        assert found is not None
        assert found["charts"]


def test_names_are_text_in_the_document() -> None:
    found = section([gap(benchmark='<b> "exam"')], [residual(0, benchmark='<b> "exam"')])
    text = (
        _templates().get_template("benchmarks.html.j2").render(data={"benchmarks": found}, tag="")
    )
    assert "<b>" not in text
    assert "Model &lt;0&gt;" in text
    assert re.search(r'role="img" aria-label="[^"]+"', text)
