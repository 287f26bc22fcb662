"""Every Eval Ever: reported scores of benchmarks in the schema that evaluators share.

https://github.com/evaleval/every_eval_ever, `eval.schema.json`, read in its versions 0.2 and 0.3.
A file is one document, an array of documents, or one document per line; a document is one model and
one or several scores of it. Each score is a `benchmark_reported`; row numbers count the scores of a
file from 1. A document without scores is a row too, which the gate refuses.

Verbatim are model (`model_info.id`), benchmark (`evaluation_name`), score, bounds, harness
(`eval_library`), who reports it and what they are to the maker. `metric` is the metric's id, else
its name, else its kind. An interval counts if it says that it is one of 95%. A time without an
offset is taken as UTC, as the schema's examples are; the time of retrieval is none of the event's.

Set aside are scores of -1 where the metric says that -1 means unknown.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ingestion.errors import LoadRefusedError, NotFoundError, UsageError
from ingestion.json_object import parse_object
from ingestion.sources.batch import NativeBatch, Objection, batch_of_rows
from ingestion.vocabulary import BetterScore, EventType, Refusal

SOURCE = "every-eval-ever"
KNOWN_VERSION = re.compile(r"0\.[23](\..*)?")
MAX_BYTES = 64 << 20
UNKNOWN_LEVEL = -1.0
LEVEL = 0.95
# Of how a model was asked, what changes scores; prompts are too long for a setting.
SETTINGS = ("temperature", "top_p", "top_k", "max_tokens", "reasoning")
_NUMBER = re.compile(r"[0-9]{9,11}(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OFFSET = re.compile(r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)$")
_NO_RESULTS = "evaluation_results"


class _Score(NamedTuple):
    """One score as a row, what it says verbatim, and what is against it."""

    row: dict[str, str | None]
    original: str
    objection: Objection | None


class EvalEver:
    """Documents of Every Eval Ever.

    Args:
        name: what messages call the file.
        path: where it lies.
        source: the source's name.
    """

    def __init__(self, name: str, path: Path, source: str | None = None) -> None:
        self.name = name
        self.set_aside_count = 0
        self._path = path
        self._source = source or SOURCE
        self._notes: Counter[str] = Counter()

    @property
    def warnings(self) -> Sequence[str]:
        """What of the scores read so far was not taken, and why."""
        return [f"{count:,} {why}" for why, count in sorted(self._notes.items())]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the file and the source's name."""
        said = b"\0every-eval-ever\0" + self._source.encode()
        return hashlib.sha256(self._content + said).hexdigest()

    def batches(self) -> Iterator[NativeBatch]:
        """Yield all scores in one batch. Raises LoadRefusedError if it is no such JSON."""
        scores = [one for document in self._documents() for one in self._scores(document)]
        if not scores:
            raise self._refusal("there is no document in it")
        yield batch_of_rows(
            EventType.BENCHMARK_REPORTED,
            self._source,
            [one.row for one in scores],
            range(1, len(scores) + 1),
            lambda places: [scores[place].original for place in places],
            {place: one.objection for place, one in enumerate(scores) if one.objection},
        )

    @cached_property
    def _content(self) -> bytes:
        if self._path.is_dir():
            raise UsageError(
                f"{self.name}: is a directory.", remedy="Name its files: data/**/*.json"
            )
        try:
            with self._path.open("rb") as raw:
                content = raw.read(MAX_BYTES + 1)
        except FileNotFoundError as error:
            raise NotFoundError(f"{self.name}: no such file.", remedy="Check the path.") from error
        except OSError as error:
            raise self._refusal(str(error)) from error
        if len(content) > MAX_BYTES:
            raise self._refusal(f"it is longer than {MAX_BYTES:,} bytes")
        return content

    def _documents(self) -> Iterator[dict[str, Any]]:
        try:
            text = self._content.decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            raise self._refusal("it is not UTF-8") from error
        try:
            # An array is an object's value, so that one rule reads all three forms.
            if text.startswith("["):
                documents = parse_object(f'{{"documents": {text}}}')["documents"]
            else:
                documents = [parse_object(text)]
        except ValueError as error:
            lines = [line for line in text.splitlines() if line.strip()]
            try:
                documents = [parse_object(line) for line in lines]
            except ValueError:
                raise self._refusal(f"it is not JSON: {error}") from error
        for document in documents:
            yield document if isinstance(document, dict) else {}

    def _scores(self, document: dict[str, Any]) -> Iterator[_Score]:
        version = str(document.get("schema_version"))
        results = document.get("evaluation_results")
        if not isinstance(results, list) or not results:
            results = [None]
        for place, result in enumerate(results):
            metric = _of(result, "metric_config")
            score = _of(result, "score_details").get("score")
            if metric.get("has_unknown_level") is True and score == UNKNOWN_LEVEL:
                self.set_aside_count += 1
                self._notes["scores of -1, which here means unknown, were set aside"] += 1
                continue
            objection: Objection | None = None
            if not KNOWN_VERSION.fullmatch(version):
                objection = Refusal.UNKNOWN_SCHEMA_VERSION, "schema_version"
            elif not isinstance(result, dict):
                objection = Refusal.MISSING_VALUE, _NO_RESULTS
            # What document a score is from, without its other scores.
            said = {**document, "evaluation_results": [result], "place": place}
            original = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
            yield _Score(self._row(document, _as_object(result)), original, objection)

    def _row(self, document: dict[str, Any], result: dict[str, Any]) -> dict[str, str | None]:
        metric, details = _of(result, "metric_config"), _of(result, "score_details")
        about, library = _of(document, "source_metadata"), _of(document, "eval_library")
        benchmark = _text(result.get("evaluation_name"))
        name = next(
            (text for key in _METRIC_NAMES if (text := _text(metric.get(key)))),
            None,
        )
        own_id = _text(result.get("evaluation_result_id"))
        identity = [_text(document.get("evaluation_id")), own_id or benchmark, name]
        version = _text(library.get("version"))
        return {
            "native_id": json.dumps(identity, ensure_ascii=False) if identity[0] else None,
            "model_id": _text(_of(document, "model_info").get("id")),
            "benchmark": benchmark,
            "metric": name,
            "score": _text(details.get("score")),
            "better": _better(metric.get("lower_is_better")),
            "score_minimum": _bound(metric.get("min_score")),
            "score_maximum": _bound(metric.get("max_score")),
            **self._uncertainty(_of(details, "uncertainty")),
            "harness": _text(library.get("name")),
            "harness_version": None if version == "unknown" else version,
            "settings": _settings(_of(_of(result, "generation_config"), "generation_args")),
            "reported_by": _text(about.get("source_organization_name")),
            "relationship": _text(about.get("evaluator_relationship")),
            "url": _url(_of(result, "source_data").get("url")),
            "occurred_at": _time(result.get("evaluation_timestamp"))
            or _time(document.get("evaluation_timestamp")),
        }

    def _uncertainty(self, said: dict[str, Any]) -> dict[str, str | None]:
        interval = _of(said, "confidence_interval")
        level = interval.get("confidence_level")
        is_usual = isinstance(level, float) and math.isclose(level, LEVEL)
        if interval and not is_usual:
            self._notes["intervals that do not say that they are of 95% were left out"] += 1
        return {
            "standard_error": _text(_of(said, "standard_error").get("value")),
            "score_lo": _text(interval.get("lower")) if is_usual else None,
            "score_hi": _text(interval.get("upper")) if is_usual else None,
            "sample_count": _text(said.get("num_samples")),
        }

    def _refusal(self, detail: str) -> LoadRefusedError:
        return LoadRefusedError(
            f"{self.name}: holds no documents of Every Eval Ever: {detail}.",
            remedy="It must be JSON as eval.schema.json of evaleval/every_eval_ever has it, "
            "version 0.2 or 0.3.",
        )


