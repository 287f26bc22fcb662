"""Speed of the main job beside DuckDB alone: `python -m tests.benchmarks.ingest [--rows N...]`.

Every step is a process of its own: CPU seconds and peak memory are the whole of it. Start-up is
what it takes to ingest the study's 28 models, in a warehouse that has ingested before, so that
what is compiled once per machine is compiled. The peer parses and validates the same file in one
query and keeps nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import BATTLES, simulate

DIMENSIONS = 5
SIZES = (1_000_000, 10_000_000)
PEER = """
import duckdb, sys
columns = ", ".join(f"{name}: 'VARCHAR'" for name in (
    "event_type", "source", "native_id", "occurred_at", "participant_id", "dimension",
    "model_a", "model_b", "outcome", "conversation_id"))
print(duckdb.sql(f'''
    select count(*) from read_json('{sys.argv[1]}', format = 'newline_delimited',
        columns = {{{columns}}})
    where native_id <> '' and source <> '' and dimension <> '' and model_a <> model_b
        and outcome in ('a', 'b', 'tie', 'both_bad') and length(model_a) <= 256
        and try_cast(occurred_at as timestamp) < now()::timestamp
''').fetchall()[0][0])
"""


def measured(label: str, command: list[str], rows: int, home: Path) -> float:
    """Run a process; print its CPU seconds, wall seconds and peak memory. Returns CPU seconds."""
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"DEMOSCOPE_HOME": str(home)},
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{label} failed with exit code {process.returncode}")
    cpu, wall = usage.ru_utime + usage.ru_stime, time.perf_counter() - began
    speed = f", {rows / wall:,.0f} rows/s" if rows else ""
    print(
        f"{label}: {cpu:.1f} CPU-s, {wall:.1f} s{speed}, {usage.ru_maxrss / 1024:,.0f} MB",
        flush=True,
    )
    return cpu


def main(arguments: list[str]) -> None:
    """Simulate, ingest, build, show; and the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, help="judgments to ingest")
    for rows in parser.parse_args(arguments).rows:
        measure(rows)


def measure(rows: int) -> None:
    """One study of so many judgments, from file to leaderboard."""
    demoscope = [sys.executable, "-m", "orchestration.cli"]
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory) / "home"
        study = simulate(Parameters(participants=rows // DIMENSIONS), Path(directory) / "study")
        battles = next(path for path in study.files if path.name == BATTLES)
        models, *others = (str(path) for path in study.files if path != battles)
        judgments = study.counts["judgment_count"]
        print(json.dumps({"judgments": judgments, "bytes": battles.stat().st_size}))
        ingest = [*demoscope, "ingest"]
        measured("participants and conversations", [*ingest, *others], 0, home)
        start = measured("start-up", [*ingest, models], 0, home)
        ours = measured("ingest", [*ingest, str(battles)], rows, home) - start
        peer = measured(
            "  DuckDB alone, parsing and validating",
            [sys.executable, "-c", PEER, str(battles)],
            rows,
            home,
        )
        print(f"  ingest beyond start-up: {ours:.1f} CPU-s, {ours / peer:.1f}x DuckDB alone")
        measured("build", [*demoscope, "build"], rows, home)
        measured("leaderboard", [*demoscope, "leaderboard"], 0, home)


if __name__ == "__main__":
    main(sys.argv[1:])
