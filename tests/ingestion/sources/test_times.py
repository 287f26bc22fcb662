"""A time is read whole, exactly, or its row is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.gate import Gate
from ingestion.errors import UsageError
from ingestion.sources.mapping import parse_mapping
from ingestion.sources.registry import open_source
from tests.ingestion.sources.flat import MAPPING, VOTES, csv_text, write

REFUSED = "bad_timestamp"
ZONES = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Tokyo"]
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def mapping_text(details: str) -> str:
    return MAPPING.replace("dimension:", f"occurred_at: {{column: t{details}}}\n  dimension:")


def loaded(path: Path, details: str = "") -> tuple[list[str | None], list[str]]:
    """What each row of a file becomes behind the gate: time (UTC), null or reason; warnings."""
    mapping = path.parent / "mapping.yml"
    mapping.write_text(mapping_text(details))
    source = open_source(str(path), mapping=str(mapping))
    found: dict[int, str | None] = {}
    gate = Gate()
    for batch in source.batches():
        split = gate.split(batch)
        for row in split.accepted.select(["row_number", "occurred_at"]).to_pylist():
            time = row["occurred_at"]
            found[row["row_number"]] = time and time.astimezone(UTC).replace(tzinfo=None).isoformat(
                " "
            )
        found |= {row.row_number: row.reason for row in split.refused}
        assert all(row.column == "occurred_at" for row in split.refused)
    return [value for _, value in sorted(found.items())], list(source.warnings)


def read_texts(tmp_path: Path, texts: list[str], details: str = "") -> list[str | None]:
    return loaded(write(tmp_path / "v.csv", csv_of(texts)), details)[0]


def csv_of(texts: list[str]) -> str:
    return csv_text([{**VOTES[0], "id": number, "t": text} for number, text in enumerate(texts)])


def read_column(tmp_path: Path, column: pa.Array, details: str = "") -> list[str | None]:
    votes = [{**VOTES[0], "id": number} for number in range(len(column))]
    table = pa.Table.from_pylist(votes).append_column("t", column)
    pq.write_table(table, tmp_path / "v.parquet")
    return loaded(tmp_path / "v.parquet", details)[0]


READ_WHOLE = {
    "2024-02-01T10:00:00Z": "2024-02-01 10:00:00",
    "2024-02-01 10:00:00Z ": "2024-02-01 10:00:00",
    " 2024-02-01T10:00:00+00:00 ": "2024-02-01 10:00:00",
    "2024-02-01T10:00:00-08:00 ": "2024-02-01 18:00:00",
    "2024-02-01T10:00:00 +0100": "2024-02-01 09:00:00",
    "2024-02-01 10:00:00 UTC": "2024-02-01 10:00:00",
    "2024-02-01 10:00:00.25 GMT": "2024-02-01 10:00:00.250000",
    "2024-02-01 10:00+05": "2024-02-01 05:00:00",
    "2024-02-01T10:00:00.123456789Z": "2024-02-01 10:00:00.123456",
}
NEVER = [
    "2024-02-01 13:30 PM",
    "2024-02-01 00:30 AM",
    "2024-02-01 01:30 PM PST",
    "2024-02-01 01 PM",
    "2024-02-01 10:00:00 Asia/Tokyo",
    "2024-02-01 10:00:00 PST",
    "2024-02-01 10:00:00 foobar",
    "2024-02-01T10:00:00Z foobar",
    "2024-02-01T24:00:00Z",
    "2024-02-01T10:00:60Z",
    "2024-02-01T10:60:00Z",
    "2024-02-30T10:00:00Z",
    "2024-02-01T10:00:00+25:00",
    "2024-02-01T10:00:00+01:75",
    "24-02-01 10:00:00Z",
    "01/02/2024 10:00:00",
    "yesterday",
    "infinity",
    "1706781600",
]
UNZONED = ["2024-02-01 10:00:00", "2024-02-01", "2024-02-01T00:00"]


@pytest.mark.parametrize("details", ["", ", timezone: America/New_York"])
def test_a_time_with_its_zone_is_read_whole_or_refused(tmp_path: Path, details: str) -> None:
    assert read_texts(tmp_path, list(READ_WHOLE), details) == list(READ_WHOLE.values())
    assert read_texts(tmp_path, NEVER, details) == [REFUSED] * len(NEVER)


def test_without_a_zone_one_has_to_be_said(tmp_path: Path) -> None:
    assert read_texts(tmp_path, UNZONED) == [REFUSED] * 3
    assert read_texts(tmp_path, UNZONED, ", timezone: America/New_York") == [
        "2024-02-01 15:00:00",
        "2024-02-01 05:00:00",
        "2024-02-01 05:00:00",
    ]
    halves = {
        "2024-02-01 01:30 PM": "2024-02-01 13:30:00",
        "2024/2/1 1:30:05pm": "2024-02-01 13:30:05",
        "2024-02-01T12:05 AM": "2024-02-01 00:05:00",
        "2024-02-01 12:05 Pm": "2024-02-01 12:05:00",
        "2024-02-01 11:59 am": "2024-02-01 11:59:00",
    }
    assert read_texts(tmp_path, list(halves)) == [REFUSED] * len(halves)
    assert read_texts(tmp_path, list(halves), ", timezone: UTC") == list(halves.values())
    naive = pa.array([datetime(2024, 2, 1, 10), None], pa.timestamp("ns"))  # noqa: DTZ001
    days = pa.array([date(2024, 2, 1), None])
    for column in (naive, days):
        assert read_column(tmp_path, column) == [REFUSED, None]
    assert read_column(tmp_path, naive, ", timezone: Asia/Tokyo") == ["2024-02-01 01:00:00", None]
    assert read_column(tmp_path, days, ", timezone: Asia/Tokyo") == ["2024-01-31 15:00:00", None]


def test_clocks_that_go_forward_and_back(tmp_path: Path) -> None:
    texts = ["2024-03-10 02:30:00", "2024-11-03 01:30:00", "2024-11-03 01:30:00-05:00"]
    path = write(tmp_path / "v.csv", csv_of(texts))
    found, warnings = loaded(path, ", timezone: America/New_York")
    assert (found, warnings) == ([REFUSED, REFUSED, "2024-11-03 06:30:00"], [])
    for which, instant in (("earlier", "05:30:00"), ("later", "06:30:00")):
        found, warnings = loaded(path, f", timezone: America/New_York, ambiguous: {which}")
        assert found == [REFUSED, f"2024-11-03 {instant}", "2024-11-03 06:30:00"]
        assert len(warnings) == 1
        assert "1 row with a local time that America/New_York has twice" in warnings[0]
        assert f"the {which} was taken" in warnings[0]
    # Where midnight is skipped the day begins later, and is a day all the same.
    days = ["2024-04-26", "2024-04-26 00:00:00", "2024-04-27"]
    found = read_texts(tmp_path, days, ", timezone: Africa/Cairo")
    assert found == ["2024-04-25 22:00:00", REFUSED, "2024-04-26 21:00:00"]


@pytest.mark.parametrize(
    ("details", "text", "expected"),
    [
        ("format: '%d/%m/%Y %H:%M:%S'", "1/2/2024 10:00:00", "2024-02-01 10:00:00"),
        ("format: '%d/%m/%Y %H:%M:%S'", "1/2/2024 10:00:00 PM", REFUSED),
        ("format: '%d/%m/%Y %H:%M:%S'", "1/2/24 10:00:00", REFUSED),
        ("format: '%d/%m/%Y %H:%M:%S'", "31/2/2024 10:00:00", REFUSED),
        ("format: '%d/%m/%Y %H:%M:%S'", "1/2/2024 24:00:00", REFUSED),
        ("format: '%d/%m/%Y %H:%M:%S'", "1/2/2024 10:00:60", REFUSED),
        ("format: '%d/%m/%Y %H:%M:%S'", "2024-02-01T10:00:00Z", REFUSED),
        ("format: '%d/%m/%y'", "1/2/24", "2024-02-01 00:00:00"),
        ("format: '%d/%m/%y'", "1/2/2024", REFUSED),
        ("format: '%Y-%m-%d %I:%M %p'", "2024-02-01 01:30 PM", "2024-02-01 13:30:00"),
        ("format: '%Y-%m-%d %I:%M %p'", "2024-02-01 13:30 PM", REFUSED),
        ("format: '%Y%m%d%H%M%S'", "20240201100000", "2024-02-01 10:00:00"),
        ("format: '%Y%m%d'", "2024021", REFUSED),
        (
            "format: '%Y-%m-%dT%H:%M:%S.%f%z'",
            "2024-02-01T10:00:00.5Z",
            "2024-02-01 10:00:00.500000",
        ),
        ("format: '%Y-%m-%d %H:%M%z'", "2024-02-01 10:00+0530", "2024-02-01 04:30:00"),
        ("format: '%Y-%m-%d %H:%M%z'", "2024-02-01 10:00+25:00", REFUSED),
        (
            "format: ['%a %b %d %H:%M:%S PST %Y', '%a %b %d %H:%M:%S PDT %Y']",
            "Fri Feb 02 10:05:00 PST 2024",
            "2024-02-02 10:05:00",
        ),
        ("format: '%a %d %b %Y'", "Mon 02 Feb 2024", REFUSED),
        ("format: ['%d/%m/%Y', '%m/%d/%Y']", "2/1/2024", "2024-01-02 00:00:00"),
        ("format: ['%m/%d/%Y', '%d/%m/%Y']", "2/1/2024", "2024-02-01 00:00:00"),
        ("format: ['%d/%m/%Y', '%m/%d/%Y']", "2/13/2024", "2024-02-13 00:00:00"),
        ("unit: s", "1706781600", "2024-02-01 10:00:00"),
        ("unit: s", "1706781600.25", "2024-02-01 10:00:00.250000"),
        ("unit: ns", "1706781600123456789", "2024-02-01 10:00:00.123456"),
        ("unit: ms", "1706781600", REFUSED),
        ("unit: s, missing: []", "nan", REFUSED),
        ("earliest: 2010-01-01", "2014-12-31 23:00", "2014-12-31 23:00:00"),
        ("earliest: 2024-01-01", "2023-12-31 23:00", REFUSED),
        ("latest: 2024-01-01", "2024-01-01 23:00", "2024-01-01 23:00:00"),
        ("latest: 2024-01-01", "2024-01-02", REFUSED),
        ("optional: true", "2014-12-31 23:00", REFUSED),
        ("optional: true", "2099-01-01", "future_timestamp"),
    ],
)
def test_what_a_mapping_says_of_a_time(
    tmp_path: Path, details: str, text: str, expected: str
) -> None:
    assert read_texts(tmp_path, [text], f", timezone: UTC, {details}") == [expected]


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ("format: '%d/%m/%Y'", "line 10: .*reads no zone"),
        ("timezone: UTC, format: '%d/%m'", "does not read year, month and day"),
        ("timezone: UTC, format: '%d/%m/%Y %I:%M'", "%I together with %p"),
        ("timezone: UTC, format: '%d/%m/%Y %H:%M %Z'", "abbreviation"),
        ("timezone: UTC, format: '%d/%m/%Y %Q'", "has %Q; known are"),
        ("timezone: UTC, format: '%d/%m/%Y', unit: s", "does not go with unit"),
        ("timezone: UTC, format: []", "expected a format"),
        ("earliest: long ago", "is no day or time"),
        ("earliest: 2024-01-01, latest: 2020-01-01", "no time is left"),
    ],
)
def test_what_a_mapping_may_not_say(details: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_mapping("m.yml", mapping_text(f", {details}"))


def test_a_unit_that_looks_wrong_is_named(tmp_path: Path) -> None:
    for details in (", unit: ms", ""):
        path = write(tmp_path / "v.csv", csv_of(["1706781600", "1706781601"]))
        found, warnings = loaded(path, details)
        assert found == [REFUSED] * 2
        assert "2 rows" in warnings[0]
        assert "looks like seconds since 1970: write `unit: s`" in warnings[0]
    whole = pa.array([1706781600000, 1])
    assert read_column(tmp_path, whole, ", unit: ms") == ["2024-02-01 10:00:00", REFUSED]


INSTANTS = st.datetimes(datetime(2015, 1, 2), datetime(2026, 1, 1))  # noqa: DTZ001
OFFSETS = st.integers(-12 * 60, 14 * 60)


@QUICK
@given(st.lists(st.tuples(INSTANTS, OFFSETS, st.sampled_from(["", " "])), min_size=1, max_size=30))
def test_every_instant_comes_back_in_every_form(
    tmp_path: Path, moments: list[tuple[datetime, int, str]]
) -> None:
    expected = [instant.isoformat(" ") for instant, _, _ in moments]
    texts, epochs, formatted = [], [], []
    for instant, offset, blank in moments:
        there = instant + timedelta(minutes=offset)
        sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
        texts.append(f"{there.isoformat()}{blank}{sign}{hours:02}:{minutes:02}")
        micros = (instant.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
            microseconds=1
        )
        epochs.append(str(micros))
        formatted.append(f"{there:%d.%m.%y %I:%M:%S.%f %p} {sign}{hours:02}{minutes:02}")
    assert read_texts(tmp_path, texts) == expected
    assert read_texts(tmp_path, epochs, ", unit: us") == expected
    form = ", format: '%d.%m.%y %I:%M:%S.%f %p %z'"
    assert read_texts(tmp_path, formatted, form) == expected


@QUICK
@given(
    st.sampled_from(list(READ_WHOLE)), st.text(st.characters(codec="ascii", categories=["L", "P"]))
)
def test_nothing_that_follows_a_time_is_dropped(tmp_path: Path, text: str, suffix: str) -> None:
    text = text.strip()
    expected = [REFUSED] if suffix else [READ_WHOLE.get(text) or "read"]
    found = read_texts(tmp_path, [f"{text}{suffix}"], ", timezone: Asia/Tokyo")
    assert found == expected or (not suffix and found != [REFUSED])


@pytest.mark.parametrize("zone", ZONES)
def test_every_local_time_is_exact_or_in_a_gap_or_counted(tmp_path: Path, zone: str) -> None:
    there = ZoneInfo(zone)
    locals_ = [datetime(2023, 1, 1) + timedelta(minutes=15 * n) for n in range(2 * 365 * 96)]  # noqa: DTZ001
    expected: list[str | None] = []
    twice = 0
    for time in locals_:
        first, second = (
            time.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (False, True)
        )
        is_gap = first.astimezone(there).replace(tzinfo=None) != time
        twice += not is_gap and first != second
        expected.append(REFUSED if is_gap else first.replace(tzinfo=None).isoformat(" "))
    path = write(tmp_path / "v.csv", csv_of([time.isoformat() for time in locals_]))
    found, warnings = loaded(path, f", timezone: {zone}, ambiguous: earlier")
    assert found == expected
    assert [f"{twice:,} rows" in text for text in warnings] == [True] * (twice > 0)


def refusals(path: Path, details: str) -> list[str]:
    mapping = path.parent / "mapping.yml"
    mapping.write_text(mapping_text(details))
    source = open_source(str(path), mapping=str(mapping))
    return [row.detail for batch in source.batches() for row in Gate().split(batch).refused]


def test_what_cannot_be_read_is_told_with_its_value_and_a_remedy(tmp_path: Path) -> None:
    path = write(tmp_path / "v.csv", csv_of(["2025-03-30 02:30", "2025-10-26 02:30", "gestern"]))
    skipped, twice, other = refusals(path, ", timezone: Europe/Berlin")
    assert "(column t of the file) is '2025-03-30 02:30', which Europe/Berlin never had" in skipped
    assert "'2025-10-26 02:30', which Europe/Berlin has twice" in twice
    assert "`ambiguous: earlier`" in twice
    assert other.endswith("is 'gestern'")
    unzoned, *_ = refusals(path, "")
    assert "names no zone" in unzoned
    numbers = write(tmp_path / "n.csv", csv_of(["1748779200000"]))
    [number] = refusals(numbers, ", unit: s")
    assert "write `unit: ms`" in number


def test_two_columns_of_times_are_each_their_own(tmp_path: Path) -> None:
    mapping = tmp_path / "m.yml"
    mapping.write_text(
        "source: mine\nevent: model_registered\ncolumns:\n  native_id: m\n  model_id: m\n"
        "  released_at: {column: r, timezone: UTC}\n"
        "  occurred_at: {column: o, timezone: Europe/Berlin}\n"
    )
    path = write(
        tmp_path / "m.csv", "m,r,o\nx,2025-01-01,2025-02-02\ny,2025-01-01,2025-03-30 02:30\n"
    )
    splits = [Gate().split(one) for one in open_source(str(path), mapping=str(mapping)).batches()]
    names = ["released_at", "occurred_at"]
    [row] = [row for one in splits for row in one.accepted.select(names).to_pylist()]
    assert [time.isoformat()[:13] for time in row.values()] == ["2025-01-01T00", "2025-02-01T23"]
    [refused] = [row for one in splits for row in one.refused]
    assert (refused.column, refused.reason) == ("occurred_at", REFUSED)
    assert "Europe/Berlin never had" in refused.detail


def test_ambiguous_goes_with_a_zone_and_two_words() -> None:
    with pytest.raises(UsageError, match="ambiguous goes with timezone"):
        parse_mapping("m", mapping_text(", ambiguous: earlier"))
    with pytest.raises(UsageError, match="unknown ambiguous 'first'"):
        parse_mapping("m", mapping_text(", timezone: UTC, ambiguous: first"))