_METRIC_NAMES = ("metric_id", "metric_name", "metric_kind")


def _as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _of(value: Any, name: str) -> dict[str, Any]:
    """An object within an object; empty where there is none."""
    return _as_object(_as_object(value).get(name))


def _text(value: Any) -> str | None:
    """A value as text, as the gate reads it; nested ones as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _better(is_lower: Any) -> str | None:
    """In the contract's words; what is neither stays as it is, for the gate to refuse."""
    if isinstance(is_lower, bool):
        return BetterScore.LOWER if is_lower else BetterScore.HIGHER
    return _text(is_lower)


def _bound(value: Any) -> str | None:
    """A bound of the score; an infinite one is none."""
    return None if value in ("-Infinity", "Infinity") else _text(value)


def _settings(said: Mapping[str, Any]) -> str | None:
    known = {name: said[name] for name in SETTINGS if said.get(name) is not None}
    return json.dumps(known, ensure_ascii=False) if known else None


def _url(value: Any) -> str | None:
    """The first address."""
    return _text(value[0]) if isinstance(value, list) and value else _text(value or None)


def _time(value: Any) -> str | None:
    """Seconds since 1970, a date, or a time; without an offset it is UTC."""
    text = (_text(value) or "").strip()
    if _NUMBER.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC).isoformat()
    if _DATE.fullmatch(text):
        return f"{text}T00:00:00Z"
    if text and not _OFFSET.search(text[10:]):
        return f"{text}Z"
    return text or None
