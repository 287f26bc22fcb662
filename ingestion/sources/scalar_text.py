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

from ingestion.sources.json_lines import quoted

BLANKS = " \t\r\n\x0b\x0c\u00a0\ufeff"
_PLAIN = r"-?(0|[1-9][0-9]*)\.[0-9]+"
_SCIENTIFIC = r"-?[1-9](\.[0-9]+)?[eE][+-]?[0-9]{1,3}"
_BOOLEAN = r"[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]"
_OTHERWISE_WRITTEN = rf"^(-?[0-9]+[.eE].*|-0|{_BOOLEAN})$"
# Spreadsheets keep six digits and write a capital E; C's %g keeps as many and writes a small one.
_ROUNDED = r"[1-9](\.[0-9]+)?E\+[0-9]{2,3}|[1-9]\.[0-9]{5}e\+?(0?[6-9]|1[0-5])"


def trimmed(sql: str) -> str:
    """SQL of a text without the blanks around it."""
    return f"trim({sql}, {quoted(BLANKS)})"


def canonical_sql(text: str) -> str:
    """SQL of the one text of a scalar, from the name of a trimmed text column."""
    sign = f"CASE WHEN starts_with({text}, '-') THEN '-' ELSE '' END"
    mantissa = f"regexp_extract({text}, '^-?([0-9.]+)', 1)"
    digits = f"rtrim(replace({mantissa}, '.', ''), '0')"
    exponent = f"replace(regexp_extract({text}, '[eE](.+)$', 1), '+', '')"
    point = f"(try_cast({exponent} AS INTEGER) + 1)"
    written_out = (
        f"{sign} || CASE WHEN {point} <= 0 THEN '0.' || repeat('0', -{point}) || {digits} "
        f"WHEN {point} >= length({digits}) THEN {digits} || repeat('0', {point} - length({digits}))"
        f" ELSE left({digits}, {point}) || '.' || substr({digits}, {point} + 1) END"
    )
    fraction = f"rtrim(rtrim({text}, '0'), '.')"
    return (
        f"CASE WHEN NOT regexp_matches({text}, {quoted(_OTHERWISE_WRITTEN)}) "
        f"THEN nullif({text}, '') "
        f"WHEN regexp_full_match({text}, {quoted(_BOOLEAN)}) THEN lower({text}) "
        f"WHEN regexp_full_match({text}, {quoted(_PLAIN)}) OR {text} = '-0' "
        f"THEN CASE WHEN regexp_full_match({text}, '-?0(\\.0+)?') THEN '0' ELSE {fraction} END "
        f"WHEN regexp_full_match({text}, {quoted(_SCIENTIFIC)}) THEN {written_out} ELSE {text} END"
    )


def canonical(text: str) -> str:
    """The one text of a scalar that is written as `text`."""
    text = text.strip(BLANKS)
    if re.fullmatch(_BOOLEAN, text):
        return text.lower()
    if re.fullmatch(r"-?0(\.0+)?", text):
        return "0"
    if re.fullmatch(_PLAIN, text):
        return text.rstrip("0").rstrip(".")
    if not re.fullmatch(_SCIENTIFIC, text):
        return text
    mantissa, _, exponent = text.lower().removeprefix("-").partition("e")
    digits, point = mantissa.replace(".", "").rstrip("0"), int(exponent) + 1
    sign = "-" if text.startswith("-") else ""
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    whole = digits[:point].ljust(point, "0")
    return f"{sign}{whole}.{digits[point:]}" if digits[point:] else f"{sign}{whole}"


def has_lost_digits(text: str) -> str:
    """SQL: whether a trimmed text is a number that a spreadsheet has rounded, `1.23457E+11`."""
    return f"coalesce(regexp_full_match({text}, {quoted(_ROUNDED)}), false)"


def id_texts(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray | None]:
    """A column of ids as their one texts, and which have lost digits; None: none of them has."""
    is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    if pa.types.is_integer(column.type) or pa.types.is_null(column.type):
        return column, None
    if is_text:
        padded = rf"^[{BLANKS}]|[{BLANKS}]$|{_OTHERWISE_WRITTEN}"
        if not pc.any(pc.match_substring_regex(column, padded)).as_py():
            return column, None
    with closing(duckdb.connect(":memory:")) as connection:
        connection.register("ids", pa.table({"id": column}))
        text = trimmed("id" if is_text else "id::VARCHAR")
        rounded = has_lost_digits("text") if is_text else "false"
        query = (
            f"SELECT {canonical_sql('text')} AS id, {rounded} AS is_rounded "  # noqa: S608
            f"FROM (SELECT {text} AS text FROM ids)"
        )
        found = connection.sql(query).to_arrow_table()
    return found["id"], found["is_rounded"]
