"""Figures that pages quote of simulated studies are those that the studies have."""

from pathlib import Path

import pytest

from tests.docs_figures.checking import (
    STUDIES,
    Figure,
    Printed,
    Queried,
    Sentence,
    blocks,
    made,
    one_line,
    places,
    queries,
    stale,
    text_of,
)
from tests.docs_figures.declared import ANALYSTS, FIGURES


def is_there(figure: Figure) -> bool:
    """Whether the page has what is declared, whatever its figures are."""
    if isinstance(figure, Sentence):
        return bool(places(figure.words).search(one_line(text_of(figure.page))))
    if isinstance(figure, Printed):
        return bool(blocks(figure.page, figure.begins))
    return bool(queries(figure.page, figure.holds))


def test_pages_have_every_declared_figure() -> None:
    assert [figure for figure in FIGURES if not is_there(figure)] == []


def test_every_query_of_the_analysts_page_is_declared() -> None:
    declared = [it.holds for it in FIGURES if isinstance(it, Queried) and it.page == ANALYSTS]
    shown = [query for query, _ in queries(ANALYSTS, "")]
    assert len(shown) == len(declared)
    assert [query for query in shown if not any(holds in query for holds in declared)] == []


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studies")


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_no_page_has_a_stale_figure(study: str, studies: Path) -> None:
    place = made(study, studies)
    assert list(stale([figure for figure in FIGURES if figure.study == study], place)) == []


@pytest.mark.slow
def test_a_stale_figure_is_found(studies: Path) -> None:
    place = made("of-500", studies)
    people = "select 499 as people"
    wrong = Sentence("docs/plan-a-study.md", "simulate --participants {people}", people, "of-500")
    printed = Printed("docs/recruit-and-trust.md", "demoscope quality bias", "question        left")
    found = list(stale([wrong, printed], place))
    assert len(found) == 2
    assert found[0].endswith("should say: simulate --participants 499")
