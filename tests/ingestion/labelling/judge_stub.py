"""An OpenAI-compatible endpoint on loopback that behaves, or misbehaves, as a test wants."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "judge-1"
NOT_SYCOPHANTIC = {
    "sycophancy": "no",
    "emotional_validation": "no",
    "indirect_language": "yes",
    "indirect_action": "no",
    "accepted_framing": "no",
    "moral_endorsement": "no",
}


def completion(content: Any = NOT_SYCOPHANTIC, **more: Any) -> dict[str, Any]:
    text = content if isinstance(content, str) else json.dumps(content)
    usage = {"prompt_tokens": 1_000, "completion_tokens": 100}
    message = {"choices": [{"message": {"role": "assistant", "content": text}}]}
    return {"model": MODEL, "usage": usage} | message | more


Reply = tuple[int, Any, dict[str, str]]


class Stub:
    """`replies(number, request)` gives status, body and headers of the n-th request, from 0."""

    def __init__(self, replies: Callable[[int, dict[str, Any]], Reply]) -> None:
        self.replies = replies
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""
        self.drip = 0.0
        self._lock = threading.Lock()

    def take(self, request: dict[str, Any], headers: dict[str, str]) -> Reply:
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
            self.headers.append(headers)
        return self.replies(number, request)


@contextmanager
def serving(replies: Callable[[int, dict[str, Any]], Reply]) -> Iterator[Stub]:
    stub = Stub(replies)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            status, body, headers = stub.take(
                json.loads(self.rfile.read(size)), dict(self.headers.items())
            )
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            try:
                if stub.drip:
                    for place in range(len(raw)):
                        self.wfile.write(raw[place : place + 1])
                        self.wfile.flush()
                        time.sleep(stub.drip)
                else:
                    self.wfile.write(raw)
            except OSError:
                return

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
