"""A small run of the calibration study: it runs, it writes, and it tells good methods from bad."""

from pathlib import Path

import pytest

from tests.ratings import calibration

GOOD = {"matched margin", "participant-clustered", "hierarchical"}


def test_good_methods_are_told_from_bad_ones() -> None:
    quick = {k: v for k, v in calibration.SCENARIOS.items() if "groups" not in k}
    rows = calibration.run(quick, 12)
    for row in rows:
        if row.method in GOOD:
            assert row.coverage == pytest.approx(0.95, abs=max(0.04, 4 * row.error)), row
    bad = {(r.scenario, r.method): r.coverage for r in rows if r.method not in GOOD}
    assert bad["65% ties, 30,000 battles", "TrueSkill's margin"] < 0.5
    assert bad["weights, 100 raters x 60", "model's own"] < 0.85


def test_it_writes_a_table_and_a_plot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "10% ties, 500 battles"
    monkeypatch.setattr(calibration, "SCENARIOS", {name: calibration.SCENARIOS[name]})
    calibration.main(["--studies", "3", "--out", str(tmp_path / "docs")])
    text = (tmp_path / "docs" / "calibration.md").read_text()
    assert text.count(f"| {name} |") == 2
    plot = (tmp_path / "docs" / "calibration.svg").read_text()
    assert plot.count("<circle") == 2
