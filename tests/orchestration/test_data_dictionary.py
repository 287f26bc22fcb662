"""docs/data-dictionary.md is what the contracts and yml files say, and leaves no table out."""

from ingestion.contracts import CONTRACTS
from orchestration import data_dictionary
from orchestration.dbt_runs import PROJECT_DIRECTORY
from ratings.tables.declarations import RATING_TABLES


def test_the_data_dictionary_is_current() -> None:
    written = data_dictionary.FILE.read_text(encoding="utf-8")
    assert written == data_dictionary.dictionary(), "run: python -m orchestration.data_dictionary"


def test_every_table_has_a_section() -> None:
    text = data_dictionary.dictionary()
    marts = [path.stem for path in (PROJECT_DIRECTORY / "models" / "marts").rglob("*.sql")]
    assert marts
    for name in (*marts, *RATING_TABLES, *CONTRACTS):
        assert f"\n### {name}\n" in text
