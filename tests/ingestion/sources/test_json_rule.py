"""Native and mapped JSON follow one rule: what one refuses, the other refuses too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.contracts import CONTRACTS
from ingestion.vocabulary import EventType, Refusal
from tests.ingestion.sources.flat import MAPPING

_KEYS = ("native_id", "model_a", "model_b", "dimension", "outcome", "topic")
_AS_NATIVE = """
source: mine
event: battle_judged
columns:
  native_id: native_id
  model_a: {column: model_a, optional: true}
  model_b: {column: model_b, optional: true}
  dimension: {column: dimension, optional: true}
  outcome: {column: outcome, optional: true, values: {a: a, b: b}}
  topic: {column: topic, optional: true}
"""
_BASE = '{"id":%s,"worker":"w","left":"x","right":"y","winner":"tie"%s}'


@pytest.mark.parametrize(
    ("line", "refusal", "column"),
    [
        (_BASE % (1, ',"winner":"left"'), Refusal.BROKEN_JSON, "winner"),
        (_BASE % (1, ',"other":1,"other":1'), Refusal.BROKEN_JSON, "other"),
        (_BASE % (1, ',"note":null,"note":1'), Refusal.BROKEN_JSON, "note"),
        (_BASE % (1, ","), Refusal.BROKEN_JSON, None),
        (_BASE % (1, ',"note":[1, 2 ,\t]'), Refusal.BROKEN_JSON, None),
        (_BASE % (1, ',"note":{"deep":{"a":1,}}'), Refusal.BROKEN_JSON, None),
        (_BASE.replace('"x"', '{"name":"x"}') % (1, ""), Refusal.WRONG_TYPE, "model_a"),
        (_BASE.replace('"x"', ' ["x"]') % (1, ""), Refusal.WRONG_TYPE, "model_a"),
        (_BASE.replace('"x"', '{"n":1,"n":1}') % (1, ""), Refusal.BROKEN_JSON, "n"),
        (_BASE.replace('"x"', '"[x,]"') % (1, ',"note":"{,}"'), None, None),
        (_BASE % (1, ',"note":[1,{"a":2}],"more":{}'), None, None),
    ],
)
def test_what_a_mapped_line_may_not_say(
    read: Any, mapping: Any, tmp_path: Path, line: str, refusal: Refusal | None, column: str | None
) -> None:
    path = tmp_path / "votes.jsonl"
    path.write_text("\n".join([_BASE % (7, ""), line, _BASE % (8, "")]))
    rows = read(path, mapping=mapping())
    found = [(row["refusal"], row["refusal_column"]) for row in rows]
    assert found == [(None, None), (refusal, column), (None, None)]
    assert rows[1]["original"] == line


def test_a_path_leads_into_objects_and_a_key_with_a_dot_wins(
    read: Any, mapping: Any, tmp_path: Path
) -> None:
    text = MAPPING.replace("model_a: left", "model_a: meta.left.name")
    lines = [
        '{"meta":{"left":{"name":"in"}}}',
        '{"meta.left.name":"top","meta":{"left":{"name":"in"}}}',
        '{"meta":{"left":{"name":"in","name":"twice"}}}',
        '{"meta":{"other":1,"other":2}}',
        '{"meta":{"left":{"name":{"deeper":1}}}}',
        '{"meta":"a text"}',
        '{"meta":{"left":{"name":"in"}},"aside":{"b":1,"b":2}}',
    ]
    path = tmp_path / "votes.jsonl"
    path.write_text(
        "\n".join(
            (_BASE % (n, ",")).replace(',"left":"x"', "")[:-1] + x[1:] for n, x in enumerate(lines)
        )
    )
    rows = read(path, mapping=mapping(text))
    assert [(row["model_a"], row["refusal"], row["refusal_column"]) for row in rows] == [
        ("in", None, None),
        ("top", None, None),
        ("in", "broken_json", "name"),
        (None, "broken_json", "other"),
        ('{"deeper":1}', "wrong_type", "model_a"),
        (None, None, None),
        ("in", None, None),
    ]


_BLANK = st.sampled_from(["", "", " ", "\t", "  "])
_SCALAR = st.sampled_from(
    ['"a"', '"b"', '""', "1", "-1.50", "null", "true", '"[1,]"', '"{"', '"\\ud83d\\ude00"', '", ]"']
)
_NESTED = st.recursive(
    _SCALAR,
    lambda inner: (
        st.builds(
            lambda items, end: "[" + ",".join(items) + end + "]",
            st.lists(inner, max_size=2),
            st.sampled_from(["", "", "", ",", ", "]),
        )
        | st.builds(
            lambda items, end: "{" + ", ".join(items) + end + "}",
            st.lists(st.builds('"{}":{}'.format, st.sampled_from("kl"), inner), max_size=2),
            st.sampled_from(["", "", "", ",", " , "]),
        )
    ),
    max_leaves=4,
)


@st.composite
def _lines(draw: st.DrawFn) -> str:
    """An object that is often right, and else wrong in one of the ways that people meet."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(_KEYS[1:]), _SCALAR | _NESTED), max_size=5))
    gaps = draw(st.lists(_BLANK, min_size=3, max_size=3))
    texts = [f'"{key}"{gaps[0]}:{gaps[1]}{value}' for key, value in [("native_id", "1"), *pairs]]
    end = draw(st.sampled_from(["", "", "", ",", ", ", "}", "x"]))
    return "{" + f",{gaps[2]}".join(texts) + end + "}"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=st.lists(_lines(), min_size=1, max_size=12))
def test_native_and_mapped_lines_are_refused_alike(
    read: Any, tmp_path: Path, lines: list[str]
) -> None:
    native, mapped, how = (tmp_path / name for name in ("native.jsonl", "mapped.jsonl", "m.yml"))
    head = '{"event_type":"battle_judged",'
    native.write_text("\n".join(head + line[1:] for line in ['{"native_id":"1"}', *lines]))
    mapped.write_text("\n".join(['{"native_id":"1"}', *lines]))
    how.write_text(_AS_NATIVE)
    found, expected = read(mapped, mapping=str(how)), read(native)
    of_the_mapping = {"unknown_value"}
    for line, one, other in zip(["", *lines], found, expected, strict=True):
        why = (one["refusal"], one["refusal_column"])
        if one["refusal"] not in of_the_mapping:
            assert why == (other["refusal"], other["refusal_column"]), line
        else:
            assert other["refusal"] is None, line
    oracle = [_is_strict(line) for line in lines]
    refused = [row["refusal"] not in {None, *of_the_mapping} for row in found[1:]]
    assert refused == [not is_right for is_right in oracle]


def _is_strict(line: str) -> bool:
    """Python's own reader, told of keys there twice and of values that are not single."""
    try:
        pairs = json.loads(line, object_pairs_hook=list)
    except ValueError:
        return False
    assert set(dict(pairs)) <= set(CONTRACTS[EventType.BATTLE_JUDGED].native_columns)
    return len(dict(pairs)) == len(pairs) and not any(isinstance(v, list) for _, v in pairs)
