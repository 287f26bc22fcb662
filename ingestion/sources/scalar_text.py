"""One text per scalar: ids and listed values read alike from CSV, JSON and Parquet.

A spreadsheet or a data frame writes the same id as `7`, `7.0` or `3.00`, the same large number as
`1e22` or in full, the same Boolean as `True` or `true`. The text of a scalar is:

- without the blanks around it; nothing but blanks is null;
- a number in full, without an exponent and without the zeros that end its fraction;
- a Boolean in lower case;
- anything else as it is.

A text is a number if it is written as `-7`, `7.50` or, with one digit before the point, `1.5e22`.
With leading zeros (`007`) or a plus it is a name. With more digits before the exponent (`12e34`) it
is a name too, for identifiers in base 16 look so.
"""

from __future__ import annotations

import re
from contextlib import closing

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

_WHOLE = "0|[1-9][0-9]*"
_BOOLEAN = "^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$"
_SCIENTIFIC = r"^-?[1-9](\.[0-9]+)?[eE][+-]?[0-9]{1,3}$"
_OTHERWISE_WRITTEN = rf"^-?[0-9]+[.eE]|^-0$|{_BOOLEAN}"
_BEGIN_OTHERWISE_WRITTEN = "-0123456789tTfF"
_RULES = (
    (rf"^(-?(?:{_WHOLE}))\.0+$", r"\1"),
    (rf"^(-?(?:{_WHOLE})\.[0-9]*[1-9])0+$", r"\1"),
    (r"^-?0(?:\.0+)?[eE]-[0-9]{1,3}$", "0"),
    ("^-0$", "0"),
)
# Three digits after a comma may be thousands, as English has them.
_DECIMAL_COMMA = re.compile(r"-?[0-9]+(\.[0-9]{3})*,([0-9]{1,2}|[0-9]{4,})")
# Spreadsheets keep six digits, and so does C's %g.
_SIX_DIGITS = r"^-?[1-9][.,][0-9]{1,5}[eE]\+?0*([6-9]|[1-9][0-9]{1,2})$"
_NO_FRACTION = r"^-?[0-9][.,]0+[eE]"


def one_texts(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Trimmed texts as the one text of each scalar; the same column where nothing changes."""
    if not may_begin(texts, _BEGIN_OTHERWISE_WRITTEN):
        return texts
    is_other = pc.match_substring_regex(texts, _OTHERWISE_WRITTEN)
    if not pc.any(is_other).as_py():
        return texts
    is_boolean = pc.match_substring_regex(texts, _BOOLEAN)
    texts = pc.if_else(is_boolean, pc.ascii_lower(texts), texts)
    for pattern, replacement in _RULES:
        texts = pc.replace_substring_regex(texts, pattern, replacement)
    scientific = pc.unique(texts.filter(pc.match_substring_regex(texts, _SCIENTIFIC)))
    if not len(scientific):
        return texts
    in_full = pa.array(map(_in_full, scientific.to_pylist()), pa.string())
    return pc.coalesce(in_full.take(pc.index_in(texts, scientific)), texts)


def trimmed(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of any type as text without the blanks around it; nothing but blanks is null."""
    kind = values.type
    if pa.types.is_string(kind):
        texts = pc.utf8_trim_whitespace(values)
        texts = values if texts.equals(values) else texts  # and the column is held once
        is_empty = pc.equal(pc.binary_length(texts), 0)
        return pc.if_else(is_empty, None, texts) if pc.any(is_empty).as_py() else texts
    if pa.types.is_large_string(kind):
        return trimmed(values.cast(pa.string()))
    types = pa.types
    plain = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    if any(is_of(kind) for is_of in plain):
        return values.cast(pa.string())
    with closing(duckdb.connect(":memory:")) as connection:
        connection.register("column", pa.table({"value": values}))
        query = 'SELECT value::VARCHAR AS text FROM "column"'
        return connection.sql(query).to_arrow_table()["text"]


def may_begin(texts: pa.ChunkedArray, characters: str) -> bool:
    """Whether any text begins with one of the characters; asked before a pattern, which is slow."""
    first = pc.binary_slice(texts.cast(pa.binary()), 0, 1)
    is_one = pc.is_in(first, pa.array([one.encode() for one in characters]))
    return bool(pc.any(is_one).as_py())


def canonical(text: str) -> str:
    """The one text of a scalar that is written as `text`."""
    (one,) = one_texts(trimmed(pa.chunked_array([[text]], pa.string()))).to_pylist()
    return one or ""


def have_lost_digits(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which trimmed texts are numbers that a spreadsheet has rounded, such as `1.23457E+11`."""
    if not may_begin(texts, "-123456789"):
        return pa.chunked_array([pa.repeat(pa.scalar(value=False), len(texts))])
    is_short = pc.match_substring_regex(texts, _SIX_DIGITS)
    return pc.and_not(is_short, pc.match_substring_regex(texts, _NO_FRACTION))


def has_lost_digits(text: str) -> bool:
    """Whether one text is such a number."""
    return bool(re.search(_SIX_DIGITS, text)) and not re.search(_NO_FRACTION, text)


def is_decimal_comma(text: str) -> bool:
    """Whether a text is a number with a comma before its fraction, such as `0,71`."""
    return _DECIMAL_COMMA.fullmatch(text) is not None


def _in_full(text: str) -> str:
    """A number without its exponent."""
    mantissa, _, exponent = text.lower().removeprefix("-").partition("e")
    digits, point = mantissa.replace(".", "").rstrip("0"), int(exponent) + 1
    sign = "-" if text.startswith("-") else ""
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    whole = digits[:point].ljust(point, "0")
    return f"{sign}{whole}.{digits[point:]}" if digits[point:] else f"{sign}{whole}"
