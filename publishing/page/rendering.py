"""From the page's data to HTML: one document with its style and script in it, and nothing else.

The Content-Security-Policy names the hashes of that style and script. So nothing can be fetched,
and nothing that a model's name may contain can run.

What stays out: the data (page_data.py) and writing files (building.py).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from publishing.page import formats, heat
from publishing.page.default_view import default_view

HERE = Path(__file__).resolve().parent
SCRIPTS = (
    "formats", "data", "axis", "state", "leaderboard", "heat", "pairs", "charts", "filters",
    "parquet", "downloads", "main",
)  # fmt: skip
SIMULATED_TAG = Markup('<span class="fake">Simulated</span>')


def page(
    data: Mapping[str, Any], names: Mapping[str, str], integrity: list[tuple[str, str, bool]]
) -> str:
    """The page of one board; where no leaderboard of it may be shown, a page that says so.

    Args:
        data: of `page_data`.
        names: of the files it links to: `home`, `method`, `files`.
        integrity: rows of the panel (integrity.py).
    """
    if not data["boards"]["rows"]:
        return _environment().get_template("empty.html.j2").render(**_common(data, names, None))
    view = default_view(data)
    spans, columns = heat.group_heads(data)
    script = javascript()
    reference = view["reference"]
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            **_common(data, names, script),
            view=view,
            blank=dict.fromkeys(view["rows"][0], ""),
            json=_json({**data, "opens_with": view["board"]}),
            javascript=Markup(script),  # noqa: S704 (the project's own script)
            countries=_countries(data),
            grid=heat.grid(data, view["board"]),
            heat=heat.groups(data, view["board"]),
            spans=spans,
            columns=columns,
            divisions=heat.divisions(data, view["dimension"]),
            ties=_ties(data, view["stratum"]),
            margins=_margins(data),
            reference_words=_reference(data, reference) if reference else "Change",
            command=_command(data, view["board"]),
            integrity=integrity,
        )
    )


def method_page(data: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The page that says how, in plain words."""
    return _environment().get_template("method.html.j2").render(**_common(data, names, None))


@cache
def javascript() -> str:
    """The script of the page: its files, one after another, in a scope of their own."""
    files = [(HERE / "static" / f"{name}.js").read_text("utf-8") for name in SCRIPTS]
    return '(() => {\n"use strict";\n' + "\n".join(files) + "})();\n"


@cache
def css() -> str:
    """The style of every page."""
    return (HERE / "static" / "page.css").read_text("utf-8")


def policy(script: str | None) -> str:
    """The Content-Security-Policy: this style, this script, nothing from anywhere."""
    allowed = f"'{_source(script)}'" if script else "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src '{_source(css())}';"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _common(
    data: Mapping[str, Any], names: Mapping[str, str], script: str | None
) -> dict[str, Any]:
    board = data["board"]
    return {
        **names,
        "data": data,
        "board": board,
        "css": Markup(css()),  # noqa: S704 (the project's own style)
        "policy": policy(script),
        "tag": SIMULATED_TAG if board["is_simulated"] else "",
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "thousands": formats.count,
        "share": formats.share,
        "percent": formats.percent,
        "decimal": lambda number, places: f"{number / 10**places:.{places}f}",
        "zip": lambda one, other: list(zip(one, other, strict=True)),
    }
    return environment


def _json(data: Mapping[str, Any]) -> Markup:
    """JSON that can't end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 (nothing in it can be markup)


def _countries(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What can be chosen first: everybody, and every country."""
    strata = data["strata"]
    return [
        (stratum, label)
        for stratum, label, axis in zip(
            strata["stratum_id"], strata["label"], strata["axis"], strict=True
        )
        if axis is None
    ]


def _reference(data: Mapping[str, Any], reference: list[int]) -> str:
    """What a change is against, on everybody's board: the overall question."""
    return f"vs {data['dimensions']['label'][reference[1]].lower()}"


def _ties(data: Mapping[str, Any], stratum: int) -> list[dict[str, str]]:
    ties = data["ties"]
    rows = [
        {
            "label": data["dimensions"]["label"][ties["dimension"][row]],
            "place": ties["dimension"][row],
            "decided": formats.share(ties["decided"][row]),
            "tie": formats.share(ties["tie"][row]),
            "bad": formats.share(ties["both_bad"][row]),
            "undecided": formats.share(ties["decided"][row] + ties["tie"][row]),
        }
        for row, place in enumerate(ties["stratum_id"])
        if place == stratum
    ]
    return sorted(rows, key=lambda row: row["place"])


def _margins(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    shown = [
        {**row, **{name: formats.share(row[name]) for name in ("before", "after", "target")}}
        for row in data["margins"]
    ]
    return [
        {"country": country, "variable": variable, "rows": list(rows)}
        for (country, variable), rows in groupby(
            shown, key=lambda row: (row["country"], row["variable"])
        )
    ]


def _command(data: Mapping[str, Any], board: int) -> str:
    boards = data["boards"]
    return (
        f"demoscope leaderboard --as-of {data['board']['board_id'][:12]}"
        f" --dimension {data['dimensions']['dimension'][boards['dimension'][board]]}"
        f" --stratum {data['strata']['stratum_id'][boards['stratum_id'][board]]}"
        f" --estimator {data['estimators']['estimator'][boards['estimator'][board]]}"
        f" --weighting {data['weightings'][boards['weighting'][board]]}"
    )
