"""What may be asked of a study, and the population it is asked of."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import UsageError
from tests.ingestion.simulation.studies import study


@pytest.mark.parametrize(
    "asked",
    [
        {"participants": 0},
        {"model_count": 29},
        {"low_effort_share": 1.5},
        {"sampling_skew": float("nan")},
        {"source": "humaine"},
        {"source": "simulated humaine"},
        {"tie_rates": {"Not a slug": 0.5}},
        {"undisclosed_shares": {"politics": 1.5}},
        {"effect_sds": {"age": -1.0}},
        {"tie_rates": {}},
        {"tie_rates": {"overall": 1.0}},
        {"country_shares": {"FR": 1.0}},
        {"country_shares": {"US": -1.0, "UK": 2.0}},
        {"start": datetime(2025, 6, 2)},  # noqa: DTZ001 (the point of it)
    ],
)
def test_what_cannot_be_simulated_is_refused(tmp_path: Path, asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        study(tmp_path, **asked)
