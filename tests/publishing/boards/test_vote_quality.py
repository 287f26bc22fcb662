"""What the probe of vote quality says."""

from typing import Any

from publishing.boards.vote_quality import vote_quality

ROW: dict[str, Any] = {
    "dimension": "overall",
    "signal": "one_model_preferred",
    "model_id": "ant",
    "tested_count": 51,
    "people_count": 31,
    "expected_people": 1.39,
    "verdict_count": 1200,
    "verdict_share": 0.286,
    "is_found": True,
}
SILENT = ROW | {"signal": "burst", "model_id": None, "people_count": 0, "is_found": False}


def said_of(*rows: dict[str, Any]) -> Any:
    return vote_quality(lambda _query, _values: rows)


def test_what_is_found_is_said_with_what_would_be_expected() -> None:
    finding = said_of(ROW, SILENT)
    assert finding.is_found
    assert finding.sentence == (
        "People who prefer ant nearly always, beyond its strength: 31, where 1.4 are expected"
        " (28.6% of verdicts)."
        " The other answers rest on the same votes: rigged ones can bend them too."
    )
    assert finding.figures["signals_found"] == ["one_model_preferred"]
    assert finding.figures["people"] == 31


def test_a_retraction_is_of_verdicts_not_of_people() -> None:
    finding = said_of(ROW | {"signal": "selective_retraction", "verdict_count": 498})
    said = "498 verdicts on ant taken back, not evenly for and against it."
    assert finding.sentence.startswith(said)


def test_silence_says_how_much_was_looked_for() -> None:
    finding = said_of(SILENT, SILENT | {"signal": "near_duplicate"})
    assert not finding.is_found
    assert finding.sentence == "Nothing in the votes looks rigged: 2 signals tried."
    assert finding.figures["verdicts"] == 0


def test_what_cant_be_told_is_not_called_clean() -> None:
    unknown = said_of(SILENT | {"tested_count": 0})
    assert unknown.is_found is None
    assert "Nobody known voted often enough" in unknown.sentence
