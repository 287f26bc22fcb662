"""A small run of the pairing study: it runs, it writes, and choosing saves battles."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.ratings import pairing_report
from tests.ratings.pairing_study import OURS, POLICIES, QUALITY, RANDOM, Scenario, run


def test_choosing_saves_battles_and_keeps_coverage() -> None:
    rows = {row.policy: row for row in run(Scenario(16, 25.0 / 3.0, 7.0, 40, 4000), 12)}
    ours = rows[OURS]
    assert ours.battles < 0.8 * rows[RANDOM].battles
    assert ours.battles < 0.8 * rows[QUALITY].battles
    assert ours.spread <= rows[RANDOM].spread
    assert ours.stopped > 0.9
    assert ours.accuracy > 0.8


def test_it_writes_a_table_and_a_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing_report, "SCENARIOS", (Scenario(6, 3.0, 9.0, 10, 200),))
    pairing_report.main(["--studies", "2", "--out", str(tmp_path / "docs")])
    text = (tmp_path / "docs" / "pairing.md").read_text()
    assert all(f"| {name} |" in text for name in POLICIES)
    plot = ET.fromstring((tmp_path / "docs" / "pairing.svg").read_text())  # noqa: S314
    assert len(plot.findall(".//{*}polyline")) == len(POLICIES)
