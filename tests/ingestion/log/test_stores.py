"""Which stores are refused, what was done to one is found and named, and no message has a key."""

import re
from pathlib import Path

import numpy as np
import pytest

from ingestion.errors import DemoscopeError, IntegrityError, UsageError
from ingestion.log import EventLog
from ingestion.log.durable import StorageError
from ingestion.log.layout import Layout
from ingestion.log.object_store import ObjectStore, address
from ingestion.log.redaction import redact
from ingestion.log.store_repair import Repaired, differences, pull, push
from tests.ingestion.log.buckets import (
    FORBIDDEN,
    KEY_ID,
    SECRET,
    TOKEN,
    UNCONDITIONAL,
    BucketServer,
    Machines,
)
from tests.ingestion.log.events import PRODUCER, battles, check_once, commit, segment_paths


def test_a_store_that_ignores_the_condition_is_refused(s3: Machines, server: BucketServer) -> None:
    server.fault = lambda method, path: UNCONDITIONAL
    with pytest.raises(StorageError, match="does not refuse a second object"):
        s3.log("a")
    assert not (s3.home("a") / "log" / "STORE").exists()


@pytest.mark.parametrize("is_old", [False, True])
def test_a_bucket_that_keeps_versions_is_refused(
    s3: Machines, server: BucketServer, bucket: str, is_old: bool
) -> None:
    if is_old:
        log = s3.log("a")
        commit(log, "one", battles([1]))
    server.keep_versions(bucket)
    with pytest.raises(StorageError, match="keeps old versions"):
        s3.log("a").begin("two", PRODUCER)
    server.keep_versions(bucket, "Suspended")
    assert commit(s3.log("a"), "two", battles([2])).is_new


def test_a_bucket_that_is_not_there_is_not_an_empty_log(s3: Machines, server: BucketServer) -> None:
    s3.environment["DEMOSCOPE_LOG"] = "s3://no-such-bucket-here/log"
    with pytest.raises(StorageError, match="the store says 404 NoSuchBucket"):
        s3.log("a")


def test_a_bucket_that_goes_is_not_the_end_of_the_log(
    s3: Machines, server: BucketServer, bucket: str
) -> None:
    commit(s3.log("a"), "one", battles([1]))
    store = s3.log("a").layout.store
    assert store is not None
    store.delete(list(store.objects()))
    with pytest.raises(IntegrityError, match=r"commits/0+1.json is missing, but this copy"):
        s3.log("a")


@pytest.mark.parametrize(
    "said",
    [
        f"s3://{KEY_ID}:{SECRET}@bucket/log",
        f"az://container/log?sig={SECRET}",
        f"s3://bucket/log#{SECRET}",
        f"https://{SECRET}.example/log",
        "s3://",
        "file://relative",
        "bucket",
    ],
)
def test_an_address_with_more_than_a_place_is_refused_and_not_quoted(said: str) -> None:
    with pytest.raises(UsageError, match="must be s3://BUCKET") as caught:
        address(said)
    assert SECRET not in str(caught.value)
    assert KEY_ID not in str(caught.value)


