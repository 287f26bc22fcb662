"""Hugging Face: the address, the cache, and no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

from ingestion.errors import DemoscopeError, NotFoundError, UsageError
from ingestion.sources.registry import open_source
from ingestion.sources.remote import fetch


@pytest.mark.parametrize(
    "address", ["hf://owner/name/x.csv", "s3://bucket/x.csv", "https://example.org/x.csv", "hf://"]
)
def test_other_addresses_are_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(UsageError, match="hf://datasets"):
        fetch(address, tmp_path)


@pytest.mark.parametrize(
    ("address", "revision"),
    [
        ("hf://datasets/owner/na-me.2/data/x.jsonl", None),
        ("hf://datasets/owner/na-me.2@v1/data/x.jsonl", "v1"),
    ],
)
def test_a_fetched_file_is_read_as_local(
    read: Any,
    jsonl: Any,
    battle: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    revision: str | None,
) -> None:
    path = jsonl(battle(0))
    asked: list[Any] = []

    def download(repo: str, file: str, **options: Any) -> str:
        asked.append((repo, file, options["revision"], options["repo_type"], options["cache_dir"]))
        return str(path)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    assert len(read(address, cache=tmp_path / "cache")) == 1
    assert asked == [
        ("owner/na-me.2", "data/x.jsonl", revision, "dataset", str(tmp_path / "cache"))
    ]
    assert open_source(address, cache=tmp_path).name == address


@pytest.mark.parametrize(
    "error", [LocalEntryNotFoundError("no connection"), OfflineModeIsEnabled("off"), OSError("dns")]
)
def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def download(*args: Any, **options: Any) -> str:
        raise error

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    with pytest.raises(DemoscopeError, match="is there a network") as caught:
        fetch("hf://datasets/owner/name/x.csv", tmp_path)
    assert not isinstance(caught.value, NotFoundError)
    assert "Download the file" in str(caught.value.remedy)
