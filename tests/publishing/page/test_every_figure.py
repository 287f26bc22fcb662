"""Every figure on the page is a cell of a mart: no text with a digit in it is left over."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.publishing.page.conftest import Site
from tests.publishing.page.panels import View, panels
from tests.publishing.page.published import older_summary
from tests.publishing.page.studies import BT, HIERARCHICAL

Visit = Callable[..., Page]
VIEWS = (
    View(),
    View("trust", "US/age/55+", weighting="none", heat="win"),
    View("core_task", "UK", HIERARCHICAL, "census", cell="votes"),
    View("overall", "UK/politics/Reform UK", BT, "none"),
)
# Ticks of axes, choices, sentences and addresses are held one by one, below.
WHO = ("#kicker", "#ties-who", "#status", "#experience-who")
PROSE = (".lede", ".key", "#incidents thead", ".pair-of-charts figcaption", "#board thead")
APART = (
    "#axis", ".axis", "svg.chart", "select", "#headline", "#standfirst", "#moved-head", ".verdict",
    "#pair-bar", "#pair-votes", "#pair-table thead th:not(#pair-share-head)", ".editions", "pre",
    *WHO, *PROSE,
)  # fmt: skip
# What the method fixes: 95% intervals, the average model's skill, the example of a rank, and the
# 1,000 answers that incidents are of.
FIXED = {"95", "0", "100", "2", "7", "1", "000"}
TEXTS = """panels => {
  const found = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (!/\\d/.test(data) || parentElement.closest('script, style, template')) continue;
    const panel = panels.find(one => parentElement.closest(one)) || 'elsewhere';
    (found[panel] ??= []).push(data.trim());
  }
  return found;
}"""


def texts(page: Page, selectors: list[str]) -> dict[str, list[str]]:
    """Texts with a digit in them, hidden ones too, by the first selector they are under."""
    found: dict[str, list[str]] = page.evaluate(TEXTS, selectors)
    return found


def opened(visit: Visit, site: Site, view: View) -> Page:
    """A page with all that is folded open."""
    page = visit(site.address + view.address)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.wait_for_timeout(100)
    return page


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.stratum}-{view.estimator}")
def test_every_figure_is_a_cell_of_a_mart(site: Site, visit: Visit, view: View) -> None:
    page = opened(visit, site, view)
    wanted = panels(site, view)
    found = texts(page, [*APART, *wanted])
    assert "elsewhere" not in found
    for panel, cells in wanted.items():
        if panel == "#notes":
            numbers = re.findall(r"\d+", re.sub(r"Model \d\d", "", " ".join(found[panel])))
            assert sorted(numbers) == sorted(cells)
            continue
        assert Counter(found.get(panel, [])) == Counter(cells), panel


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.stratum}-{view.estimator}")
def test_sentences_and_choices_say_what_marts_say(site: Site, visit: Visit, view: View) -> None:
    page = visit(site.address + view.address)
    board, marts = site.board(**view.key()), site.marts
    [head] = [
        row for row in marts["rpt_board_summary"]
        if all(row[name] == value for name, value in view.key().items())
    ]  # fmt: skip
    names = {row["model_id"]: row["display_name"] for row in marts["dim_model"]}
    groups = {row["stratum_id"]: row for row in marts["dim_stratum"]}
    who = groups[view.stratum]["label"]
    words = page.locator("#standfirst").inner_text()
    words = words.replace(groups[view.stratum]["group_name"] or "", "")
    [collected] = marts["rpt_data_collection"]
    years = {collected[name][:4] for name in ("first_month", "last_month")}
    assert re.findall(r"[\d,]+\d", words) == [f"{head['heard_count']:,}", *sorted(years)]
    leaders = page.locator("#headline .named").all_text_contents()
    assert leaders[0] == names[board[0]["model_id"]]
    assert set(leaders) <= set(names.values())
    labels = {
        *names.values(),
        *(row[name] for row in marts["dim_stratum"] for name in ("label", "group_name")),
    }
    found = texts(page, [*APART, *panels(site, view)])
    labels |= {"1 July 2025", "3 September 2025"} | {row["licence"] for row in marts["dim_model"]}
    assert set(found["select"]) <= labels
    prose = " ".join(text for panel in PROSE for text in found[panel])
    assert set(re.findall(r"\d+", prose)) <= FIXED
    said = " ".join(text.replace(who, "") for panel in WHO for text in found.get(panel, []))
    assert re.findall(r"\d+", said) == [str(head["model_count"])]
    [publication] = marts["publication"]
    assert set(re.findall(r"[0-9a-f]{12}", page.locator("pre").text_content() or "")) == {
        publication["release_id"][:12]
    }


def test_dots_are_the_marts(site: Site, visit: Visit) -> None:
    view = View("trust", "US", weighting="politics")
    page = visit(site.address + view.address)
    titles = "#{} title"
    by_stratum = []
    for stratum in site.marts["dim_stratum"]:
        key = view.key(stratum_id=stratum["stratum_id"])
        [count] = [
            row["battle_count"] for row in site.marts["rpt_board_summary"]
            if all(row[name] == value for name, value in key.items())
        ]  # fmt: skip
        by_stratum.append(f"{stratum['label']}: {count:,} votes")
    assert sorted(page.locator(titles.format("boards-chart")).all_text_contents()) == sorted(
        by_stratum
    )
    names = {row["model_id"]: row["display_name"] for row in site.marts["dim_model"]}
    by_model = [
        f"{names[row['model_id']]}: {row['battle_count']:,} votes"
        for row in site.board(**view.key())
    ]
    assert sorted(page.locator(titles.format("models-chart")).all_text_contents()) == sorted(
        by_model
    )


def test_dots_of_published_boards_are_cells_of_each(site: Site, visit: Visit) -> None:
    page = visit(site.address + View("trust", "US", weighting="politics").address)
    key = View("trust").key()
    [now], [before] = (
        [row for row in rows if all(row[name] == value for name, value in key.items())]
        for rows in (site.marts["rpt_board_summary"], older_summary(site.marts))
    )
    assert page.locator("#history-chart title").all_text_contents() == [
        f"1 July 2025: {before['battle_count']:,} votes",
        f"3 September 2025: {now['battle_count']:,} votes",
    ]
    heights = page.eval_on_selector_all(
        "#history-chart circle", "dots => dots.map(dot => +dot.getAttribute('cy'))"
    )
    floor = 280 - 36
    ratio = (floor - heights[0]) / (floor - heights[1])
    sds = [round(row["skill_sd_median"], 2) for row in (before, now)]
    assert ratio == pytest.approx(sds[0] / sds[1])
