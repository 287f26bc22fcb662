"""The page for everybody: by keyboard and ear, on a phone, in the dark; and nobody is misled."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.conftest import REPOSITORY
from tests.publishing.page.conftest import MOBILE, Site, write_site
from tests.publishing.page.figures import default, expected, shown
from tests.publishing.page.published import HOSTILE, LONG
from tests.publishing.page.studies import Study

Visit = Callable[..., Page]
SCREENSHOTS = REPOSITORY / ".ci" / "out" / "site"


def test_the_keyboard_is_enough(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.get_by_role("radio", name="Overall", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#kicker").inner_text().startswith("Core task")
    assert "14 models" in page.locator("#status").inner_text()


def test_a_name_is_text_whatever_it_says(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    assert page.title().startswith("SIMULATED: ")
    assert HOSTILE in page.locator("#board tbody .name").all_text_contents()
    assert HOSTILE in page.locator("#heat tbody th").all_text_contents()
    page.locator("#every-pair summary").click()
    page.locator("#matrix tbody th").first.wait_for()
    assert any(HOSTILE in name for name in page.locator("#matrix tbody th").all_text_contents())
    assert LONG in page.locator("#board tbody .name").all_text_contents()


def test_simulated_cannot_be_missed(site: Site, small_site: Site, visit: Visit) -> None:
    page = visit(site.address)
    page.locator("#about").scroll_into_view_if_needed()
    assert page.locator(".simulated").is_visible()
    assert "Nobody said any of this" in page.locator(".simulated").inner_text()
    sections = page.locator("main section:visible")
    assert page.locator("main section:visible h2 .fake").count() == sections.count() > 5
    real = visit(small_site.address)
    assert "simulated" not in real.locator("body").inner_text().lower()


def test_one_board_alone_is_a_page(small_site: Site, visit: Visit) -> None:
    page = visit(small_site.address)
    assert shown(page) == expected(small_site, default(small_site))
    for part in ("#questions", "#groups", "#dimension-choices", "#who"):
        assert page.locator(part).count() == 0
    assert page.locator("#boards-chart").is_hidden()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    keep_screenshot(page, "one-board")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_in_the_way_of_anybody(site: Site, visit: Visit, scheme: str) -> None:
    page = visit(f"{site.address}#stratum=US&weighting=none", color_scheme=scheme)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    keep_screenshot(page, f"desktop-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(site: Site, visit: Visit, scheme: str) -> None:
    page = visit(f"{site.address}#stratum=US&weighting=none", MOBILE, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= MOBILE["width"]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    keep_screenshot(page, f"mobile-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_plain_table_is_for_everybody(
    site: Site, visit: Visit, tmp_path: Path, scheme: str
) -> None:
    # axe is a script itself, so JavaScript is on and the page's own is taken out.
    html = Path(site.directory / "index.html").read_text("utf-8")
    plain = tmp_path / "plain.html"
    plain.write_text(re.sub(r"<script>.*</script>", "", html, flags=re.DOTALL), "utf-8")
    page = visit(plain.as_uri(), MOBILE, color_scheme=scheme)
    assert page.locator("#plain tbody tr").count() == 14
    assert page.evaluate("document.documentElement.scrollWidth") <= MOBILE["width"]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    keep_screenshot(page, f"plain-{scheme}")


def keep_screenshot(page: Page, name: str) -> None:
    """For people to look at: CI keeps what is there."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def test_the_method_is_a_page_too(site: Site, visit: Visit) -> None:
    page = visit(site.address)
    page.locator("#menu summary").click()
    page.get_by_role("link", name="Method").click()
    assert page.locator("h1").inner_text() == "Method"
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_study_of_too_few_people_says_so(tmp_path: Path, visit: Visit) -> None:
    study = Study(dimensions=(), groups={}, is_weighted=False)
    page = visit(write_site(tmp_path, study, is_simulated=True).address)
    assert "rests on the verdicts of too few people" in page.locator("main").inner_text()
    assert page.locator(".simulated").is_visible()
