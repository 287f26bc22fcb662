"""Nothing of a text is hidden, and what hides nothing is left as it is."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.visible_text import storable, visible, visible_in_json, visible_lines

ANY_TEXT = st.text(st.characters(codec=None) | st.characters(max_codepoint=0xFF))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("red\x1b[31m", r"red\x1b[31m"),
        ("nul\x00 tab\t line\n", r"nul\x00 tab\t line\n"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u202eb\u2066c", r"a\u202eb\u2066c"),
        ("gpt\u200b-4\u200d\ufeff", r"gpt\u200b-4\u200d\ufeff"),
        ("gpt-4\ufe0f", r"gpt-4\ufe0f"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("caf\udce9.csv", r"caf\xe9.csv"),
        ("half\ud800", r"half\ud800"),
    ],
)
def test_what_is_hidden_is_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "gpt-x [beta]",
        "[/INST]",
        "naïve",
        "\U0001f468\u200d\U0001f469 ❤️",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "क्\u200dष",
        "模型",
    ],
)
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(ANY_TEXT)
def test_any_text_is_one_line_that_a_terminal_only_shows(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(one) for one in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not [one for one in shown if unicodedata.bidirectional(one) in {"RLO", "LRI", "RLE"}]
    assert visible_lines(text).replace("\n", r"\n").replace("\t", r"\t") == shown
    storable(text).encode()


@given(st.text())
def test_json_with_nothing_hidden_says_the_same(text: str) -> None:
    document = json.dumps({"name": text}, ensure_ascii=False)
    assert json.loads(visible_in_json(document)) == {"name": text}
