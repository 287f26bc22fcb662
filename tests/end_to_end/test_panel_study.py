"""The panel study of docs/loading.md, from download to board, as the page says."""

import re
from pathlib import Path

from tests.end_to_end.tutorial import follow

HEADING = "### A panel study, from download to board\n"


def _section(repository: Path) -> str:
    page = (repository / "docs" / "loading.md").read_text("utf-8")
    return re.split(r"^##+ ", page.split(HEADING)[1], flags=re.MULTILINE)[0]


def test_the_panel_study_goes_as_the_page_says(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "docs").symlink_to(repository / "docs")
    page = tmp_path / "page.md"
    page.write_text(_section(repository), "utf-8")
    assert follow(page, tmp_path) == []


def test_the_page_shows_the_mapping_that_is_there(repository: Path) -> None:
    mapping = (repository / "docs" / "examples" / "panel" / "votes.yml").read_text("utf-8")
    assert f"```yaml\n{mapping}```" in _section(repository)
