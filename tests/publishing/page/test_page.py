"""The page in a real browser: what a reader sees is what the marts hold."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from playwright.sync_api import Page

from publishing.page.marts import Rows
from tests.publishing.page.conftest import Site
from tests.publishing.page.figures import default, expected, in_order, shown, whole
from tests.publishing.page.studies import BT, EP, HIERARCHICAL, POOLED

Visit = Callable[..., Page]
PLAIN = ("rank", "name", "win", "ends", "range")


def test_without_javascript_the_default_board_is_a_plain_table(site: Site, visit: Visit) -> None:
    page = visit(site.address, java_script_enabled=False)
    board = default(site, weighting=f"politics{POOLED}")
    assert len(board) == 14
    code = """rows => rows.map(row => {
      const note = row.querySelector('small')?.textContent ?? '';
      const said = [...row.children].map(cell => cell.textContent);
      return [note, ...said.map(text => note ? text.replace(' ' + note, '') : text)];
    })"""
    rows = page.eval_on_selector_all("#plain tbody tr", code)
    assert [row[1:] for row in rows] == [
        [row[name] for name in PLAIN] for row in expected(site, board)
    ]
    retired = {row["model_id"] for row in site.marts["dim_model"] if row["is_retired"]}
    few = sum(row["is_provisional"] for row in board)
    assert sum("don't quote" in note for note, *_ in rows) == few > 0
    gone = sum(row["model_id"] in retired for row in board)
    assert sum("withdrawn" in note for note, *_ in rows) == gone > 0
    for part in ("#filters", "#leaderboard", "#heat", "#pairs", "#sure"):
        assert page.locator(part).is_hidden()
    assert page.locator("#plain .fake").is_visible()
    assert page.get_by_role("table").count() == 1


def test_the_plain_table_gives_way_to_the_same_board(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    assert page.locator("#plain").count() == 0
    assert shown(page) == expected(site, default(site, weighting=f"politics{POOLED}"))


def test_filters_show_the_marts_figures(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    page.get_by_label("Trust").check()
    page.get_by_label("Whose votes").select_option("US/age/55+")
    page.locator(".settings summary").click()
    weighted = {"dimension": "trust", "stratum_id": "US/age/55+", "weighting": "politics"}
    assert shown(page) == expected(site, default(site, **weighted))
    page.get_by_role("radio", name="As they turned up").check()
    assert shown(page) == expected(site, default(site, **{**weighted, "weighting": "none"}))
    page.get_by_role("radio", name="Like the census").check()
    page.get_by_label("Estimator").select_option(HIERARCHICAL)
    pooled = {**weighted, "weighting": "census", "estimator": HIERARCHICAL}
    assert shown(page) == expected(site, default(site, **pooled))
    assert page.get_by_role("radio", name="As they turned up").is_disabled()


def test_another_estimator_never_changes_how_people_count(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    page.locator(".settings summary").click()
    assert page.locator(f'#estimator option[value="{BT}"]').is_disabled()
    page.get_by_role("radio", name="As they turned up").check()
    page.get_by_label("Estimator").select_option(BT)
    assert shown(page) == expected(site, default(site, estimator=BT))
    assert page.locator("#more-now").inner_text() == "as they turned up, Bradley-Terry"
    page.get_by_label("Estimator").select_option(EP)
    assert shown(page) == expected(site, default(site))


def test_the_way_back_leads_to_what_was_shown(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    title = page.locator("#kicker")
    first = title.inner_text()
    page.get_by_label("Trust").check()
    page.get_by_label("Whose votes").select_option("UK")
    last = title.inner_text()
    page.go_back()
    assert title.inner_text().startswith("Trust · everybody")
    page.go_back()
    assert title.inner_text() == first
    page.go_forward()
    page.go_forward()
    assert title.inner_text() == last
    assert page.get_by_label("Whose votes").input_value() == "UK"


def test_an_address_means_what_it_names(site: Site, visit: Visit) -> None:
    names = {"dimension": "core_task", "stratum": "UK/politics/Reform UK", "estimator": BT}
    page = visit(f"{site.address}#{urlencode({**names, 'weighting': 'none'})}")
    key = {"dimension": "core_task", "stratum_id": "UK/politics/Reform UK", "estimator": BT}
    assert shown(page) == expected(site, default(site, **key))
    assert page.get_by_label("Whose votes").input_value() == "UK/politics/Reform UK"
    page.get_by_label("Trust").check()
    shared = page.evaluate("location.href")
    again = visit(shared)
    assert shown(again) == expected(site, default(site, **{**key, "dimension": "trust"}))
    again.evaluate("location.hash = '#dimension=overall&stratum=UK&weighting=none'")
    again.wait_for_function("document.getElementById('kicker').textContent.includes('Over')")
    assert shown(again) == expected(site, default(site, stratum_id="UK"))


def test_a_title_says_where_verdicts_are_taken_as_independent(site: Site, visit: Visit) -> None:
    page = visit(f"{site.address}#stratum=US&weighting=none")
    assert page.locator("#kicker").inner_text().endswith("verdicts taken as independent")
    assert "narrower than what is known" in page.locator("#notes").inner_text()
    page = visit(site.address)
    assert "independent" not in page.locator("#kicker").inner_text()
    assert "other people like these" in page.locator("#notes").inner_text()


def test_a_weighted_board_says_that_groups_are_weighted_together_and_not_which(
    site: Site, visit: Visit
) -> None:
    merged = "Some groups were weighted together in UK, as too few of them took part. To the census"
    for stratum in ("all", "UK", "UK/politics/Labour"):
        page = visit(f"{site.address}#stratum={quote(stratum)}&weighting=politics")
        notes = page.locator("#notes").inner_text()
        assert merged in notes, stratum
        assert "weighted together" in page.locator("#provisional").inner_text()
    for address in ("#stratum=US&weighting=politics", "#stratum=UK&weighting=none"):
        page = visit(site.address + address)
        assert "weighted together" not in page.locator("body").inner_text()


def test_an_address_of_something_else_says_so(site: Site, visit: Visit) -> None:
    page = visit(f"{site.address}#dimension=beauty&stratum=Mars&weighting=none")
    assert "no dimension beauty, no stratum Mars" in page.locator("#notice").inner_text()
    assert shown(page) == expected(site, default(site))


def test_another_edition_is_opened_at_the_same_place(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    page.get_by_label("Trust").check()
    page.locator(".settings summary").click()
    page.get_by_label("As of").select_option("older.html")
    page.wait_for_url("**/older.html#**")
    assert page.locator("#kicker").inner_text().startswith("Trust")


def test_a_change_of_rank_is_the_marts(site: Site, visit: Visit) -> None:
    page = visit(f"{site.address}#stratum=US&weighting=none")
    found = page.locator("#board tbody .moved .unseen").all_text_contents()
    by_model = {
        row["model_id"]: row["rank_gain"]
        for row in site.marts["rpt_rank_comparison"]
        if (row["stratum_id"], row["dimension"]) == ("US", "overall")
        and (row["weighting"], row["estimator"]) == ("none", EP)
    }
    wanted = [by_model[row["model_id"]] for row in in_order(site, default(site, stratum_id="US"))]
    words = ["same rank" if not n else f"{abs(n)} {'higher' if n > 0 else 'lower'}" for n in wanted]
    assert found == words
    assert page.locator("#moved-head").inner_text() == "vs everybody"


def test_cells_of_the_tables_are_the_marts(site: Site, visit: Visit) -> None:
    page = visit(f"{site.address}#weighting=none&heat=win")
    order = default(site)
    strata = [row["stratum_id"] for row in site.marts["dim_stratum"]]
    wanted = []
    for row in order:
        columns = [default(site, stratum_id=stratum) for stratum in strata]
        wanted.append([str(whole(_of(column, row["model_id"])["win_share"])) for column in columns])
    assert cells(page, "#heat") == wanted


def _of(board: Rows, model: str) -> dict[str, Any]:
    return next(row for row in board if row["model_id"] == model)


def cells(page: Page, table: str) -> list[list[str]]:
    code = "rows => rows.map(row => [...row.querySelectorAll('td')].map(td => td.textContent))"
    found: list[list[str]] = page.eval_on_selector_all(f"{table} tbody tr", code)
    return found
