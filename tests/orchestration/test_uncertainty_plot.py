"""The plot is a picture of its curves: inside its frame, in order, with names escaped."""

from xml.etree import ElementTree as ET

import pytest

from orchestration.uncertainty_plot import Curve, Panel, plot


def test_curves_fall_from_left_to_right() -> None:
    curve = Curve("chosen & <quick>", ((100, 8.0), (400, 4.0), (1600, 2.0)), "#000")
    text = plot([Panel("a < b", (curve,), target=2.5)] * 2, across="battles", up="width")
    drawing = ET.fromstring(text)  # noqa: S314 (our own)
    lines = drawing.findall(".//{*}polyline")
    assert len(lines) == 2
    points = [tuple(map(float, p.split(","))) for p in str(lines[0].get("points")).split()]
    xs, ys = zip(*points, strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys)
    # Four times the battles, half the width: evenly spaced on log scales.
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)
    assert min(xs) >= 0
    assert max(ys) <= float(str(drawing.get("height"))) / 2


def test_one_point_is_a_plot_too() -> None:
    text = plot([Panel("t", (Curve("c", ((5, 1.0),), "#000"),))], across="battles", up="width")
    assert "nan" not in text


def test_the_last_tick_has_room_for_its_label() -> None:
    curve = Curve("c", ((1_000, 8.0), (10_000, 4.0)), "#000")
    svg = plot([Panel("t", (curve,))], across="battles", up="width")
    drawing = ET.fromstring(svg)  # noqa: S314 (our own drawing)
    [last] = [text for text in drawing.findall(".//{*}text") if text.text == "10,000"]
    # A letter of size 12 is seven wide at most; half of the label stands right of its tick.
    assert float(str(last.get("x"))) + 7 * len("10,000") / 2 <= float(str(drawing.get("width")))
