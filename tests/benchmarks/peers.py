"""Peers in an environment of their own, where `make setup-oracle` made it."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-oracle" / "bin" / "python"


def run_peer(peer: str, **counts: NDArray[np.generic] | float) -> dict[str, Any] | None:
    """What a peer of tests/oracle/peers.py prints about these counts; None where it is missing."""
    if not PYTHON.exists():
        print(f"  {peer}: not installed (make setup-oracle)", flush=True)
        return None
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "counts.npz"
        np.savez(path, allow_pickle=False, **{k: np.asarray(v) for k, v in counts.items()})
        command = [str(PYTHON), str(ROOT / "tests" / "oracle" / "peers.py"), peer, str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
