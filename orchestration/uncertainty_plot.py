"""Draws uncertainty against battles as an SVG file, on log scales."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 535, 340
# Right of the last tick there is room for half its label.
LEFT, RIGHT, TOP, BOTTOM = 60, 30, 34, 48
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Curve:
    """A named line through (battles, uncertainty), both positive."""

    name: str
    points: tuple[tuple[int, float], ...]
    colour: str


@dataclass(frozen=True)
class Panel:
    """Curves under one title; ``target`` is drawn across."""

    title: str
    curves: tuple[Curve, ...]
    target: float | None = None


def plot(panels: Sequence[Panel], *, across: str, up: str) -> str:
    """The panels one below the other, as an SVG document."""
    height = HEIGHT * len(panels)
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [
            f'<g transform="translate(0 {number * HEIGHT})">',
            *_panel(panel, across, up),
            "</g>",
        ]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, across: str, up: str) -> list[str]:
    points = [point for curve in panel.curves for point in curve.points]
    x_of, x_ticks = _log_scale([x for x, _ in points], LEFT, WIDTH - RIGHT)
    targets = [panel.target] if panel.target else []
    y_of, y_ticks = _log_scale([*(y for _, y in points), *targets], HEIGHT - BOTTOM, TOP)
    parts = [f'<text x="{LEFT}" y="18" font-weight="bold">{escape(panel.title)}</text>']
    for tick in x_ticks:
        x = x_of(tick)
        parts.append(f'<path d="M{x} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>')
        parts.append(f'<text x="{x}" y="{HEIGHT - 30}" text-anchor="middle">{tick:,g}</text>')
    for tick in y_ticks:
        y = y_of(tick)
        parts.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#eee"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{tick:g}</text>')
    for target in targets:
        line = f"M{LEFT} {y_of(target)}H{WIDTH - RIGHT}"
        parts.append(f'<path d="{line}" stroke="#999" stroke-dasharray="4 3"/>')
    for number, curve in enumerate(panel.curves):
        dots = " ".join(f"{x_of(x)},{y_of(y)}" for x, y in curve.points)
        place = f'x="{WIDTH - RIGHT - 6}" y="{TOP + 16 + 15 * number}" text-anchor="end"'
        parts += [
            f'<polyline points="{dots}" fill="none" stroke="{curve.colour}" stroke-width="2"/>',
            f'<text {place} fill="{curve.colour}">{escape(curve.name)}</text>',
        ]
    turned = f'transform="rotate(-90 14 {HEIGHT / 2:g})" text-anchor="middle"'
    return [
        *parts,
        f'<text x="{WIDTH / 2:g}" y="{HEIGHT - 10}" text-anchor="middle">{across}</text>',
        f'<text x="14" y="{HEIGHT / 2:g}" {turned}>{up}</text>',
    ]


def _log_scale(
    values: Sequence[float], start: float, end: float
) -> tuple[Callable[[float], float], list[float]]:
    """Where a value stands between two places, and the ticks: 1, 2, 5, 10, ..."""
    low, high = min(values), max(values)
    if low == high:
        low, high = low / 2, high * 2
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [step * 10.0**power for power in powers for step in STEPS]

    def place(value: float) -> float:
        return round(start + math.log(value / low) / math.log(high / low) * (end - start), 1)

    return place, [tick for tick in ticks if low <= tick <= high]
