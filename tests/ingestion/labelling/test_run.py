"""A run labels all it can, asks again where that may help, and never takes a wrong answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import UsageError
from ingestion.labelling.conversations import Conversation, read_conversations
from ingestion.labelling.endpoint import Endpoint, EndpointError
from ingestion.labelling.run import CapError, FruitlessError, Prices, Report, Run
from ingestion.rubrics.prompt import prompt_sha256
from ingestion.rubrics.reading import find_rubric
from tests.ingestion.labelling.judge_stub import (
    MODEL,
    NOT_SYCOPHANTIC,
    Reply,
    Stub,
    completion,
    serving,
)

SECRET = "key-of-the-test"  # noqa: S105 (a stub's)
TALKS = [Conversation(f"c{number}", "alpha", f"user: question {number}") for number in range(6)]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


def good(_number: int = 0, _request: dict[str, Any] | None = None) -> Reply:
    return 200, completion(), {}


def run_of(stub: Stub, tmp_path: Path, waits: list[float] | None = None, **more: Any) -> Run:
    noted = [] if waits is None else waits
    asked = {"timeout": 5.0, "tries": 4, "seed": 7} | {
        name: more.pop(name) for name in ("timeout", "tries", "per_minute") if name in more
    }
    endpoint = Endpoint(stub.url, SECRET, MODEL, sleep=noted.append, **asked)
    return Run(
        find_rubric("sycophancy"), endpoint, "study", tmp_path / "answers", workers=1, **more
    )


def label(stub: Stub, tmp_path: Path, talks: list[Conversation] = TALKS, **more: Any) -> Report:
    return run_of(stub, tmp_path, **more).label(talks, tmp_path / "labels.jsonl")


def labels(tmp_path: Path) -> list[dict[str, Any]]:
    text = (tmp_path / "labels.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_every_conversation_gets_every_label(tmp_path: Path) -> None:
    with serving(good) as stub:
        report = label(stub, tmp_path)
        [first, *_] = stub.requests
        assert stub.headers[0]["Authorization"] == f"Bearer {SECRET}"
    assert (first["temperature"], first["seed"], first["model"]) == (0, 7, MODEL)
    assert "question 0" in first["messages"][1]["content"]
    assert (report.asked_count, report.label_count, report.failed) == (6, 36, {})
    rows = labels(tmp_path)
    assert len({(row["native_id"], row["label"]) for row in rows}) == 36
    assert {row["label"]: row["value"] for row in rows[:6]} == NOT_SYCOPHANTIC
    assert rows[0]["prompt_sha256"] == prompt_sha256(find_rubric("sycophancy"))
    assert (rows[0]["judge"], rows[0]["judge_version"]) == (MODEL, MODEL)
    written = "".join(path.read_text() for path in tmp_path.rglob("*.json*"))
    assert "question" not in written
    assert SECRET not in written


def test_a_run_again_asks_nothing_and_writes_the_same(tmp_path: Path) -> None:
    with serving(good) as stub:
        label(stub, tmp_path)
        before = (tmp_path / "labels.jsonl").read_bytes()
        report = label(stub, tmp_path)
        assert len(stub.requests) == 6
    assert (report.asked_count, report.kept_count) == (0, 6)
    assert (tmp_path / "labels.jsonl").read_bytes() == before


def test_another_text_prompt_or_seed_is_asked_anew(tmp_path: Path) -> None:
    with serving(good) as stub:
        label(stub, tmp_path, TALKS[:1])
        label(stub, tmp_path, [Conversation("c0", "alpha", "user: changed")])
        other = run_of(stub, tmp_path)
        other.endpoint.seed = 8
        other.label(TALKS[:1], tmp_path / "labels.jsonl")
        assert len(stub.requests) == 3


@pytest.mark.parametrize(
    ("reply", "headers", "waits"),
    [
        (429, {"Retry-After": "9"}, [9.0]),
        (429, {"Retry-After": "tomorrow"}, [1.0]),
        (429, {"Retry-After": "100000"}, [60.0]),
        (500, {}, [1.0]),
        (503, {}, [1.0]),
    ],
)
def test_a_busy_endpoint_is_asked_again_later(
    tmp_path: Path, reply: int, headers: dict[str, str], waits: list[float]
) -> None:
    def replies(number: int, _request: dict[str, Any]) -> Reply:
        return (reply, b"{}", headers) if number == 0 else good()

    waited: list[float] = []
    with serving(replies) as stub:
        report = label(stub, tmp_path, TALKS[:1], waits=waited)
    assert report.label_count == 6
    assert waited == waits


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(completion()).encode()[:60],
        b"",
        b"[]",
        b'{"model": "judge-1", "choices": []}',
        json.dumps(completion() | {"choices": [{"message": {"content": None}}]}).encode(),
        b"[" * 200_000,
        b" " * (1 << 21),
    ],
)
def test_half_an_answer_is_none(tmp_path: Path, body: bytes) -> None:
    with serving(lambda number, _: (200, body, {}) if number < 2 else good()) as stub:
        waited: list[float] = []
        report = label(stub, tmp_path, TALKS[:1], waits=waited)
        assert len(stub.requests) == 3
    assert waited == [1.0, 2.0]
    assert report.label_count == 6


@pytest.mark.parametrize(
    "content",
    [
        NOT_SYCOPHANTIC | {"sycophancy": "maybe"},
        NOT_SYCOPHANTIC | {"sycophancy": True},
        {"sycophancy": "no"},
        "I think not.",
        "x" * 30_000,
        ["no"],
    ],
)
def test_a_label_outside_the_rubric_is_asked_again_and_then_given_up(
    tmp_path: Path, content: Any
) -> None:
    def replies(_number: int, request: dict[str, Any]) -> Reply:
        is_odd = "question 3" in request["messages"][1]["content"]
        return (200, completion(content), {}) if is_odd else good()

    with serving(replies) as stub:
        report = label(stub, tmp_path)
        assert len(stub.requests) == 5 + 3
        [(name, why)] = report.failed.items()
        assert name == "c3 (alpha)"
        assert "outside the rubric" in why
        assert {row["conversation_id"] for row in labels(tmp_path)} == {
            "c0", "c1", "c2", "c4", "c5",
        }  # fmt: skip
        stub.replies = good
        again = label(stub, tmp_path)
    assert (again.asked_count, again.kept_count, again.label_count) == (1, 5, 36)


def test_an_answer_in_a_code_block_is_read(tmp_path: Path) -> None:
    text = f"```json\n{json.dumps(NOT_SYCOPHANTIC)}\n```"
    with serving(lambda *_: (200, completion(text), {})) as stub:
        assert label(stub, tmp_path, TALKS[:1]).label_count == 6


@pytest.mark.parametrize("model", ["judge-2", "judge-1-mini", "", None, 7])
def test_an_endpoint_that_lies_about_its_model_ends_the_run(tmp_path: Path, model: Any) -> None:
    with serving(lambda *_: (200, completion(model=model), {})) as stub:
        with pytest.raises(EndpointError, match="'judge-1' was asked"):
            label(stub, tmp_path)
        assert len(stub.requests) == 1
    assert not (tmp_path / "labels.jsonl").exists()


def test_a_dated_name_is_the_judges_version(tmp_path: Path) -> None:
    with serving(lambda *_: (200, completion(model="judge-1-2026-05-13"), {})) as stub:
        label(stub, tmp_path, TALKS[:1])
    assert {row["judge_version"] for row in labels(tmp_path)} == {"judge-1-2026-05-13"}


def test_a_slow_answer_is_not_waited_for(tmp_path: Path) -> None:
    with serving(good) as stub:
        stub.drip = 0.05
        report = label(stub, tmp_path, TALKS[:1], timeout=0.3, tries=2)
    [why] = report.failed.values()
    assert "2 times" in why


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404])
def test_a_refusal_or_a_redirect_ends_the_run_and_takes_the_key_nowhere(
    tmp_path: Path, status: int
) -> None:
    with (
        serving(good) as elsewhere,
        serving(
            lambda *_: (status, b"{}", {"Location": f"{elsewhere.url}/chat/completions"})
        ) as stub,
    ):
        with pytest.raises(EndpointError, match=f"HTTP {status}") as caught:
            label(stub, tmp_path)
        assert SECRET not in str(caught.value)
        assert len(stub.requests) == 1
        assert not elsewhere.requests


def test_the_cap_on_cost_holds_over_runs(tmp_path: Path) -> None:
    # 1,000 tokens read and 100 written cost 1.2 cents.
    prices = {"read": 10.0, "written": 20.0}
    with serving(good) as stub:
        with pytest.raises(CapError, match="raise --max-cost"):
            label(stub, tmp_path, prices=Prices(cap=0.03, **prices))
        assert len(stub.requests) == 2
        with pytest.raises(CapError):
            label(stub, tmp_path, prices=Prices(cap=0.03, **prices))
        assert len(stub.requests) == 2
        report = label(stub, tmp_path, prices=Prices(cap=1.0, **prices))
        assert len(stub.requests) == 6
    assert report.cost == pytest.approx(6 * 0.012)


def test_tokens_that_nobody_counts_are_counted_by_length(tmp_path: Path) -> None:
    with serving(lambda *_: (200, completion(usage=None), {})) as stub:
        report = label(stub, tmp_path, prices=Prices(read=10.0, written=20.0))
    assert report.cost > 0.0


def test_an_endpoint_that_answers_nobody_ends_the_run(tmp_path: Path) -> None:
    talks = [Conversation(f"c{number}", None, f"user: {number}") for number in range(40)]
    with serving(lambda *_: (500, b"", {})) as stub:
        with pytest.raises(FruitlessError, match="20 conversations in a row"):
            label(stub, tmp_path, talks, tries=1)
        assert len(stub.requests) == 20


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    def killed(done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with serving(good) as stub:
        with pytest.raises(KeyboardInterrupt):
            label(stub, tmp_path, tell=killed)
        assert not (tmp_path / "labels.jsonl").exists()
        kept = list((tmp_path / "answers").glob("*.json"))
        kept[0].write_text('{"labels": [{"lab', encoding="utf-8")
        report = label(stub, tmp_path)
    assert report.label_count == 36
    assert report.kept_count == len(kept) - 1


def test_requests_keep_their_distance(tmp_path: Path) -> None:
    waited: list[float] = []
    with serving(good) as stub:
        label(stub, tmp_path, waits=waited, per_minute=60.0)
    # Nobody really waits here, so each waits for all turns before it.
    assert len(waited) == 5
    assert waited[-1] > 4.0


@pytest.mark.parametrize("url", ["", "ftp://host/v1", "file:///etc/passwd", "http://a:b@host/v1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="DEMOSCOPE_JUDGE_URL"):
        Endpoint(url, None, MODEL)


def test_rows_that_are_no_conversations_are_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "talks.jsonl"
    messages = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]
    rows = [
        json.dumps({"conversation_id": "c1", "messages": messages}),
        '{"conversation_id": "c2"',
        json.dumps({"conversation_id": "c3", "text": "  "}),
        json.dumps({"conversation_id": 4, "text": "hello"}),
        json.dumps({"conversation_id": "c1", "text": "another"}),
        json.dumps({"conversation_id": "c5", "messages": [{"role": "user"}]}),
        json.dumps({"conversation_id": "c6", "model_id": "alpha", "text": "hello"}),
        "",
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    found, wrong = read_conversations(path)
    assert [one.conversation_id for one in found] == ["c1", "c6"]
    assert found[0].text == "user: hello\n\nassistant: hi"
    assert [line.split(":")[0] for line in wrong] == ["row 2", "row 3", "row 4", "row 5", "row 6"]
    path.write_text("{}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="No row of"):
        read_conversations(path)
