"""The mapping's format: what is not in it is refused with the line and what is allowed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.errors import UsageError
from ingestion.sources.mapping import (
    Constant,
    FromColumn,
    Joined,
    OneHot,
    RowNumber,
    load_mapping,
    parse_mapping,
    presets,
)

GOOD = """\
source: wmt16
event: battle_judged
file: {format: csv, delimiter: ";"}
columns:
  native_id: [id, worker]
  participant_id: worker
  model_a: {column: left}
  model_b: {first_of: [right, other]}
  outcome: winner
  dimension: {constant: overall}
  language: {column: lang, optional: true}
  occurred_at: null
outcome: {left: a, 1: b, no: tie, 2.50: both_bad}
"""


def test_the_format_of_the_issue() -> None:
    mapping = parse_mapping("m", GOOD)
    assert (mapping.source, mapping.event, mapping.format) == ("wmt16", "battle_judged", "csv")
    assert mapping.delimiter == ";"
    assert mapping.columns == {
        "native_id": Joined(("id", "worker")),
        "participant_id": FromColumn(("worker",)),
        "model_a": FromColumn(("left",)),
        "model_b": FromColumn(("right", "other")),
        # Scalars are text as it is written, but for numbers: `no` is not false, 2.50 is 2.5.
        "outcome": FromColumn(
            ("winner",), values={"left": "a", "1": "b", "no": "tie", "2.5": "both_bad"}
        ),
        "dimension": Constant("overall"),
        "language": FromColumn(("lang",), is_optional=True),
    }


def test_other_specifications() -> None:
    text = GOOD.replace("outcome: winner", "outcome: {columns: {x: a, y: b}}")
    text = text.replace("[id, worker]", "{row_number: true}").split("outcome: {left")[0]
    mapping = parse_mapping("m", text)
    assert mapping.columns["native_id"] == RowNumber()
    assert mapping.columns["outcome"] == OneHot({"x": "a", "y": "b"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: wmt16", "sauce: wmt16", "line 1: .*'sauce'.*Did you mean 'source'"),
        ("source: wmt16", "source: W T", "line 1: 'W T' cannot name a source"),
        ("source: wmt16\n", "", "'source' is missing"),
        ("battle_judged", "battle_judge", "line 2: unknown event.*Did you mean 'battle_judged'"),
        ("model_a:", "model_c:", "line 7: .*'model_c'.*Allowed: .*model_a"),
        ("model_a:", "event_type:", "line 7: .*unknown key 'event_type'"),
        ("  model_a: {column: left}\n", "", "needs model_a"),
        ("{column: left}", "null", "needs model_a"),
        ("{column: left}", "{colum: left}", "line 7: .*'colum'.*Did you mean 'column'"),
        ("{column: left}", "{column: left, constant: x}", "line 7: model_a: says 2 times"),
        ("{column: left}", "{optional: true}", "says 0 times"),
        ("{column: left}", "{constant: x, optional: true}", "optional does not go with constant"),
        ("{column: left}", "{column: left, timezone: UTC}", "model_a is not a time"),
        ("{column: left}", "{row_number: 1}", "row_number can only be true"),
        ("{column: left}", "[]", "expected a list of column names"),
        ("{column: left}", "''", "expected a text"),
        ("occurred_at: null", "occurred_at: {column: t, timezone: Mars}", "unknown timezone"),
        ("occurred_at: null", "occurred_at: {column: t, unit: h}", "unknown unit 'h'"),
        ("left: a", "left: x", "line 13: unknown outcome 'x'.*Allowed: a, b, tie, both_bad"),
        ("left: a", "1: a", "line 13: .*'1' is there twice"),
        ("left: a", "1.0: a", "line 13: .*'1' is '1', which means something else"),
        ("source: wmt16", "source: wmt16\nmissing: NA", "line 2: missing: expected a list"),
        ("outcome: winner", "outcome: {constant: z}", "unknown outcome 'z'"),
        ("outcome: winner", "outcome: {constant: a}", "none is mapped to outcome"),
        ("outcome: {left: a, 1: b, no: tie, 2.50: both_bad}\n", "", "outcome are not listed"),
        ("format: csv", "format: xml", "unknown file format"),
        ('";"', '";;"', "one character"),
        ("  participant_id: worker\n", "  participant_id: worker\n" * 2, "is there twice"),
        (GOOD, "", "is empty"),
        (GOOD, "- 1", "expected `key: value` pairs"),
        (GOOD, "a: [", "is not YAML"),
        (GOOD, "a: \x01", "is not YAML"),
    ],
)
def test_faults_name_line_and_remedy(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(UsageError, match=f"mine.yml.*{message}") as caught:
        parse_mapping("mine.yml", GOOD.replace(old, new, 1))
    assert caught.value.remedy


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(GOOD.splitlines())).map("\n".join))
def test_any_text_raises_nothing_but_usage_errors(text: str) -> None:
    try:
        parse_mapping("mine.yml", text)
    except UsageError as error:
        assert "mine.yml" in str(error)  # noqa: PT017


@pytest.mark.parametrize("name", presets())
def test_presets_are_valid_and_say_where_the_data_come_from(name: str) -> None:
    mapping = load_mapping(name)
    assert "http" in mapping.text.lower()
    assert "licence" in mapping.text.lower()
    assert load_mapping(name, source="other").source == "other"
