"""Speed of the main job beside DuckDB alone: `python -m tests.benchmarks.ingest [--rows N...]`.

Every step is a process of its own: CPU seconds, seconds waited and peak memory are the whole of it.
Start-up is what it takes to ingest the study's 28 models; it is left out of "beyond start-up". Cold
means that no compiled code is kept from before, as in a fresh clone or container. Every ingest runs
on two processors and on one. The peer parses and validates the same file in one query and keeps
nothing: no hashes, no duplicates, no log, no quarantine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from ingestion.simulation.parameters import Parameters
from ingestion.simulation.study import BATTLES, simulate

DIMENSIONS = 5
SIZES = (120_000, 1_000_000, 10_000_000)
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


def measured(
    label: str, command: list[str], rows: int, home: Path, *, processors: int = 2, cache: str = ""
) -> float:
    """Run a process; print its CPU seconds, wall seconds and peak memory. Returns CPU seconds."""
    allowed = sorted(os.sched_getaffinity(0))[:processors]
    began = time.perf_counter()
    with subprocess.Popen(
        ["taskset", "--cpu-list", ",".join(map(str, allowed)), *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ
        | {"DEMOSCOPE_HOME": str(home)}
        | ({"NUMBA_CACHE_DIR": cache} if cache else {}),
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
        for processors in (2, 1):
            on = f"{processors} processor{'s' if processors > 1 else ''}"
            peer = measured(
                f"DuckDB alone, parsing and validating, {on}",
                [sys.executable, "-c", PEER, str(battles)],
                rows,
                home,
                processors=processors,
            )
            for state in ("cold", "warm"):
                own = home if (processors, state) == (2, "warm") else Path(directory) / state / on
                cache = str(Path(directory) / f"cache-{on}") if state == "cold" else ""
                run = partial(measured, processors=processors, cache=cache)
                start = run(f"start-up, {state}, {on}", [*ingest, models], 0, own)
                ours = run(f"ingest, {state}, {on}", [*ingest, str(battles)], rows, own) - start
                print(f"  beyond start-up: {ours:.1f} CPU-s, {ours / peer:.1f}x DuckDB alone")
        measured("build", [*demoscope, "build"], rows, home)
        measured("leaderboard", [*demoscope, "leaderboard"], 0, home)


if __name__ == "__main__":
    main(sys.argv[1:])
