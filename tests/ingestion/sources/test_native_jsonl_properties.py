"""Native JSONL under rows and garbage nobody thought of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.contracts import CONTRACTS
from ingestion.errors import DemoscopeError
from ingestion.sources.json_lines import read_lines
from ingestion.sources.scalar_text import canonical
from ingestion.vocabulary import EventType

_DEFAULTS: dict[str, Any] = read_lines.__kwdefaults__ or {}


def _refusals(rows: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    return [(row["refusal"], row["refusal_column"]) for row in rows]


def _known(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without nulls: a batch may leave out a column that is null throughout."""
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


_TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_WRITTEN_ALIKE = {
    "native_id",
    "participant_id",
    "conversation_id",
    *("age", "gender", "ethnicity", "politics", "education"),
}
_EVENT = st.sampled_from(list(EventType)).flatmap(
    lambda event_type: st.fixed_dictionaries(
        {"event_type": st.just(event_type.value)},
        optional=dict.fromkeys(
            sorted(set(CONTRACTS[event_type].native_columns) - {"event_type"}), _TEXT | st.none()
        ),
    )
)
_FUNCTION_SCOPED = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@_FUNCTION_SCOPED
@given(events=st.lists(_EVENT, min_size=1, max_size=30), spaced=st.booleans(), ascii_=st.booleans())
def test_round_trip(
    read: Callable[..., Any], tmp_path: Path, events: list[Any], spaced: bool, ascii_: bool
) -> None:
    path = tmp_path / "round.jsonl"
    separators = (", ", ": ") if spaced else (",", ":")
    text = [json.dumps(e, ensure_ascii=ascii_, separators=separators) for e in events]
    path.write_text("\n".join(text), encoding="utf-8", newline="")
    rows = read(path)
    assert _refusals(rows) == [(None, None)] * len(events)
    for row, event in zip(rows, events, strict=True):
        assert row["batch"].value == event["event_type"]
        for key, value in event.items():
            if key in _WRITTEN_ALIKE and isinstance(value, str):
                # Blanks around an id or an answer are no part of it, and one of blanks is none.
                assert (row.get(key) or None) == (canonical(value) or None)
            else:
                assert row.get(key) == value


@_FUNCTION_SCOPED
@given(
    content=st.lists(
        st.binary(max_size=40)
        | st.sampled_from([b"{}", b'{"event_type":"battle_judged"}', b"{", b'"', b"\\", b"\n\n"]),
        max_size=12,
    )
)
def test_garbage_raises_nothing_but_demoscope_errors_and_loses_no_row(
    read: Callable[..., Any], tmp_path: Path, content: list[bytes]
) -> None:
    path = tmp_path / "garbage.jsonl"
    whole = b'{"event_type":"model_retired"}\n' + b"\n".join(content)
    path.write_bytes(whole)
    try:
        rows = read(path)
    except DemoscopeError as error:
        assert str(path) in str(error)  # noqa: PT017
        return
    # Lines of blanks are no rows; blanks are what JSON and Python both call so.
    expected = [n for n, line in enumerate(whole.split(b"\n"), 1) if line.strip()]
    assert [row["row_number"] for row in rows] == expected
