"""Files of aliases: CSV by its header, YAML by its one key."""

from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import UsageError
from ingestion.sources.mapping import load_mapping
from ingestion.sources.registry import open_source

SAID = ("native_id", "alias", "model_id", "applies_to", "source", "row_number")


def read(path: Path, text: str, **options: Any) -> list[tuple[Any, ...]]:
    path.write_text(text, encoding="utf-8")
    tables = [batch.table for batch in open_source(str(path), **options).batches()]
    return [tuple(row[name] for name in SAID) for table in tables for row in table.to_pylist()]


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("a.csv", "alias,model\ngpt4,gpt-4\n", (1, 2)),
        ("a.csv", "\ufeffModel_ID; ALIAS ;applies_to\ngpt-4;gpt4;\ngpt-4;old;Later\n", (1, 2)),
        ("a.tsv", "alias\tmodel\tapplies_to\ngpt4\tgpt-4\tall\nold\tgpt-4\tlater\n", (1, 2)),
        ("a.yml", "aliases:\n  gpt4: gpt-4\n  old: {model: gpt-4, applies_to: later}\n", (2, 3)),
    ],
)
def test_a_row_is_a_statement(tmp_path: Path, name: str, text: str, rows: tuple[int, int]) -> None:
    expected = [
        ('["gpt4", "gpt-4", "all"]', "gpt4", "gpt-4", "all", "aliases", rows[0]),
        ('["old", "gpt-4", "later"]', "old", "gpt-4", "later", "aliases", rows[1]),
    ]
    assert read(tmp_path / name, text) == (expected if "old" in text.lower() else expected[:1])


def test_yaml_keeps_names_as_they_are_written(tmp_path: Path) -> None:
    rows = read(tmp_path / "a.yaml", "aliases:\n  1.0: '007'\n  no: yes\n", source="office")
    assert [row[1:5] for row in rows] == [
        ("1.0", "007", "all", "office"),
        ("no", "yes", "all", "office"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "alias,model,aplies_to\nx,y,all\n", "alias, model, aplies_to"),
        ("a.csv", "name,model\nx,y\n", "no native event file"),
        ("a.yml", "source: x\ncolumns: {}\n", "its keys are source, columns"),
        ("a.yml", "aliases: [x, y]\n", "is no file of aliases"),
        ("a.yml", "aliases:\n  x: y\n  x: z\n", "line 3: the alias 'x' is there twice"),
        ("a.yml", "aliases:\n  x: {modell: z}\n", "unknown key 'modell'"),
        ("a.yml", "aliases:\n  x:\n", "expected a name"),
        ("a.yml", "aliases: {x: y\n", "is not YAML"),
    ],
)
def test_what_is_no_file_of_aliases_says_so(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        read(tmp_path / name, text)


def test_a_mapping_names_a_file_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yml"
    path.write_text(
        "source: x\nevent: model_retired\naliases: names/a.csv\n"
        "columns: {native_id: id, model_id: m, reason: why}\n"
    )
    assert load_mapping(str(path)).aliases == str(tmp_path / "names/a.csv")
