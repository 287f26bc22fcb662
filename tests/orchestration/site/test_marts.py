"""What the page reads is what dbt says it reads, and a publication without it is refused."""

from pathlib import Path

import pytest
import yaml

from ingestion.errors import IntegrityError
from orchestration.dbt_runs import PROJECT_DIRECTORY
from orchestration.site.marts import READ, read_marts


def test_the_exposure_names_what_the_page_reads() -> None:
    path = PROJECT_DIRECTORY / "models" / "exposures" / "_exposures.yml"
    exposures = yaml.safe_load(path.read_text("utf-8"))["exposures"]
    [page] = [exposure for exposure in exposures if exposure["name"] == "page"]
    assert page["depends_on"] == [f"ref('{name}')" for name in sorted(READ)]


def test_a_publication_without_a_mart_says_which(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"dim_dimension\.parquet.*demoscope publish"):
        read_marts(tmp_path)
