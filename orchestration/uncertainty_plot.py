"""Draws uncertainty against battles as an SVG file, on log scales."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    xs = [x for curve in panel.curves for x, _ in curve.points]
    ys = [y for curve in panel.curves for _, y in curve.points]
    ys += [panel.target] if panel.target else []
    scale = _Scale(_bounds(xs), _bounds(ys))
    parts = [f'<text x="{LEFT}" y="18" font-weight="bold">{escape(panel.title)}</text>']
    for x in _ticks(scale.x):
        parts.append(f'<path d="M{scale.at_x(x)} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>')
        parts.append(
            f'<text x="{scale.at_x(x)}" y="{HEIGHT - 30}" text-anchor="middle">{x:,g}</text>'
        )
    for y in _ticks(scale.y):
        parts.append(f'<path d="M{LEFT} {scale.at_y(y)}H{WIDTH - RIGHT}" stroke="#eee"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{scale.at_y(y) + 4}" text-anchor="end">{y:g}</text>')
    if panel.target:
        line = f"M{LEFT} {scale.at_y(panel.target)}H{WIDTH - RIGHT}"
        parts.append(f'<path d="{line}" stroke="#999" stroke-dasharray="4 3"/>')
    for number, curve in enumerate(panel.curves):
        dots = " ".join(f"{scale.at_x(x)},{scale.at_y(y)}" for x, y in curve.points)
        parts.append(
            f'<polyline points="{dots}" fill="none" stroke="{curve.colour}" stroke-width="2"/>'
        )
        parts.append(
            f'<text x="{WIDTH - RIGHT - 6}" y="{TOP + 16 + 15 * number}" text-anchor="end"'
            f' fill="{curve.colour}">{escape(curve.name)}</text>'
        )
    parts.append(f'<text x="{WIDTH / 2:g}" y="{HEIGHT - 10}" text-anchor="middle">{across}</text>')
    turned = f'transform="rotate(-90 14 {HEIGHT / 2:g})" text-anchor="middle"'
    parts.append(f'<text x="14" y="{HEIGHT / 2:g}" {turned}>{up}</text>')
    return parts


@dataclass(frozen=True)
class _Scale:
    """From battles and uncertainty to places in a panel."""

    x: tuple[float, float]
    y: tuple[float, float]

    def at_x(self, value: float) -> float:
        return round(LEFT + _share(value, self.x) * (WIDTH - LEFT - RIGHT), 1)

    def at_y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - _share(value, self.y) * (HEIGHT - TOP - BOTTOM), 1)


def _share(value: float, bounds: tuple[float, float]) -> float:
    low, high = (math.log(bound) for bound in bounds)
    return (math.log(value) - low) / (high - low)


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    return (low, high) if high > low else (low / 2.0, high * 2.0)


def _ticks(bounds: tuple[float, float]) -> list[float]:
    first = math.floor(math.log10(bounds[0]))
    last = math.ceil(math.log10(bounds[1]))
    every = [step * 10.0**power for power in range(first, last + 1) for step in STEPS]
    return [tick for tick in every if bounds[0] <= tick <= bounds[1]]
