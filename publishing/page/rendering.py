"""From the page's data to HTML: one document with its style and script in it, and nothing else.

The Content-Security-Policy names the hashes of that style and script. So nothing can be fetched,
and nothing that a model's name may contain can run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

HERE = Path(__file__).resolve().parent
# A template and a script of that name each, in the order of the page, and the link at the top.
SECTIONS = {
    "leaderboard": "Leaderboard",
    "pairs": "Head to head",
    "groups": "Groups",
    "alike": "People like me",
    "judges": None,
    "questions": "Questions",
    "time": "Over time",
    "experience": "Experience",
    "safety": "Sensitive topics",
    "incidents": "Incidents",
    "sycophancy": "Sycophancy",
    "benchmarks": "Benchmarks",
    "about": "About",
}
# Where there is room their links stand beside the name; the others are behind a button.
MAIN_SECTIONS = ("leaderboard", "pairs", "groups", "questions", "time", "about")
# Written by templates alone, so they have no script.
NO_SCRIPT = ("safety", "incidents", "sycophancy", "benchmarks")
NOT_IN_SCRIPT = (*NO_SCRIPT, "plain", "alone", "integrity", "about")
BEFORE = ("state", "drawing", "pictures", "headline")
AFTER = ("forest", "profile", "filters", "main")
SIMULATED_TAG = Markup('<span class="fake">Simulated</span>')


def page(data: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The page of one board; where no leaderboard of it may be shown, a page that says so.

    Args:
        data: of `page_data`.
        names: of the files it links to: `home`, `method`, `files`.
    """
    if data["opens_with"] is None:
        return _rendered("empty", data, names)
    sections = {name: label for name, label in SECTIONS.items() if _has(data, name)}
    models = data["models"]
    return _rendered(
        "page",
        data,
        names,
        _script(name for name in sections if name not in NO_SCRIPT),
        sections=sections,
        main_sections=MAIN_SECTIONS,
        json=_json({name: data[name] for name in data if name not in NOT_IN_SCRIPT}),
        who=_who(data["strata"]),
        makers=sorted(set(filter(None, models["provider"])), key=str.casefold),
        terms=sorted(set(filter(None, models["terms"])), key=str.casefold),
    )


def _who(strata: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Who may have judged, to choose from: everybody and countries, then groups by axis."""
    labels = dict(zip(strata["stratum_id"], strata["label"], strict=True))
    found: dict[str, list[tuple[str, str]]] = {"": []}
    for stratum, country, axis in zip(
        *(strata[name] for name in ("stratum_id", "country", "axis")), strict=True
    ):
        title = "" if axis is None else f"{labels.get(country, country)}, {axis}"
        found.setdefault(title, []).append((stratum, labels[stratum]))
    return list(found.items())


def method_page(data: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The page that says how, in plain words."""
    return _rendered("method", data, names)


def _has(data: Mapping[str, Any], section: str) -> bool:
    """Whether there is anything to compare in a section."""
    if section in {"experience", "time", *NO_SCRIPT}:
        return data[section] is not None
    if section == "judges":
        return bool(data["judges"])
    if section == "alike":
        return any(data["strata"]["axis"])
    compared = {
        "questions": ("dimensions", "dimension"),
        "groups": ("strata", "stratum_id"),
        "pairs": ("models", "model_id"),
    }
    table, column = compared.get(section, ("models", "model_id"))
    return section not in compared or len(data[table][column]) > 1


def _rendered(
    template: str, data: Mapping[str, Any], names: Mapping[str, str], script: str = "", **more: Any
) -> str:
    css = _static(["page.css"])
    allowed = f"'{_hash(script)}'" if script else "'none'"
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src '{_hash(css)}';"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )
    board = data["board"]
    return (
        _templates()
        .get_template(f"{template}.html.j2")
        .render(
            **names,
            **more,
            data=data,
            board=board,
            css=Markup(css),  # noqa: S704 (the project's own style)
            javascript=Markup(script),  # noqa: S704 (the project's own script)
            policy=policy,
            tag=SIMULATED_TAG if board["is_simulated"] else "",
        )
    )


def _script(sections: Iterable[str]) -> str:
    """In one scope of its own: what all sections use, the sections, and what drives them."""
    text = _static(f"{name}.js" for name in (*BEFORE, *sections, *AFTER))
    return f'(() => {{\n"use strict";\n{text}}})();\n'


def _static(files: Iterable[str]) -> str:
    return "\n".join((HERE / "static" / name).read_text("utf-8") for name in files)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["zip"] = lambda one, other: list(zip(one, other, strict=True))
    return environment


def _json(data: Mapping[str, Any]) -> Markup:
    """JSON that can't end the element it stands in."""
    text = json.dumps(
        data, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False
    )
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 (nothing in it can be markup)
