"""What the leaderboard on a page says, and what the marts say it should."""

from typing import Any

from playwright.sync_api import Page

from publishing.page.marts import Rows
from tests.publishing.page.conftest import Site
from tests.publishing.page.studies import EP

FIELDS = ("rank", "name", "win", "ends", "range", "best", "votes")
SHOWN = """rows => rows.filter(row => row.querySelector('[data-f]')).map(row => Object.fromEntries(
  [...row.querySelectorAll('[data-f]')].map(e => [e.dataset.f, e.textContent])))"""
DASH = "\N{EN DASH}"


def shown(page: Page) -> list[dict[str, str]]:
    """The leaderboard's texts, row by row."""
    rows: list[dict[str, str]] = page.eval_on_selector_all("#board tbody tr", SHOWN)
    return [{name: row[name] for name in FIELDS} for row in rows]


def whole(share: float) -> int:
    """In percent."""
    return round(round(share, 2) * 100)


def percent(share: float) -> str:
    text = str(whole(share))
    return {"0": "<1%", "100": ">99%"}.get(text, f"{text}%")


def ends(row: dict[str, Any], name: str = "win_share") -> str:
    """The interval of a share."""
    low, high = row[f"{name}_lo"], row[f"{name}_hi"]
    return "not published" if low is None else f"{whole(low)} to {whole(high)}"


def ranks(row: dict[str, Any]) -> str:
    """All that a rank may be."""
    low, high = row["rank_lo"], row["rank_hi"]
    return str(low) if low == high else f"{low}{DASH}{high}"


def rank(row: dict[str, Any]) -> str:
    """A rank, of what has votes enough."""
    return DASH if row["is_provisional"] else str(row["rank"])


def in_order(site: Site, board: Rows) -> Rows:
    """As the page shows them: ranked, then withdrawn, then those of too few votes."""
    gone = {row["model_id"] for row in site.marts["dim_model"] if row["is_retired"]}
    return sorted(
        board, key=lambda row: (row["is_provisional"], row["model_id"] in gone, row["rank"])
    )


def expected(site: Site, board: Rows) -> list[dict[str, str]]:
    """The same from the marts."""
    names = {row["model_id"]: row["display_name"] for row in site.marts["dim_model"]}
    return [
        {
            "rank": rank(row),
            "name": names[row["model_id"]],
            "win": percent(row["win_share"]),
            "ends": ends(row),
            "range": ranks(row),
            "best": percent(row["p_best"]),
            "votes": f"{row['battle_count']:,}",
        }
        for row in in_order(site, board)
    ]


def default(site: Site, **changes: str) -> Rows:
    key = {"dimension": "overall", "stratum_id": "all", "estimator": EP, "weighting": "none"}
    return site.board(**{**key, **changes})
