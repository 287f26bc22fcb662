"""Great Expectations says of what it is shown of a batch what it says of the whole batch."""

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.gate import Gate
from ingestion.contracts import CONTRACTS
from ingestion.vocabulary import EventType

RATING = EventType.EXPERIENCE_RATED
ROWS = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from(["e", "f", None]),
        "event_type": st.sampled_from([str(RATING), str(RATING), "battle_judged", None]),
        "schema_version": st.sampled_from([1, 1, 1, None]),
        "source": st.just("s"),
        "model_id": st.sampled_from(["m", "n"]),
        "criterion": st.just("c"),
        "rating": st.sampled_from([1, 7, 4, 0, 8, None]),
    }
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=6))
def test_a_batch_fails_if_its_distinct_values_do(rows: list[dict[str, Any]]) -> None:
    schema = pa.schema([f.with_nullable(True) for f in CONTRACTS[RATING].log_schema])
    batch = pa.Table.from_pylist(rows, schema)
    shortened, whole = (
        Gate(is_documented=is_whole).judge(RATING, batch) for is_whole in (False, True)
    )
    assert shortened.is_success == whole.is_success
    assert [text.split(":")[0] for text in shortened.failures] == [
        text.split(":")[0] for text in whole.failures
    ]
    assert whole.page
    assert shortened.page is None
