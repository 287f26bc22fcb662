r"""Text of unknown origin as a person can see it: what is hidden in it is written as an escape.

A terminal obeys control characters, turns what follows a bidi control around, and shows a
zero-width character as nothing. So each is written as a Python string would write it: `\x1b`,
`\u202e`. A byte of a file's name that is not UTF-8 is `\xe9`.
"""

from __future__ import annotations

import re

# Beside controls (Cc), format characters (Cf), line separators and surrogates, these are invisible
# too: joiners of other categories, Hangul fillers, the blank of Braille, variation selectors.
_INVISIBLE = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff"
    r"\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
)
# Emoji, Persian and Hindi need joiners (U+200C, U+200D) and emoji the selector U+FE0F. Beside an
# ASCII character they join nothing.
_NEEDED = r"(?<![^\x00-\x7f])[\u200c\u200d\ufe0f]|[\u200c\u200d](?![^\x00-\x7f])"
_HIDDEN = re.compile(f"[{_INVISIBLE}]|{_NEEDED}")
_HIDDEN_IN_LINES = re.compile(rf"(?![\n\t])(?:[{_INVISIBLE}]|{_NEEDED})")
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: object) -> str:
    """One line of text in which nothing is hidden, line breaks neither."""
    return _HIDDEN.sub(_escape, str(text))


def visible_lines(text: object) -> str:
    """The same of text that may have several lines and tabs."""
    return _HIDDEN_IN_LINES.sub(_escape, str(text))


def visible_in_json(document: str) -> str:
    """A JSON document that says the same and in which nothing is hidden."""
    return _HIDDEN_IN_LINES.sub(_json_escape, document)


def storable(text: str) -> str:
    """Text that UTF-8 can hold: what stands for a byte that is no UTF-8 is written as an escape."""
    return _SURROGATE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if "\udc80" <= character <= "\udcff":  # how Python keeps a byte of a name that is not UTF-8
        return f"\\x{ord(character) & 0xFF:02x}"
    return character.encode("unicode_escape").decode()


def _json_escape(match: re.Match[str]) -> str:
    halves = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{halves[at : at + 2].hex()}" for at in range(0, len(halves), 2))
