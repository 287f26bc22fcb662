"""One scalar has one text, however a format writes it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.sources.scalar_text import canonical, may_begin
from tests.ingestion.sources.flat import MAPPING, VOTES, csv_text, write

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9)) | (
    st.integers(-(10**25), 10**25).map(Decimal)
)


@pytest.mark.parametrize(
    ("texts", "one"),
    [
        (["7", "7.0", " 7.00 ", "7e0", "7.0E0"], "7"),
        (["0", "-0", "0.0", "-0.00", "0E-9", "-0.0e-9"], "0"),
        (["1e22", "1e+22", "1.0E22", "1" + "0" * 22, "1" + "0" * 22 + ".0"], "1" + "0" * 22),
        (["1.5", "1.50", "1.5e0"], "1.5"),
        (["0.00001", "1e-05", "1.0e-5"], "0.00001"),
        (["-1500", "-1.5e3"], "-1500"),
        (["true", "True", "TRUE"], "true"),
        (["007"], "007"),
        (["+7"], "+7"),
        (["12e34"], "12e34"),
        (["0e12345"], "0e12345"),
        (["gpt-4.0"], "gpt-4.0"),
        (["1.0.0"], "1.0.0"),
    ],
)
def test_spellings(texts: list[str], one: str) -> None:
    assert [canonical(text) for text in texts] == [one] * len(texts)


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, min_size=2, max_size=20, unique=True))
def test_numbers_keep_their_value_and_stay_apart(numbers: list[Decimal]) -> None:
    spellings = [(f"{n:f}", f"{n:f}00" if "." in f"{n:f}" else f"{n:f}.0") for n in numbers]
    ones = [canonical(plain) for plain, _ in spellings]
    assert ones == [canonical(padded) for _, padded in spellings]
    assert [Decimal(one) for one in ones] == numbers
    assert len(set(ones)) == len(numbers)


@given(st.text("0123456789.eE+-truefalsTRUE x", max_size=12))
def test_the_one_text_is_its_own(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


def _ids(read: Any, path: Path, mapping: str | None) -> list[Any]:
    return [(row["native_id"], row["participant_id"]) for row in read(path, mapping=mapping)]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(number=st.floats(-1e30, 1e30).filter(lambda x: x == 0 or abs(x) > 1e-20) | st.booleans())
def test_every_format_gives_one_id(
    read: Any, tmp_path: Path, mapping: Any, number: float | bool
) -> None:
    text = mapping(MAPPING.replace("participant_id: worker", "participant_id: id"))
    vote = {**VOTES[0], "id": number}
    found = []
    found += _ids(read, write(tmp_path / "v.csv", csv_text([vote])), text)
    found += _ids(read, write(tmp_path / "v.jsonl", json.dumps(vote)), text)
    found += _ids(read, write(tmp_path / "t.jsonl", json.dumps({**vote, "id": str(number)})), text)
    typed = [pa.array([number])]
    if not isinstance(number, bool):
        exact = Decimal(repr(number))
        if exact == int(exact) and abs(exact) < 2**53:
            typed.append(pa.array([int(exact)]))
        if abs(exact) >= 1 and len(f"{exact:f}") < 38:
            typed.append(pa.array([Decimal(f"{exact:f}")]))
    for column in typed:
        table = pa.Table.from_pylist([vote]).set_column(0, "id", column)
        pq.write_table(table, tmp_path / "v.parquet")
        found += _ids(read, tmp_path / "v.parquet", text)
    assert len(set(found)) == 1


def test_native_files_follow_the_same_rule(
    read: Any, battle: Any, jsonl: Any, tmp_path: Path
) -> None:
    events = [battle(native_id=7.0, participant_id=True), battle(native_id="x", participant_id="7")]
    rows = read(jsonl(*events))
    assert [(row["native_id"], row["participant_id"]) for row in rows] == [
        ("7", "true"),
        ("x", "7"),
    ]
    pq.write_table(pa.Table.from_pylist(events[:1]), tmp_path / "v.parquet")
    assert read(tmp_path / "v.parquet")[0]["native_id"] == "7"


@pytest.mark.parametrize(
    "text",
    ["1.23457E+11", "-1.5E+22", "1.23457e+11", "1.23E11", "1.23457E+011", "1,23457E+11"],
)
def test_an_id_that_a_spreadsheet_rounded_is_refused(
    read: Any, battle: Any, jsonl: Any, tmp_path: Path, mapping: Any, text: str
) -> None:
    votes = [{**VOTES[0], "worker": text}, VOTES[1]]
    rows = read(write(tmp_path / "v.csv", csv_text(votes)), mapping=mapping())
    assert [row["refusal"] for row in rows] == ["digits_lost", None]
    (row,) = read(jsonl(battle(participant_id=text)))
    assert (row["refusal"], row["refusal_column"]) == ("digits_lost", "participant_id")


@pytest.mark.parametrize("listed", ["1: a, 2: b, 1.5: tie", "1.0: a, 2.00: b, 1.50: tie"])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_verdicts_as_numbers(
    read: Any, tmp_path: Path, mapping: Any, listed: str, kind: str
) -> None:
    text = MAPPING.replace("left: a, right: b, tie: tie", listed)
    votes = [{**VOTES[0], "winner": winner} for winner in (1.0, 2.0, 1.5)]
    path = tmp_path / f"v.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(votes), path)
    else:
        lines = "\n".join(json.dumps(vote) for vote in votes)
        write(path, csv_text(votes) if kind == "csv" else lines)
    rows = read(path, mapping=mapping(text))
    assert [(row["outcome"], row["refusal"]) for row in rows] == [
        ("a", None),
        ("b", None),
        ("tie", None),
    ]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(number=st.decimals("-1000000", "1000000", places=2))
def test_a_decimal_is_the_same_id_in_every_format(
    read: Any, tmp_path: Path, mapping: Any, number: Decimal
) -> None:
    text = mapping(MAPPING.replace("participant_id: worker", "participant_id: id"))
    found = []
    for written in (f"{number:.2f}", f"{number:.4f}", f" {number.normalize():f} "):
        votes = [{**VOTES[0], "id": written}]
        found += _ids(read, write(tmp_path / "v.csv", csv_text(votes)), text)
        found += _ids(read, write(tmp_path / "v.jsonl", json.dumps(votes[0])), text)
    table = pa.Table.from_pylist([VOTES[0]])
    for column in (
        pa.array([number], pa.decimal128(10, 2)),
        pa.array([number], pa.decimal256(50, 9)),
        pa.array([float(number)]),
    ):
        pq.write_table(table.set_column(0, "id", column), tmp_path / "v.parquet")
        found += _ids(read, tmp_path / "v.parquet", text)
    assert len(set(found)) == 1


@pytest.mark.parametrize("letter", ["e", "E"])
def test_the_letter_of_an_exponent_means_nothing(
    read: Any, tmp_path: Path, mapping: Any, letter: str
) -> None:
    votes = [{**VOTES[0], "worker": f"1{letter}+22"}, {**VOTES[1], "worker": f"1.5{letter}+22"}]
    rows = read(write(tmp_path / "v.csv", csv_text(votes)), mapping=mapping())
    assert [row["participant_id"] for row in rows] == ["1" + "0" * 22, "15" + "0" * 21]
    assert [row["refusal"] for row in rows] == [None, "digits_lost"]


@pytest.mark.parametrize("age", ["34", "34.0 ", 34, 34.0], ids=repr)
def test_an_answer_is_the_same_in_a_second_export(
    read: Any, tmp_path: Path, mapping: Any, jsonl: Any, age: object
) -> None:
    text = mapping(
        "{source: mine, event: participant_enrolled, columns: {native_id: id, participant_id: id, "
        "country: {constant: UK}, age: age}}"
    )
    person = {"id": 1, "age": age}
    pq.write_table(pa.Table.from_pylist([person]), tmp_path / "p.parquet")
    rows = read(write(tmp_path / "p.csv", csv_text([person])), mapping=text)
    rows += read(tmp_path / "p.parquet", mapping=text)
    rows += read(
        jsonl(
            {
                "event_type": "participant_enrolled",
                "source": "s",
                "native_id": "1",
                "participant_id": "1",
                "country": "UK",
                "age": age,
            }
        )
    )
    assert [row["age"] for row in rows] == ["34"] * 3


@pytest.mark.parametrize("name", ["1.10", "2.0", "claude-2.10", "1e5", "True"])
def test_a_name_stays_as_it_is(read: Any, tmp_path: Path, mapping: Any, name: str) -> None:
    votes = [{**VOTES[0], "left": name}]
    (row,) = read(write(tmp_path / "v.csv", csv_text(votes)), mapping=mapping())
    assert row["model_a"] == name


def test_a_rounded_number_in_json_is_refused_like_its_text(
    read: Any, tmp_path: Path, mapping: Any
) -> None:
    row = '{"id": 1, "worker": %s, "left": "x", "right": "y", "winner": "left"}\n'
    written = ["1.23457E+11", '"1.23457E+11"', "1.23e6", "123457000000.0", "1e2", "12"]
    path = write(tmp_path / "v.jsonl", "".join(row % one for one in written))
    lost, kept = ("digits_lost", "participant_id"), (None, None)
    found = [row["refusal"] for row in read(path, mapping=mapping())]
    assert found == [*3 * ["digits_lost"], None, None, None]
    native = (
        '{"event_type": "battle_judged", "source": "s", "native_id": "1", "participant_id": %s,'
        ' "dimension": "overall", "model_a": "x", "model_b": "y", "outcome": "a"}\n'
    )
    path = write(tmp_path / "n.jsonl", "".join(native % one for one in written))
    found = [(r["refusal"], r["refusal_column"]) for r in read(path)]
    assert found == [lost, lost, lost, kept, kept, kept]


@given(st.lists(st.none() | st.text() | st.text("a0 -~")), st.integers(0, 3))
def test_what_texts_begin_with(texts: list[str | None], start: int) -> None:
    column: Any = pa.chunked_array([pa.array(texts, pa.string()).slice(start)])
    said = [text for text in texts[start:] if text is not None]
    assert may_begin(column, "-0") == any(text[:1] in {"-", "0"} for text in said)
