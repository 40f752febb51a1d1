"""An endpoint that does what a test says: scripted, local, and it remembers what it was sent."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tagger.taxonomies.taxonomy import REASONTYPE

KEY = "sk-test-0123456789abcdef"


@dataclass
class Answer:
    """What the server sends back."""

    body: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass
class Request:
    """What it was sent, and when."""

    body: dict[str, Any]
    headers: dict[str, str]
    at: float

    @property
    def user(self) -> str:
        """The first user message."""
        return str(self.body["messages"][1]["content"])

    @property
    def asked(self) -> list[int]:
        """Indices of the steps to be labelled."""
        return [int(i) for i in re.findall(r'<step number="(\d+)" label="yes">', self.user)]


def tag_for(text: str) -> str:
    """The tag this server gives a step: a plain function of its text."""
    return REASONTYPE.tags[sum(text.encode()) % len(REASONTYPE.tags)]


def completion(
    content: str, finish: str = "stop", usage: tuple[int, int] | None = (100, 10)
) -> str:
    """The body of a chat completion."""
    body: dict[str, Any] = {
        "id": "c",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content},
            }
        ],
    }
    if usage:
        body["usage"] = {
            "prompt_tokens": usage[0],
            "completion_tokens": usage[1],
            "total_tokens": sum(usage),
        }
    return json.dumps(body)


def labels(request: Request) -> str:
    """A right answer to a request, as the model's text."""
    entries = []
    for index in request.asked:
        text = re.search(
            rf'<step number="{index}" label="yes">\n(.*?)\n</step>', request.user, re.S
        )
        assert text
        entries.append({"step": index, "tag": tag_for(text[1]), "alternative": None})
    return json.dumps({"labels": entries})


def right(request: Request) -> Answer:
    """A right answer to a request."""
    return Answer(completion(labels(request)))


class ScriptedServer:
    """A server whose n-th answer (from 0) is ``script(n, request)``; `right` where that is None."""

    def __init__(self, script: Callable[[int, Request], Answer | None]) -> None:
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(length))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(body, headers, time.monotonic())
                with server._lock:
                    number = len(server.requests)
                    server.requests.append(request)
                    server._at_once += 1
                    server.most_at_once = max(server.most_at_once, server._at_once)
                try:
                    answer = script(number, request) or right(request)
                    time.sleep(answer.delay)
                finally:
                    with server._lock:
                        server._at_once -= 1
                content = answer.body.encode()
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except (BrokenPipeError, ConnectionResetError):
                    return  # the client was killed, as some tests want

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def times_asked(self) -> Counter[str]:
        """How often each first user message came (a second try has the same one)."""
        return Counter(request.user for request in self.requests)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(
    script: Callable[[int, Request], Answer | None] = lambda n, request: None,
) -> Iterator[ScriptedServer]:
    """Run a scripted server."""
    server = ScriptedServer(script)
    try:
        yield server
    finally:
        server.close()
