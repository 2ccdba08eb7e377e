"""A package index on the loopback interface that fails in the ways real ones do.

Nothing sleeps: a fault is an answer, or silence that ends with the server.
"""

import hashlib
import io
import json
import re
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field

from loopback import Loopback

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html"
DAY = (2020, 1, 1, 0, 0, 0)
"""When every member of a wheel was written."""


@dataclass
class Answer:
    body: bytes = b""
    content_type: str = "application/octet-stream"
    status: int = 200
    ranges: bool = True
    """False: the Range header is ignored and everything is sent."""
    cut: int = 0
    """Bytes that are announced and never sent."""
    fail_first: list[int] = field(default_factory=list)
    """Status codes of the first answers."""
    content_range: str | None = None
    """A wrong Content-Range."""
    headers: dict = field(default_factory=dict)
    """Further headers; None leaves one out."""
    raw: Callable | None = None
    """Called with the server and the stream instead of all that: whatever it writes is the answer."""


class FaultServer(Loopback):
    def __init__(self):
        self.answers = {}
        self.requests = []
        """(path, Range header or None) of each request, in order."""
        self.authorizations = []
        self.confirmed = []
        """The path of each request that was answered by 304."""
        self.over = threading.Event()
        super().__init__()

    def add_project(self, name, files, content_type=JSON, **fault):
        """``files``: filename -> dict of the listing's keys beside filename, url and hashes."""
        entries = []
        for filename, keys in files.items():
            wheel = self.answers.get(f"/files/{filename}")
            digest = hashlib.sha256(wheel.body).hexdigest() if wheel else "0" * 64
            entry = {"filename": filename, "url": f"{self.url}/files/{filename}", "hashes": {"sha256": digest}}
            entries.append({**entry, **keys})
        if content_type == HTML:
            body = "".join(f'<a href="{e["url"]}#sha256={e["hashes"]["sha256"]}">{e["filename"]}</a>' for e in entries)
        else:
            body = json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": entries, "versions": []})
        self.answers[f"/simple/{name}/"] = Answer(body.encode(), content_type, **fault)

    def add_wheel(self, filename, wheel, **fault):
        self.answers[f"/files/{filename}"] = Answer(wheel, **fault)
        return f"{self.url}/files/{filename}"

    def answer(self, request):
        self.requests.append((request.path, request.headers.get("Range")))
        self.authorizations.append(request.headers.get("Authorization"))
        answer = self.answers.get(request.path)
        if answer is None:
            return self._send(request, 404, b"", {})
        if answer.raw:
            request.close_connection = True
            return answer.raw(self, request.wfile)
        if answer.fail_first:
            return self._send(request, answer.fail_first.pop(0), b"", answer.headers)
        headers, body, status = {"Content-Type": answer.content_type, **answer.headers}, answer.body, answer.status
        if answer.headers.get("ETag", 0) == request.headers.get("If-None-Match"):
            self.confirmed.append(request.path)
            return self._send(request, 304, b"", {**answer.headers, "Content-Length": None})
        header = request.headers.get("Range")
        if header and answer.ranges and status == 200:
            start, stop = span(header, len(body))
            if start >= max(stop, 1):
                return self._send(request, 416, b"", {"Content-Range": f"bytes */{len(body)}"})
            named = f"bytes {start}-{stop - 1}/{len(body)}"
            headers["Content-Range"] = answer.content_range or named
            body, status = body[start:stop], 206
        return self._send(request, status, body, headers, answer.cut)

    def _send(self, request, status, body, headers, cut=0):
        request.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            if value is not None:
                request.send_header(key, value)
        request.end_headers()
        request.wfile.write(body[: len(body) - cut] if cut else body)
        if cut:
            request.close_connection = True

    def close(self):
        self.over.set()
        super().close()


def span(header, size):
    """The half-open span that a Range header asks of a file of ``size`` bytes."""
    first, last = re.fullmatch(r"bytes=(\d*)-(\d+)", header).groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1)


def make_wheel(name, version, requires=(), python=None, members=()):
    """A wheel with METADATA, and ``members`` (name, bytes) before it; the same bytes whenever it is made."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {python}"] if python else []
    lines += [f"Requires-Dist: {text}" for text in requires]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as wheel:
        for member, data in members:
            wheel.writestr(zipfile.ZipInfo(member, DAY), data)
        metadata = zipfile.ZipInfo(f"{name}-{version}.dist-info/METADATA", DAY)
        wheel.writestr(metadata, "\n".join(lines) + "\n\nText\n")
    return stream.getvalue()
