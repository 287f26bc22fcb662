"""Which requests to a server on this machine come from its own pages.

A page of another site can have a reader's browser send requests to loopback, and can give its own
name loopback's address. What the browser then says of the request tells it apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOPBACK = "127.0.0.1"
NAMES = (LOOPBACK, "localhost", "[::1]")
OWN_SITES = {"same-origin", "none"}
"""How Sec-Fetch-Site names a request of the page itself, and of the reader."""
_PORT_LEFT_OUT = 80


def why_foreign(headers: Iterable[tuple[str, str]], port: int) -> str | None:
    """Why a request is refused; None where it is the page's own, the reader's or a program's.

    Args:
        headers: of the request, each as often as it was sent.
        port: the server's.
    """
    said: dict[str, list[str]] = {"host": [], "origin": [], "sec-fetch-site": []}
    for name, value in headers:
        if name.lower() in said:
            said[name.lower()].append(value.strip().lower())
    hosts = {f"{name}:{port}" for name in NAMES} | (set(NAMES) if port == _PORT_LEFT_OUT else set())
    address = f"Open http://{LOOPBACK}:{port}/ instead."
    if len(said["host"]) != 1 or said["host"][0] not in hosts:
        return f"This server answers on this machine only, under its own name. {address}"
    if any(origin != f"http://{said['host'][0]}" for origin in said["origin"]):
        return f"A page of another site may not use this server. {address}"
    if any(site not in OWN_SITES for site in said["sec-fetch-site"]):
        return f"A page of another site may not use or link to this server. {address}"
    return None
