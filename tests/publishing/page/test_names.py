"""No reader meets a name that only tables use: `plus_politics`, `trueskill_ep`, `core_task`."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.publishing.page.conftest import Site
from tests.publishing.page.panels import View
from tests.publishing.page.studies import BT, HIERARCHICAL

Visit = Callable[..., Page]
VIEWS = (
    View(),
    View("core_task", "US/age/55+", weighting="none", heat="win"),
    View("core_task", "UK", HIERARCHICAL, "census", cell="votes"),
    View("trust", "UK/politics/Reform UK", BT, "none"),
)
# A command is typed, and the names of tables to download are the tables'.
TYPED = "script, style, template, pre, code, a[download]"
READ = """typed => {
  const said = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode())
    if (!walker.currentNode.parentElement.closest(typed)) said.push(walker.currentNode.data);
  for (const name of ['title', 'aria-label', 'alt', 'placeholder'])
    for (const one of document.querySelectorAll(`[${name}]`)) said.push(one.getAttribute(name));
  return said;
}"""
INTERNAL = re.compile(r"\w*[A-Za-z0-9]_[A-Za-z0-9]\w*")


def internal_names(page: Page) -> set[str]:
    """Words with an underscore in them, hidden ones and those read out aloud too."""
    return {name for text in page.evaluate(READ, TYPED) for name in INTERNAL.findall(text)}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.stratum}-{view.estimator}")
def test_no_view_has_an_internal_name(site: Site, visit: Visit, view: View) -> None:
    page = visit(f"{site.address}{view.address}&model=model-06")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.wait_for_timeout(100)
    assert page.locator("#profile").is_visible()
    assert internal_names(page) == set()


def test_neither_has_the_plain_table_nor_the_method(site: Site, visit: Visit) -> None:
    page = visit(site.address, java_script_enabled=False)
    words = page.locator("#plain .lede").inner_text()
    assert "Overall winner; everybody; weighted: age; every adult alike; TrueSkill" in words
    assert not INTERNAL.findall(page.locator("body").inner_text())
    method = visit((site.directory / "method.html").as_uri())
    assert internal_names(method) == set()
