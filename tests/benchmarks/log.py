"""Speed of the event log beside pyarrow alone, in one run: `python -m tests.benchmarks.log`.

CPU seconds, and ratios between figures of the same run. Commits of 100,000 judgments; 10 million
rows (`--rows 10000000`) are 100 commits. What is compiled has been compiled and loaded before.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contracts import CONTRACTS
from ingestion.log import EventLog, reader
from ingestion.log.checkpoint import sign
from ingestion.log.event_proof import prove_event
from ingestion.log.leaf_hashes import tree_of
from ingestion.log.salts import Salts
from ingestion.log.segments import ROW_GROUP_ROWS, parquet_settings
from ingestion.vocabulary import EventType
from tests.ingestion.log.test_event_proof import KEY, ORIGIN

BATTLE = EventType.BATTLE_JUDGED
COMMIT_ROWS = 100_000
PRODUCER = {"name": "benchmark"}


def hexadecimal(rng: np.random.Generator, count: int) -> pa.Array:
    """Texts of 32 hexadecimal digits."""
    content = rng.integers(0, 256, (count, 16), np.uint8)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    text = np.stack([digits[content >> 4], digits[content & 15]], axis=-1)
    offsets = np.arange(0, 32 * count + 1, 32, dtype=np.int32)
    return pa.Array.from_buffers(
        pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(text.tobytes())]
    )


def people() -> pa.Array:
    """Who judges: the same 20,000 in every commit."""
    return hexadecimal(np.random.default_rng(0), 20_000)


DIMENSIONS = ["overall", "helpfulness", "tone", "trust", "clarity"]


def judgments(seed: int, rows: int) -> pa.Table:
    """Judgments as a study has them: of each conversation one on every dimension, side by side."""
    rng = np.random.default_rng(seed)
    judges = people()
    conversations = -(-rows // len(DIMENSIONS))
    conversation = pa.array(np.repeat(np.arange(conversations), len(DIMENSIONS))[:rows])

    def of_each(values: pa.Array, missing: float = 0.0) -> pa.Array:
        codes = rng.integers(0, len(values), conversations)
        mask = rng.random(conversations) < missing
        return values.take(pa.array(codes, mask=mask)).take(conversation)

    models = pa.array([f"vendor-{k % 7}/model-{k}-instruct" for k in range(28)])
    left = rng.integers(0, len(models), conversations)
    right = (left + rng.integers(1, len(models), conversations)) % len(models)
    times = 1_700_000_000_000_000 + seed * rows + np.sort(rng.integers(0, 10**9, conversations))
    outcomes = pa.array(["a", "b", "tie", "both_bad"])
    columns = {
        "event_id": hexadecimal(rng, rows),
        "event_type": of_each(pa.array([str(BATTLE)])),
        "schema_version": pa.array(np.full(rows, CONTRACTS[BATTLE].version, np.int32)),
        "source": of_each(pa.array(["study"])),
        "occurred_at": pa.array(times).take(conversation),
        "subject_id": of_each(judges),
        "dimension": pa.array(np.resize(np.array(DIMENSIONS), rows)),
        "model_a": models.take(pa.array(left)).take(conversation),
        "model_b": models.take(pa.array(right)).take(conversation),
        "outcome": outcomes.take(pa.array(rng.integers(0, len(outcomes), rows))),
        "conversation_id": hexadecimal(rng, conversations).take(conversation),
        "language": of_each(pa.array(["English", "Français", "Deutsch"]), 0.3),
        "topic": of_each(pa.array(["cooking", "law", "travel"]), 0.5),
    }
    schema = CONTRACTS[BATTLE].log_schema
    return pa.table({name: columns[name].cast(schema.field(name).type) for name in schema.names})


@contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    """Add CPU and wall seconds to `name` and `name, wall`."""
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    into[name] = into.get(name, 0.0) + time.process_time() - cpu
    into[f"{name}, wall"] = into.get(f"{name}, wall", 0.0) + time.perf_counter() - wall


def write_alone(path: Path, table: pa.Table) -> None:
    """The same rows with the same settings, nothing else."""
    pq.write_table(table, path, row_group_size=ROW_GROUP_ROWS, **parquet_settings(table))


def scanned(log: EventLog, as_of: int) -> tuple[float, int]:
    """CPU seconds to count every judgment as of a commit by outcome, and how many there are."""
    with duckdb.connect() as connection:
        start = time.process_time()
        reader.register(connection, log, as_of)
        query = f'SELECT outcome, count(*) FROM raw."{BATTLE}" GROUP BY outcome'
        counts = connection.sql(query).fetchall()
        return time.process_time() - start, sum(count for _, count in counts)


def main(arguments: Sequence[str]) -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    for rows in parser.parse_args(arguments).rows:
        measure(max(1, rows // COMMIT_ROWS))


def measure(commits: int) -> None:
    """A log of so many commits."""
    rows = commits * COMMIT_ROWS
    tree_of(judgments(10**6, COMMIT_ROWS), Salts.fresh(COMMIT_ROWS))
    spent: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="demoscope-bench-") as name:
        log = EventLog.open(Path(name) / "log")
        for number in range(commits):
            table = judgments(number, COMMIT_ROWS)
            alone = Path(name) / "alone.parquet"
            with timed(spent, "pyarrow"):
                write_alone(alone, table)
            salts = Salts.fresh(COMMIT_ROWS)
            with timed(spent, "leaves"):
                tree_of(table, salts)
            with timed(spent, "append"), log.begin(f"{number}", PRODUCER) as batch:
                batch.stage(BATTLE, table)
                batch.commit()
        plain, leaves = spent["pyarrow"], spent["leaves"]
        rest = spent["append"] - leaves
        print(f"{rows:,} judgments in {commits} commits; CPU seconds, beside pyarrow alone")
        print(f"  pyarrow alone        {plain:7.2f}")
        print(f"  append, no leaves    {rest:7.2f}  {rest / plain:.2f}x")
        print(f"  leaves and row roots {leaves:7.2f}  {leaves / plain:.2f}x")
        print(f"  append               {spent['append']:7.2f}  {spent['append'] / plain:.2f}x")
        print(f"    a row: {leaves / rows * 1e9:,.0f} ns for its leaf")
        with timed(spent, "verify"):
            report = log.verify()
        assert report.is_ok
        size = sum(file.bytes for one in log.commits() for file in one.segments) / 1e9
        print(
            f"verify: {spent['verify, wall']:.2f} s, {spent['verify']:.2f} CPU-s for {size:.3f} GB:"
            f" {spent['verify, wall'] / size:.1f} s/GB, {size / spent['verify, wall']:.3f} GB/s"
        )
        note = sign(log.checkpoint(ORIGIN).encode(), ORIGIN, KEY)
        event_id = judgments(commits - 1, COMMIT_ROWS)["event_id"][COMMIT_ROWS // 2].as_py()
        with timed(spent, "prove"):
            proof = prove_event(log, event_id, note)
        print(f"prove one event: {spent['prove']:.2f} CPU-s, {len(proof):,} bytes")
        whole, _ = scanned(log, commits)
        for seq in sorted({1, max(1, commits // 10), commits}):
            seconds, count = scanned(log, seq)
            assert count == seq * COMMIT_ROWS
            print(
                f"read as of {seq}: {count:,} rows, {seconds:.3f} CPU-s"
                f" ({seconds / whole:.2f} of the head's, {count / rows:.2f} of its rows)"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
