"""What the leaderboard on a page says, and what the marts say it should."""

from playwright.sync_api import Page

from publishing.page.marts import Rows
from tests.publishing.page.conftest import Site
from tests.publishing.page.studies import EP

FIELDS = ("rank_lo", "rank_hi", "name", "interval", "skill_text", "best", "win", "battles")
SHOWN = """rows => rows.map(row => Object.fromEntries(
  [...row.querySelectorAll('[data-f]')].map(e => [e.dataset.f, e.textContent])))"""


def shown(page: Page) -> list[dict[str, str]]:
    """The leaderboard's texts, row by row."""
    rows: list[dict[str, str]] = page.eval_on_selector_all("#board tbody tr", SHOWN)
    return [{name: row[name] for name in FIELDS} for row in rows]


def signed(number: float) -> str:
    return f"{number:+.2f}".replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    text = f"{share * 100:.0f}"
    return {"0": "<1%", "100": ">99%"}.get(text, f"{text}%")


def expected(site: Site, board: Rows) -> list[dict[str, str]]:
    """The same from the marts."""
    names = {row["model_id"]: row["display_name"] for row in site.marts["dim_model"]}
    return [
        {
            "rank_lo": str(row["rank_lo"]),
            "rank_hi": "" if row["rank_lo"] == row["rank_hi"] else f"\N{EN DASH}{row['rank_hi']}",
            "name": names[row["model_id"]],
            "interval": f"{signed(row['skill_lo'])} to {signed(row['skill_hi'])}",
            "skill_text": signed(row["skill"]),
            "best": percent(row["p_best"]),
            "win": percent(row["win_share"]),
            "battles": f"{row['battle_count']:,}",
        }
        for row in board
    ]


def default(site: Site, **changes: str) -> Rows:
    key = {"dimension": "overall", "stratum_id": "all", "estimator": EP, "weighting": "none"}
    return site.board(**{**key, **changes})
