"""A publication that lacks what the page reads is refused."""

from pathlib import Path

import pytest

from ingestion.errors import IntegrityError
from publishing.page.marts import read_marts


def test_a_publication_without_a_mart_says_which(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"dim_board\.parquet.*demoscope publish"):
        read_marts(tmp_path)
