"""Votes to attack with, and a key that signs releases."""

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ingestion.paths import Home
from publishing.boards.statement import KEY_FILE

MODELS = ("aurora", "basalt", "cobalt")
PEOPLE = (("US", "25"), ("US", "40"), ("UK", "25"), ("UK", "60"))


def votes(first: int, last: int) -> Iterator[dict[str, Any]]:
    """People by number, who are enrolled and judge two battles each."""
    pairs = list(permutations(MODELS, 2))
    for number in range(first, last):
        country, age = PEOPLE[number % len(PEOPLE)]
        person = {"source": "panel", "participant_id": f"person-{number}"}
        answers = {"country": country, "age": age}
        yield {"event_type": "participant_enrolled", "native_id": f"e-{number}"} | person | answers
        for turn in range(2):
            model_a, model_b = pairs[(number + 2 * turn) % len(pairs)]
            yield person | {
                "event_type": "battle_judged",
                "native_id": f"{number}-{turn}",
                "dimension": "overall",
                "model_a": model_a,
                "model_b": model_b,
                "outcome": ("a", "b", "tie")[(number + turn) % 3],
            }


def write_votes(path: Path, first: int, last: int) -> Path:
    """A file of `votes` to ingest."""
    path.write_text("".join(json.dumps(event) + "\n" for event in votes(first, last)), "utf-8")
    return path


def signing_key(home: Home) -> None:
    """Have releases signed from now on."""
    key = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    (home.vault / KEY_FILE).write_bytes(key)
