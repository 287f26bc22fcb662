"""The page as a tool: its first screen, the table, two models compared, one model's profile."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.publishing.page.conftest import MOBILE, Site, write_site
from tests.publishing.page.figures import DASH, ends, expected, rank, shown, whole
from tests.publishing.page.panels import day, pair_rows, prefer
from tests.publishing.page.published import DAYS, HOSTILE, LONG
from tests.publishing.page.studies import BT, EP, POOLED, Study

Visit = Callable[..., Page]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
WEIGHTED = f"politics{POOLED}"
PROFILE = "#dimension=overall&stratum=all&model={}"
NAMES = "rows => rows.map(row => row.textContent)"


@pytest.mark.parametrize(("viewport", "rows"), [(WIDE, 10), (PHONE, 2)])
@pytest.mark.parametrize("stratum", ["all", "UK/politics/Reform UK"])
def test_the_first_rows_are_on_the_first_screen(
    site: Site, visit: Visit, viewport: dict[str, int], rows: int, stratum: str
) -> None:
    page = visit(f"{site.address}#stratum={stratum}", viewport)
    box = page.locator("#board tbody tr:not(.below)").nth(rows - 1).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= viewport["height"]


def names(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all("#board tbody .name", NAMES)
    return found


def test_a_model_is_found_by_its_name_or_its_provider(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    page.get_by_label("Find a model").fill("model 07")
    assert names(page) == ["Model 07"]
    assert page.locator("#found").inner_text() == "1 of 14 models"
    assert "find=model+07" in page.evaluate("location.hash")
    page.get_by_label("Find a model").fill("nobody")
    assert page.locator("#board tbody").inner_text() == "No model is called that."
    page.get_by_role("button", name="Show all").click()
    assert len(names(page)) == 14
    page.get_by_label("Provider").select_option("Anvil")
    page.get_by_label("Licence").select_option("Open weights")
    made = [row["display_name"] for row in site.marts["dim_model"]
            if (row["provider"], row["licence_kind"]) == ("Anvil", "open_weights")]  # fmt: skip
    assert sorted(names(page)) == sorted(made) != []
    again = visit(page.evaluate("location.href"))
    assert names(again) == names(page)
    page.go_back()
    assert len(names(page)) > len(made)


@pytest.mark.parametrize(
    ("column", "order", "key"),
    [
        ("name", "ascending", lambda row: row["name"].lower()),
        ("votes", "descending", lambda row: -int(row["votes"].replace(",", ""))),
        ("win", "descending", lambda row: -int(re.sub(r"\D", "", row["win"]))),
        ("range", "ascending", lambda row: [int(one) for one in row["range"].split(DASH)]),
    ],
)
def test_any_column_orders_the_table(
    site: Site, visit: Visit, column: str, order: str, key: Callable[[dict[str, str]], object]
) -> None:
    page = visit(site.address)
    head = page.locator(f'#board th[data-order="{column}"]')
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == order
    ranked = [row for row in shown(page) if row["rank"] != DASH][:-1]
    assert ranked == sorted(ranked, key=key)  # type: ignore[arg-type]


def test_a_rank_rises_down_the_page_and_some_models_are_below_a_line(
    site: Site, visit: Visit
) -> None:
    page = visit(site.address)
    board = site.board(**default_key())
    rows = page.eval_on_selector_all(
        "#board tbody tr",
        "rows => rows.map(row => row.className.includes('below') ? row.textContent"
        " : row.querySelector('.rank').textContent)",
    )
    first, second = (at for at, row in enumerate(rows) if len(row) > 3)
    ranks = [int(row) for row in rows[:first]]
    assert ranks == sorted(set(ranks))
    assert rows[first].startswith("No longer offered")
    assert rows[second].startswith("Not ranked yet")
    assert set(rows[second + 1 :]) == {DASH}
    tiers = [row["tier"] for row in board if not row["is_provisional"]]
    assert page.locator("#board tbody tr.tier").count() == (1 if max(tiers) > 1 else 0)


def default_key(**changes: str) -> dict[str, str]:
    key = {"dimension": "overall", "stratum_id": "all", "estimator": EP, "weighting": WEIGHTED}
    return key | changes


def test_a_phone_reaches_every_figure(site: Site, visit: Visit) -> None:
    page = visit(site.address, MOBILE)
    first = page.locator("#board tbody tr").first
    assert first.locator(".range").is_hidden()
    first.locator(".win").click()
    for name in ("ends", "range", "best", "votes", "pin"):
        assert first.locator(f".{name}").is_visible(), name
    button = first.get_by_role("button")
    assert button.get_attribute("aria-expanded") == "true"
    button.click()
    assert first.locator(".range").is_hidden()
    page.get_by_label("Order").select_option("name")
    assert names(page)[0] == HOSTILE
    assert Axe().run(page).violations_count == 0


def test_a_headline_and_the_pair_below_it_say_the_same(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    for dimension in ("overall", "core_task", "trust"):
        for stratum in site.marts["dim_stratum"]:
            key = {"dimension": dimension, "stratum": stratum["stratum_id"]}
            address = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in key.items())
            page.goto(f"{site.address}#{address}")
            page.wait_for_function(
                "who => document.getElementById('who').value === who", arg=key["stratum"]
            )
            headline = page.locator("#headline").inner_text()
            leaders = page.locator("#headline .named").all_text_contents()
            pair = page.locator("#pair-words").inner_text()
            if "told apart" in headline:
                if len(leaders) > 1:
                    page.locator("#pair-b").select_option(label=leaders[1])
                    pair = page.locator("#pair-words").inner_text()
                    assert "too close to call" in pair, (key, headline, pair)
            else:
                assert "is preferred over" in pair, (key, headline, pair)
            page.locator("#pair-b").select_option(index=1)


def test_two_models_are_compared_on_the_board_that_is_shown(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    page.get_by_label("Trust").check()
    board = site.board(**default_key(dimension="trust"))
    a, b = board[1]["model_id"], board[4]["model_id"]
    known = {row["model_id"]: row["display_name"] for row in site.marts["dim_model"]}
    for model in (b, a):
        page.get_by_label(f"Compare {known[model]}", exact=True).check()
    pairs = pair_rows(site, **default_key(dimension="trust"))
    # The first that was chosen stands on the left.
    share = 100 - prefer(pairs, board, a, b)
    short = page.locator("#pinned-words").inner_text()
    assert f"{known[b]} {share}% to {100 - share}% {known[a]}" in short
    page.locator("#pinned-go").click()
    words = page.locator("#pair-words").inner_text()
    interval = f"({ends(pairs[a, b], 'win_share')})"
    assert f"{100 - share}% of adults" in words
    assert interval in words
    votes = pairs[a, b]["battle_count"]
    said = page.locator("#pair-votes").inner_text()
    assert ("too few to show" if votes is None else f"{votes} or more") in said
    outcomes = page.locator(".outcomes tbody td").all_text_contents()
    row, least = pairs[b, a], site.marts["publication"][0]["disclosed_people_min"]
    counts = [row[name] for name in ("win_count", "tie_count", "loss_count")]
    assert outcomes == ([f"{n:,}" if n else f"fewer than {least}" for n in counts] if votes else [])
    page.get_by_role("button", name="Swap").click()
    assert page.locator("#pair-a").input_value() == a
    again = visit(page.evaluate("location.href"))
    assert again.locator("#pair-words").inner_text() == words
    page.get_by_role("button", name="Clear").click()
    assert page.locator("#pinned").is_hidden()


def test_a_profile_has_votes_by_month_and_says_which_are_not_shown(
    site: Site, visit: Visit
) -> None:
    page = visit(f"{site.address}#model=model-06")
    known = {
        row["month"]: row["battle_count"]
        for row in site.marts["rpt_votes_by_month"]
        if (row["dimension"], row["model_id"]) == ("overall", "model-06")
    }
    shown = page.locator(".months tbody tr").evaluate_all(
        "rows => rows.map(row => [row.cells[0].textContent, row.cells[2].textContent])"
    )
    assert shown == [
        ["June 2025", f"{known['2025-06']:,}"],
        ["July 2025", "not shown"],
        ["August 2025", f"{known['2025-08']:,}"],
    ]


def test_a_board_without_pairs_says_which_has_them(site: Site, visit: Visit) -> None:
    page = visit(f"{site.address}#estimator={BT}&weighting=none")
    assert "choose “TrueSkill, exact”" in page.locator("#no-pairs").inner_text()
    assert page.locator("#pairs-panel").is_hidden()
    page = visit(f"{site.address}#weighting=none")
    assert "choose “like the census”" in page.locator("#no-pairs").inner_text()


def test_a_profile_has_an_address_and_the_way_back_closes_it(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    board = site.board(**default_key())
    row = next(row for row in board if row["model_id"] == "model-09")
    link = page.locator("#board").get_by_role("link", name="Model 09")
    link.click()
    panel = page.get_by_role("dialog", name="Model 09")
    assert panel.is_visible()
    assert page.evaluate("document.activeElement.id") == "profile-name"
    words = page.locator("#profile-words").inner_text()
    assert f"Rank {row['rank']} of 14" in words
    assert f"{whole(row['win_share'])}% of comparisons ({ends(row)})" in words
    address = page.evaluate("location.href")
    assert "model=model-09" in address
    page.go_back()
    assert panel.is_hidden()
    page.go_forward()
    assert panel.is_visible()
    page.keyboard.press("Escape")
    assert panel.is_hidden()
    assert "model=" not in page.evaluate("location.hash")
    again = visit(address)
    assert again.get_by_role("dialog", name="Model 09").is_visible()
    found = Axe().run(again)
    assert found.violations_count == 0, found.generate_report()


def test_a_profile_shows_the_marts_figures(site: Site, visit: Visit) -> None:
    page = visit(site.address + PROFILE.format("model-00"))
    parts = page.locator("#profile-parts section")
    found = dict(zip(parts.locator("h3").all_text_contents(), parts.all(), strict=True))

    def cells(title: str) -> list[list[str]]:
        code = "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
        rows: list[list[str]] = found[title].locator("tbody tr").evaluate_all(code)
        return rows

    lines = [row for row in cells("In each group") if len(row) > 1]
    for line, stratum in zip(lines, site.marts["dim_stratum"], strict=True):
        weighting = WEIGHTED if stratum["stratum_id"] == "all" else "politics"
        key = default_key(stratum_id=stratum["stratum_id"], weighting=weighting)
        row = next(row for row in site.board(**key) if row["model_id"] == "model-00")
        assert line[:2] == [stratum["group_name"] or stratum["label"], rank(row)]
        assert line[-2:] == [f"{whole(row['win_share'])}%", ends(row)]
    assert len(cells("On each question")) == 3
    topics = {row[0]: row for row in cells("Trust on sensitive topics, everybody")}
    assert topics["Money"][1:] == ["1", "60%", "55 to 66"]
    readings = dict(row[:2] for row in cells("Safety and sycophancy"))
    assert readings == {"Incidents per 1,000 answers": "20", "Sycophantic answers": "21%"}
    releases = [row[0] for row in cells("From release to release")]
    assert releases == [day(moment) for moment in DAYS]
    rated = {row[0] for row in cells("Rated by itself, from 1 to 7")}
    assert rated == {"Helpfulness", "Personality"}


def test_a_profile_of_no_model_says_so(site: Site, visit: Visit) -> None:
    page = visit(site.address + PROFILE.format("nobody"))
    assert page.get_by_role("dialog").count() == 0
    assert "no model nobody" in page.locator("#notice").inner_text()


def test_people_like_me_are_the_nearest_published_groups(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    page.locator("#alike").get_by_label("Country").select_option("UK")
    page.locator("#alike").get_by_label("Age").select_option("55+")
    assert page.locator("#alike-words").inner_text() == ""
    page.locator("#alike").get_by_label("Politics").select_option("Green")
    assert "too few of them took part" in page.locator("#alike-words").inner_text()
    titles = page.locator("#alike-boards h3").all_text_contents()
    assert titles == ["UK, age: 55+", "UK, politics: Green"]
    page.get_by_role("button", name="Show this board").last.click()
    assert page.get_by_label("Whose votes").input_value() == "UK/politics/Green"
    assert "estimator=trueskill_hierarchical" in page.evaluate("location.hash")


def test_intervals_that_are_kept_back_are_not_made_up(site: Site, visit: Visit) -> None:
    page = visit(f"{site.address}#stratum=UK/age/55%2B&weighting=none")
    key = default_key(stratum_id="UK/age/55+", weighting="none")
    assert shown(page) == expected(site, site.board(**key))
    assert page.locator("#board tbody .bar").count() == 0
    assert "have no intervals" in page.locator("#notes").inner_text()


def test_the_study_names_itself(site: Site, small_site: Site, visit: Visit) -> None:
    page = visit(site.address)
    assert page.locator(".study").inner_text() == f"Opinions of {HOSTILE}, A university"
    link = page.locator(".study a")
    assert link.get_attribute("href") == "https://example.org/study"
    assert "CC BY 4.0" in page.locator("footer").inner_text()
    assert visit(small_site.address).locator(".study").count() == 0


def test_drawings_are_saved_by_the_browser(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    page.locator("#forest summary").click()
    for kind, begins in (("svg", b"<svg"), ("png", b"\x89PNG")):
        with page.expect_download() as download:
            page.locator(f'#forest [data-picture="{kind}"]').click()
        name = download.value.suggested_filename
        assert name.startswith("SIMULATED-all-overall-")
        assert name.endswith(f"-board.{kind}")
        content = Path(download.value.path()).read_bytes()
        assert content.startswith(begins)
        if kind == "svg":
            assert b"SIMULATED: Overall winner" in content
            assert LONG.encode()[:20] in content
    with page.expect_download() as download:
        page.locator('#time [data-picture="svg"]').click()
    assert b"1 July 2025" in Path(download.value.path()).read_bytes()


def test_ranks_over_time_are_the_marts(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    rows = [row for row in site.marts["rpt_rank_history"]
            if all(row[name] == value for name, value in default_key().items())]  # fmt: skip
    drawn = page.locator("#bump-drawing g text").all_text_contents()
    counted = [row for row in rows if not row["is_provisional"]]
    assert len(drawn) == len(counted)
    assert page.locator("#moved-head").inner_text() == "Change"
    assert f"since the release of {day(DAYS[0])}" in page.locator("#notes").inner_text()
    page = visit(f"{site.address}#stratum=US/age/55%2B")
    assert page.locator("#no-time").is_visible()


def test_a_part_of_the_page_is_reached_and_the_address_stays(site: Site, visit: Visit) -> None:
    page = visit(f"{site.address}#dimension=trust&stratum=UK")
    page.get_by_role("link", name="Groups").first.click()
    assert page.evaluate("document.activeElement.id") == "groups"
    assert "dimension=trust" in page.evaluate("location.hash")
    page = visit(f"{site.address}#about")
    assert page.evaluate("document.activeElement.id") == "about"


def test_no_internal_name_reaches_a_reader(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    words = page.locator("main").inner_text()
    command = page.locator("pre").inner_text()
    words = words.replace(command, "").replace(HOSTILE, "")
    assert re.findall(r"\b[a-z0-9]+_\w+", words) == []
    assert "rule, always left" in words
    assert "dimension, Core task" in words


def test_it_can_be_used_within_a_second(tmp_path: Path, visit: Visit) -> None:
    address = write_site(tmp_path, Study(model_count=60), is_simulated=True).address
    code = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    # The quickest of a few: other programs run on this machine too.
    assert min(visit(address).evaluate(code) for _ in range(5)) < 1_000
