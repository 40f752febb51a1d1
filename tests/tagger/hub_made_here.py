"""A server on 127.0.0.1 that speaks as much of the Hub's protocol as download and upload need."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

Files = dict[str, bytes]
TOKEN = "hf_made_here"


class Hub:
    """Repositories by name: commits by hash, branches by name."""

    def __init__(self) -> None:
        self.commits: dict[str, dict[str, Files]] = {}
        self.branches: dict[str, dict[str, str]] = {}
        self.served: list[str] = []
        self.url = ""

    def create(self, repo: str) -> None:
        if repo not in self.commits:
            self.commits[repo], self.branches[repo] = {}, {}
            self.commit(repo, "main", {".gitattributes": b""})

    def commit(self, repo: str, branch: str, changed: Files, deleted: Collection[str] = ()) -> str:
        before = self.commits[repo].get(self.branches[repo].get(branch, ""), {})
        sha = hashlib.sha1(f"{repo}{branch}{len(self.commits[repo])}".encode()).hexdigest()
        kept = {name: content for name, content in before.items() if name not in deleted}
        self.commits[repo][sha] = {**kept, **changed}
        self.branches[repo][branch] = sha
        return sha

    def resolve(self, repo: str, revision: str) -> str | None:
        sha = self.branches[repo].get(revision, revision)
        return sha if sha in self.commits[repo] else None


class Handler(BaseHTTPRequestHandler):
    """GET and HEAD of a repository, POST of a commit; all else is 404."""

    hub: Hub

    def log_message(self, *_: Any) -> None: ...

    def _send(self, code: int, body: Any = b"", **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = [unquote(p) for p in urlsplit(self.path).path.strip("/").split("/")]
        api = parts[:2] == ["api", "models"]
        repo = "/".join(parts[2:4] if api else parts[:2])
        verb, revision = (parts + ["", ""])[4:6] if api else (parts + ["", ""])[2:4]
        if repo not in self.hub.commits:
            return self._send(401, X_Error_Code="RepoNotFound")
        sha = self.hub.resolve(repo, revision or "main")
        if sha is None:
            return self._send(404, X_Error_Code="RevisionNotFound")
        files = self.hub.commits[repo][sha]
        if verb == "tree":
            listed = [
                {"type": "file", "path": n, "size": len(b), "oid": hashlib.sha1(b).hexdigest()}
                for n, b in files.items()
            ]
            return self._send(200, listed)
        if verb == "resolve":
            name = "/".join(parts[4:])
            if self.command == "GET":
                self.hub.served.append(name)
            etag = f'"{hashlib.sha1(files[name]).hexdigest()}"'
            return self._send(200, files[name], ETag=etag, X_Repo_Commit=sha)
        self._send(200, {"id": repo, "sha": sha, "siblings": [{"rfilename": n} for n in files]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        parts = [unquote(p) for p in urlsplit(self.path).path.strip("/").split("/")]
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._send(401, {"error": "Invalid credentials"})
        if parts[1:] == ["repos", "create"]:
            asked = json.loads(body)
            repo = f"{asked['organization']}/{asked['name']}"
            self.hub.create(repo)
            return self._send(200, {"url": f"{self.hub.url}/{repo}", "name": repo})
        if parts[1:] == ["validate-yaml"]:
            return self._send(200, {"errors": [], "warnings": []})
        repo, verb, branch = "/".join(parts[2:4]), parts[4], parts[5]
        if verb == "branch":
            self.hub.branches[repo].setdefault(branch, self.hub.branches[repo]["main"])
            return self._send(200, {})
        if verb == "preupload":
            names = [f["path"] for f in json.loads(body)["files"]]
            modes = [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]
            return self._send(200, {"files": modes})
        lines = [json.loads(line) for line in body.splitlines()]
        files = [line["value"] for line in lines if line["key"] == "file"]
        deleted = [line["value"]["path"] for line in lines if line["key"] == "deletedFile"]
        sha = self.hub.commit(
            repo, branch, {f["path"]: base64.b64decode(f["content"]) for f in files}, deleted
        )
        url = f"{self.hub.url}/{repo}/commit/{sha}"
        self._send(200, {"success": True, "commitOid": sha, "commitUrl": url})


@contextmanager
def local_hub(patch: pytest.MonkeyPatch, cache: Any) -> Iterator[Hub]:
    """Run a Hub and point `huggingface_hub`, online and logged in, at it and an empty cache."""
    from huggingface_hub import constants

    hub = Hub()
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("OfHub", (Handler,), {"hub": hub, "protocol_version": "HTTP/1.1"})
    )
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    patch.setattr(constants, "ENDPOINT", hub.url)
    patch.setattr(constants, "HF_HUB_OFFLINE", False)
    patch.setattr(constants, "HF_HUB_CACHE", str(cache))
    patch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        hub.url + "/{repo_id}/resolve/{revision}/{filename}",
    )
    patch.setenv("HF_TOKEN", TOKEN)
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