def test_no_message_has_a_credential(
    s3: Machines, server: BucketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = s3.log("a")
    commit(log, "one", battles([1]))
    server.fault = lambda method, path: FORBIDDEN
    said = []
    for act in (
        lambda: s3.log("a"),
        lambda: s3.log("new"),
        lambda: commit(log, "two", battles([2])),
    ):
        with pytest.raises(StorageError) as caught:
            act()
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        said.append(str(caught.value))
    monkeypatch.setattr("ingestion.log.object_store._RETRIES", {"max_retries": 0})
    s3.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    with pytest.raises(StorageError, match="no answer") as unreached:
        s3.log("a")
    said.append(str(unreached.value))
    assert "403 SignatureDoesNotMatch" in said[0]
    assert not [one for one in said for secret in (SECRET, KEY_ID, TOKEN) if secret in one]


def test_variables_that_are_missing_are_no_traceback(tmp_path: Path) -> None:
    machines = Machines(tmp_path, "az://container/log", {})
    with pytest.raises(UsageError, match="cannot be opened with what the environment says"):
        machines.log("a")


def store_of(log: EventLog) -> ObjectStore:
    assert log.layout.store is not None
    return log.layout.store


def pushed(machines: Machines, name: str = "a") -> Repaired:
    with machines.at(name) as home:
        return push(Layout(home / "log"), None)


@pytest.fixture
def three(s3: Machines) -> EventLog:
    log = s3.log("a")
    for number in range(3):
        commit(log, f"{number}", battles(range(5 * number, 5 * number + 5)))
    return log


@pytest.mark.parametrize("what", ["tampered", "truncated", "missing"])
@pytest.mark.parametrize("kind", ["commits", "segments", "schemas", "FORMAT"])
def test_what_was_done_to_an_object_is_found_named_and_repaired(
    s3: Machines, three: EventLog, kind: str, what: str
) -> None:
    store = store_of(three)
    name = min(one for one in store.objects() if one.startswith(kind))
    content = store.get(name)
    assert content is not None
    if what == "missing":
        store.delete([name])
    elif what == "truncated":
        store.put(name, content[:-1])
    else:
        store.put(name, bytes([content[0] ^ 1]) + content[1:])
    [finding] = differences(three, store, is_read=True)[0]
    assert str(finding).startswith(store.path(name))
    with pytest.raises(DemoscopeError, match=re.escape(name)):
        s3.log("fresh")
    assert pushed(s3).files == (name,)
    assert differences(three, store, is_read=True) == ([], [])
    check_once(s3.log("fresh"), 15)


def test_a_damaged_head_is_named(s3: Machines, three: EventLog) -> None:
    store, name = store_of(three), three.layout.name(three.layout.commit(3))
    store.put(name, b"{}")
    with pytest.raises(IntegrityError, match=f"{name} is damaged"):
        s3.log("a")
    pushed(s3)
    assert s3.log("a").head_seq == 3


def test_a_forged_commit_does_not_enter_a_copy(s3: Machines, three: EventLog) -> None:
    before = s3.log("late")
    record = three.continued("forged", PRODUCER)
    other = record.encode().replace(three.head_hash.encode(), b"0" * 64)
    for content in (other, record.encode()[:-2], b"", b"{}"):
        store_of(three).put(three.layout.name(three.layout.commit(4)), content)
        with pytest.raises(IntegrityError, match=r"s3://.*commits/0+4.json"):
            s3.log("late")
        assert not before.layout.commit(4).exists()


def test_a_fork_is_refused(s3: Machines, three: EventLog) -> None:
    """Somebody wrote to a copy that did not know of its store."""
    late = s3.log("b")
    late.layout.address.unlink()
    del s3.environment["DEMOSCOPE_LOG"]
    alone = s3.log("b")
    assert alone.layout.store is None
    commit(alone, "own", battles([100]))
    late.layout.address.write_text(f"{store_of(three).url}\n", "utf-8")
    with pytest.raises(IntegrityError, match=r"commits/0+4.json is missing, but this copy"):
        s3.log("b")
    commit(three, "theirs", battles([200]))
    with pytest.raises(IntegrityError, match="the log was forked"):
        s3.log("b")
    with pytest.raises(IntegrityError, match="Nothing was put there"):
        pushed(s3, "b")
    assert differences(three, store_of(three), is_read=True) == ([], [])


def test_a_log_on_a_disk_moves_to_a_store(s3: Machines) -> None:
    url = s3.environment.pop("DEMOSCOPE_LOG")
    log = s3.log("a")
    for number in range(3):
        commit(log, f"{number}", battles(range(5 * number, 5 * number + 5)))
    s3.environment["DEMOSCOPE_LOG"] = url
    with pytest.raises(UsageError, match="demoscope log push"):
        s3.log("a")
    # A machine that looks while it is moved does not begin a log of its own.
    name = log.layout.name(log.layout.commit(1))
    with s3.at("a"):
        ObjectStore(url).put(name, log.layout.commit(1).read_bytes())
    with pytest.raises(UsageError, match="commits without a FORMAT"):
        s3.log("b")
    with s3.at("a"):
        done = push(Layout(log.layout.root), url)
    assert (done.commit_count, name in done.files) == (3, False)
    assert done.files[-1] == "FORMAT"
    del s3.environment["DEMOSCOPE_LOG"]
    commit(s3.log("a"), "more", battles([100]))
    s3.environment["DEMOSCOPE_LOG"] = url
    check_once(s3.log("b"), 16)
    with s3.at("a"), pytest.raises(UsageError, match="cannot be moved so"):
        push(Layout(log.layout.root), f"{url}-2")


def test_a_copy_that_is_behind_puts_nothing_back_that_was_erased(
    s3: Machines, three: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.log("b")
    original = segment_paths(three)[1]
    redact(three, lambda log: np.array([7] if log.head_seq == 3 else [], np.int64))
    monkeypatch.setattr("ingestion.log.store_repair.sweep_store", lambda chain, store: None)
    assert pushed(s3, "b").files == ()
    for root in (three.layout.root, s3.home("b") / "log"):
        assert not (root / three.layout.name(original)).exists()
    assert differences(three, store_of(three), is_read=True) == ([], [])


def test_another_log_is_not_put_over_one(s3: Machines, three: EventLog, tmp_path: Path) -> None:
    other = EventLog.open(tmp_path / "other" / "log")
    commit(other, "one", battles([1]))
    with s3.at("a"), pytest.raises(UsageError, match="two different logs"):
        push(Layout(other.layout.root), store_of(three).url)
    assert differences(three, store_of(three), is_read=True) == ([], [])


def test_a_copy_is_repaired_from_the_store(s3: Machines, three: EventLog) -> None:
    first, second, _ = segment_paths(three)
    first.unlink()
    second.write_bytes(b"damaged")
    with s3.at("a"):
        done = pull(three)
    assert sorted(done.files) == sorted(three.layout.name(path) for path in (first, second))
    check_once(s3.log("a"), 15)
    with pytest.raises(UsageError, match="lies on the disk"):
        pull(EventLog.open(s3.directory / "alone" / "log"))
