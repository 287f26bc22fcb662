"""SHA-256 in the vectors of this machine, and of one that has none as wide."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


@pytest.mark.slow
@pytest.mark.parametrize("cpu", ["generic", "host"])
def test_lanes_of_a_machine_without_wide_registers(tmp_path: Path, cpu: str) -> None:
    script = """
import hashlib
import numpy as np
from ingestion.hmac_column import hmac_column
from ingestion.log.lanes import hash_pairs
from ingestion.sha_vectors import LANES
import pyarrow as pa
nodes = np.arange(8 * 2 * 37, dtype=np.uint32).reshape(-1, 8) * np.uint32(2654435761)
content = nodes.astype(">u4").tobytes()
pairs = [content[k : k + 64] for k in range(0, len(content), 64)]
expected = [hashlib.sha256(b"\\x01" + pair).digest() for pair in pairs]
assert [node.astype(">u4").tobytes() for node in hash_pairs(nodes)] == expected
texts = ["x" * n for n in range(150)]
hashed = hmac_column(pa.array(texts), bytes(64), b"o" * 64, 64).to_pylist()
for text, digest in zip(texts, hashed):
    inner = hashlib.sha256(bytes(64) + text.encode()).digest()
    assert hashlib.sha256(b"o" * 64 + inner).hexdigest() == digest
print(LANES)
"""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    if cpu == "generic":
        environment |= {"NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": ""}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=True, cwd=REPOSITORY, env=environment,
    )  # fmt: skip
    assert done.stdout.strip() == "8" if cpu == "generic" else done.stdout.strip() in {"8", "16"}
