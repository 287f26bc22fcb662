"""An object store: objects by name, and a way to put one that never replaces another.

S3, Google Cloud Storage, Azure and a directory, all by `obstore`. Credentials come from the
environment or from the machine, never from the address. No message has one: what a store or the
library says may quote addresses and headers, so its errors are told in words of our own.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from ingestion.errors import UsageError
from ingestion.log.durable import StorageError

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Client

PROBES = "probe/"
ADDRESSES = "s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX or file:///DIRECTORY"
ATTEMPTS = 3
_CLOUD = re.compile(r"(s3|gs|az)://[A-Za-z0-9][\w.-]*(/[\w.=-]+)*", re.ASCII)
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound")
_RETRIES = {"max_retries": 5, "retry_timeout": timedelta(minutes=3)}
# A segment may have to go through a slow line: the library's limit is half a minute.
_CLIENT = {"timeout": "15m", "connect_timeout": "15s"}
_REMEDIES = {
    "400": "Check the region, the endpoint and the credentials.",
    "401": "Give credentials of this store by its own variables of the environment.",
    "403": "The credentials must allow listing, reading, writing and deleting here.",
    "404": "Make the bucket, or correct the address.",
    "501": "This store lacks what a log needs: take another.",
}
_UNREACHED = "Check the address, the network and the variables of the environment, and try again."


@dataclass(frozen=True)
class Stored:
    """What a list says of an object: its bytes, and when it was put by the store's own clock."""

    size: int
    modified: datetime


class ObjectStore:
    """Objects below one address. Each call is answered, or raises StorageError."""

    def __init__(self, url: str) -> None:
        self.url = address(url)
        self._client = _opened(self.url)
        self.put_at: dict[str, float] = {}
        """Objects of this process that no commit names yet, and when each was put."""

    def path(self, name: str) -> str:
        """An object as messages name it."""
        return f"{self.url}/{name}"

    def get(self, name: str, version: str | None = None) -> bytes | None:
        """An object's content; None where there is none of this name."""
        import obstore

        options: Any = None if version is None else {"version": version}
        with self._explained("Reading", name):
            try:
                return bytes(obstore.get(self._client, name, options=options).bytes())
            except FileNotFoundError as error:
                # That the whole bucket is missing must not pass for the end of the log.
                if any(code in str(error) for code in _NO_BUCKET):
                    raise
                return None

    def put(self, name: str, content: bytes) -> None:
        """Put an object, in place of another of this name."""
        with self._explained("Writing", name):
            self._put(name, content, "overwrite")

    def create(self, name: str, content: bytes) -> bool:
        """Put an object unless there is another of this name.

        A refusal may be of one's own second try, when the answer to the first was lost; and an
        error may come after the object. So what is there is compared.

        Returns:
            Whether the store has exactly this content now.
        """
        import obstore.exceptions as refusals

        failure: Exception = FileNotFoundError()
        for _ in range(ATTEMPTS):
            try:
                self._put(name, content, "create")
            except (refusals.BaseError, OSError) as error:
                failure = error
            else:
                return True
            if (there := self.get(name)) is not None:
                return there == content
        with self._explained("Writing", name):
            raise failure

    def first(self, name: str, content: bytes) -> bytes:
        """Put an object unless there is one; what is there then."""
        return content if self.create(name, content) else self.get(name) or b""

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; one that is not there is no error."""
        import obstore

        for name in names:
            with self._explained("Deleting", name), suppress(FileNotFoundError):
                obstore.delete(self._client, name)
            self.put_at.pop(name, None)

    def objects(self, prefix: str | None = None, after: str | None = None) -> dict[str, Stored]:
        """Objects by name: every one, or those below a prefix, or after a name."""
        import obstore

        with self._explained("Listing", prefix or ""):
            return {
                one["path"]: Stored(one["size"], one["last_modified"])
                for some in obstore.list(self._client, prefix, offset=after)
                for one in some
            }

    def now(self) -> datetime:
        """What time it is by the store's own clock."""
        import obstore

        with self._probe() as name:
            self.put(name, b"now")
            with self._explained("Reading", name):
                return obstore.head(self._client, name)["last_modified"]

    def probe(self) -> None:
        """Prove that a log can lie here.

        Raises:
            StorageError: of two writers of one name both could win; or what is deleted or replaced
                can still be read, so that nobody could be erased.
        """
        with self._probe() as name:
            with self._explained("Writing", name):
                version = self._put(name, b"1", "overwrite")
            if self.create(name, b"2") or self.get(name) != b"1":
                raise StorageError(
                    f"{self.url} does not refuse a second object of one name (If-None-Match: *), so"
                    " two writers could lose events.",
                    remedy="Take a store that does, such as S3, or keep the log on a disk.",
                )
            self.put(name, b"3")
            if version is not None and self.get(name, version) == b"1":
                raise StorageError(
                    f"{self.url} keeps old versions of objects, so nobody could be erased from it.",
                    remedy="Take a bucket without versioning.",
                )

    @contextmanager
    def _probe(self) -> Iterator[str]:
        name = f"{PROBES}{secrets.token_hex(16)}"
        try:
            yield name
        finally:
            with suppress(StorageError):
                self.delete([name])

    def _put(self, name: str, content: bytes, mode: Literal["create", "overwrite"]) -> str | None:
        import obstore

        # Parts of an upload that was cut off would stay, and no list has them.
        done = obstore.put(self._client, name, content, mode=mode, use_multipart=False)
        return done["version"]

    @contextmanager
    def _explained(self, doing: str, name: str) -> Iterator[None]:
        """Tell the store's refusals in our own words: theirs may have credentials in them."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError) as error:
            status, code = _STATUS.search(str(error)), _CODE.search(str(error))
            said = " ".join(found[1] for found in (status, code) if found)
            why = f"the store says {said}" if said else f"no answer ({type(error).__name__})"
            remedy = _REMEDIES.get(status[1], "Try again.") if status else _UNREACHED
            message = f"{doing} {self.path(name)} failed: {why}."
            raise StorageError(message, remedy=remedy) from None


def address(url: str) -> str:
    """A store's address as it is written down.

    Raises:
        UsageError: it is none, or has more in it than a place; it is not quoted then.
    """
    url = url.strip().rstrip("/")
    if _CLOUD.fullmatch(url) or (url.startswith("file:///") and len(url) > len("file:///")):
        return url
    message = "The address of the log's store cannot be used: it must be"
    remedy = "Keys and tokens do not belong in it: give them by the environment."
    raise UsageError(f"{message} {ADDRESSES}.", remedy=remedy)


def _opened(url: str) -> Client:
    try:
        from obstore import store as clients
        from obstore.exceptions import BaseError
    except ImportError as error:
        message = "A log on an object store needs the package obstore, which is not installed."
        raise UsageError(message, remedy="pip install 'demoscope[store]'") from error
    scheme, _, rest = url.partition("://")
    place, _, prefix = rest.partition("/")
    is_plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true"}
    kinds: dict[str, Any] = {
        "s3": clients.S3Store,
        "gs": clients.GCSStore,
        "az": clients.AzureStore,
    }
    try:
        if scheme == "file":
            return clients.LocalStore(rest, mkdir=True)
        client: Client = kinds[scheme](
            place,
            prefix=prefix or None,
            client_options={**_CLIENT, "allow_http": is_plain},
            retry_config=_RETRIES,
        )
    except (BaseError, OSError, ValueError, TypeError):
        message = f"{url} cannot be opened with what the environment says of this store."
        remedy = "docs/operations.md says which variables: A log on an object store."
        raise UsageError(message, remedy=remedy) from None
    return client
