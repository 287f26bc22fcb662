"""No text of a CSV is a formula to a spreadsheet, after blanks or in wide forms either."""

import duckdb
import pytest

from orchestration.cli.output import _csv_cell
from publishing.publications.writing import FORMULA

MARKS = "=+-@\uff1d\uff0b\uff0d\uff20"


@pytest.mark.parametrize("blank", ["", " ", "  ", "\t", "\u00a0", "\u3000", "\ufeff", "\u200b"])
@pytest.mark.parametrize("mark", MARKS)
def test_formulas_are_found(blank: str, mark: str) -> None:
    text = f"{blank}{mark}cmd()"
    assert duckdb.execute(f"select regexp_matches(?, '{FORMULA}')", [text]).fetchone() == (True,)
    assert _csv_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["a=b", "gpt-4", " gpt-4", "", "1+1"])
def test_other_text_stays(text: str) -> None:
    assert duckdb.execute(f"select regexp_matches(?, '{FORMULA}')", [text]).fetchone() == (False,)
    assert _csv_cell(text) == text
