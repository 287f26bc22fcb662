"""Files on Hugging Face: `hf://datasets/OWNER/NAME[@REVISION]/PATH`, fetched once, read as local.

Fetching before reading keeps what was read: the fingerprint is of bytes that lie in the cache, and
the same load can be repeated without a network.
"""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from ingestion.errors import DemoscopeError, NotFoundError, UsageError
from ingestion.sources.files import first_line

_ADDRESS = re.compile(
    r"hf://datasets/(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[^/]+(?:/[^/]+)*?))?/(?P<path>[^@]+)"
)
_TIMEOUT_SECONDS = 10


def is_remote(path: str) -> bool:
    """Whether it names something that is not on this machine."""
    return "://" in path


def fetch(address: str, cache: Path) -> Path:
    """The local copy of a file on Hugging Face.

    Raises:
        UsageError: the address is not of the form above.
        NotFoundError: there is no such dataset or file, or it may not be seen.
        DemoscopeError: there is no network, or the download failed.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise UsageError(
            f"{address}: only hf://datasets/OWNER/NAME/PATH can be fetched.",
            remedy="Download anything else first and give the path of the file.",
        )
    repo, revision, path = match["repo"], match["revision"], match["path"]
    page = f"https://huggingface.co/datasets/{repo}"
    # Imported late: it takes half a second and is rarely needed.
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        local = hf_hub_download(
            repo,
            path,
            repo_type="dataset",
            revision=revision,
            cache_dir=str(cache),
            etag_timeout=_TIMEOUT_SECONDS,
            # Else its retries take half a minute to say that there is no network.
            local_files_only=not _is_reachable(constants.ENDPOINT),
        )
    except GatedRepoError as error:
        raise NotFoundError(
            f"{address}: the dataset is shown only to those who accepted its terms.",
            remedy=f"Accept them on {page}, then log in: hf auth login",
        ) from error
    except Exception as error:
        missing = (EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError)
        if isinstance(error, missing) and not isinstance(error, LocalEntryNotFoundError):
            raise NotFoundError(
                f"{address}: there is no such dataset, revision or file, or it is private.",
                remedy=f"Look at {page}/tree/main",
            ) from error
        # huggingface_hub lets its HTTP library's errors through, and changed libraries before.
        raise DemoscopeError(
            f"{address}: cannot be fetched (is there a network?): {first_line(error)}.",
            remedy=f"Download the file elsewhere, from {page}/tree/main, and give its path.",
        ) from error
    return Path(local)


def _is_reachable(endpoint: str) -> bool:
    """Whether the host has an address; taken for granted behind a proxy, which resolves it."""
    if getproxies():
        return True
    try:
        socket.getaddrinfo(urlsplit(endpoint).hostname, None)
    except OSError:
        return False
    return True
