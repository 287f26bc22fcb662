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
    "questions": "Questions",
    "groups": "Groups",
    "experience": "Experience",
    "pairs": None,
    "judges": None,
    "sure": "How sure",
    "safety": "Sensitive topics",
    "incidents": "Incidents",
    "sycophancy": "Sycophancy",
    "benchmarks": "Benchmarks",
    "about": "About",
    "boards": "Boards",
}
# Written by templates, so the script doesn't need them.
TEMPLATES_ONLY = (
    "plain", "alone", "integrity", "safety", "incidents", "sycophancy", "benchmarks", "about",
)  # fmt: skip
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
    script = _script(name for name in sections if name not in TEMPLATES_ONLY)
    strata = data["strata"]
    return _rendered(
        "page",
        data,
        names,
        script,
        sections=sections,
        json=_json({name: data[name] for name in data if name not in TEMPLATES_ONLY}),
        countries=[
            (stratum, label)
            for stratum, label, axis in zip(
                strata["stratum_id"], strata["label"], strata["axis"], strict=True
            )
            if axis is None
        ],
    )


def method_page(data: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The page that says how, in plain words."""
    return _rendered("method", data, names)


def _has(data: Mapping[str, Any], section: str) -> bool:
    """Whether there is anything to compare in a section."""
    if section in {"experience", *TEMPLATES_ONLY}:
        return data[section] is not None
    if section == "judges":
        return bool(data["judges"])
    compared = {"questions": ("dimensions", "dimension"), "groups": ("strata", "stratum_id")}
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
    files = ["state.js", "drawing.js", *(f"{name}.js" for name in sections)]
    text = _static([*files, "filters.js", "main.js"])
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
