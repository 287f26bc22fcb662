"""Every probe finds the illusion that was planted for it, and no stranger says anything."""

from pathlib import Path

import pytest

from ingestion.simulation.attacks import ATTACKS
from tests.end_to_end.planted import CLEAN, SEED, audited

MEANT = {
    CLEAN: set[str](),
    "private-variants": {"private_testing"},
    "favour": {"vote_quality"},
    "random": {"vote_quality"},
    "sybils": {"vote_quality"},
    "script": {"vote_quality"},
    "flood": {"vote_quality"},
    "retraction": {"vote_quality"},
    "retirement": {"retirement"},
    "sampling": {"sampling"},
    SEED: {"provenance"},
}


def test_every_attack_has_a_probe_that_it_is_for() -> None:
    assert MEANT.keys() == {CLEAN, *ATTACKS, SEED}


@pytest.mark.slow
@pytest.mark.parametrize("attack", MEANT)
def test_a_probe_finds_its_own_and_only_its_own(attack: str, tmp_path: Path) -> None:
    statuses = audited(tmp_path, attack)
    assert {probe for probe, said in statuses.items() if said == "found"} == MEANT[attack]
