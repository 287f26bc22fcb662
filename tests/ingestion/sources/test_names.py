"""One form of a name; text in words is left as it is."""

import unicodedata

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contracts import CONTRACTS
from ingestion.sources.names import normalised
from ingestion.vocabulary import EventType

BATTLE = CONTRACTS[EventType.BATTLE_JUDGED]
RETRACTION = CONTRACTS[EventType.EVENT_RETRACTED]


@given(st.lists(st.none() | st.text() | st.text("ae\u0301 \u00a0\t"), min_size=1))
def test_names_are_trimmed_and_composed(names: list[str | None]) -> None:
    table = pa.table({"model_a": pa.array(names, pa.string())})
    found = normalised(BATTLE, table)["model_a"].to_pylist()
    for before, after in zip(names, found, strict=True):
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert after == after.strip(" \t\u00a0")
            trimmed = unicodedata.normalize("NFC", before)
            assert after in trimmed
    assert normalised(BATTLE, pa.table({"model_a": found}))["model_a"].to_pylist() == found


def test_one_name_however_it_is_composed() -> None:
    names = ["caf\u00e9", " cafe\u0301\u00a0", "caf\u00e9\n"]
    found = normalised(BATTLE, pa.table({"model_a": names}))["model_a"].to_pylist()
    assert found == ["caf\u00e9"] * len(names)


def test_words_are_left_alone() -> None:
    table = pa.table({"reason": [" \U0001f468\u200d\U0001f469 cafe\u0301 "]})
    assert normalised(RETRACTION, table).equals(table)
