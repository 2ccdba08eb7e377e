"""A server that plays a conda channel as the public ones are: every form of repodata, validators, and what misleads."""

import hashlib
import json

import msgpack
import zstandard
from loopback import Loopback

FORMS = ("shards", "zst", "json")


class RealChannel(Loopback):
    """Serves ``records`` in one of ``FORMS``, with an ETag; ``current_repodata.json`` holds the newest builds alone."""

    methods = ("GET", "HEAD")

    def __init__(self, form, entries):
        self.form, self.asked, self.unchanged = form, [], []
        self.publish(entries)
        super().__init__()

    def publish(self, entries):
        """Have the channel hold ``entries`` (of ``conda_repodata.entry``) from now on, as patches do."""
        self.files = {}
        for subdir in ("linux-64", "noarch"):
            packages = {name: record for name, record in entries if record["subdir"] == subdir}
            whole = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": packages, "removed": []}
            # What conda asks first, and what belongs to building: neither may be taken for the channel.
            self.files[f"/{subdir}/current_repodata.json"] = json.dumps({**whole, "packages.conda": {}}).encode()
            self.files[f"/{subdir}/run_exports.json"] = json.dumps({"packages": {}, "packages.conda": {}}).encode()
            if self.form == "shards":
                self._shards(subdir, packages)
            elif self.form == "zst":
                self.files[f"/{subdir}/repodata.json.zst"] = zstandard.compress(json.dumps(whole).encode())
            else:
                self.files[f"/{subdir}/repodata.json"] = json.dumps(whole).encode()

    def _shards(self, subdir, packages):
        """CEP 16: an index of hashes by name, and a file for each name."""
        shards = {}
        for package in {record["name"] for record in packages.values()}:
            own = {name: _binary(record) for name, record in packages.items() if record["name"] == package}
            body = zstandard.compress(msgpack.packb({"packages": {}, "packages.conda": own, "removed": []}))
            digest = hashlib.sha256(body)
            shards[package] = digest.digest()
            self.files[f"/{subdir}/shards/{digest.hexdigest()}.msgpack.zst"] = body
        info = {
            "base_url": "./",
            "shards_base_url": "./shards/",
            "subdir": subdir,
            "created_at": "2026-01-01T00:00:00Z",
        }
        index = msgpack.packb({"version": 1, "info": info, "shards": shards})
        self.files[f"/{subdir}/repodata_shards.msgpack.zst"] = zstandard.compress(index)

    def answer(self, request):
        """404 for what this form has not, 304 for what the asker holds already."""
        self.asked.append(request.path)
        body = self.files.get(request.path)
        tag = None if body is None else f'"{hashlib.sha256(body).hexdigest()}"'
        held = tag is not None and request.headers.get("If-None-Match") == tag
        if held:
            self.unchanged.append(request.path)
        request.send_response(404 if body is None else 304 if held else 200)
        sent = b"" if body is None or held else body
        request.send_header("Content-Length", str(len(sent)))
        if tag is not None:
            request.send_header("ETag", tag)
            request.send_header("Cache-Control", "public, max-age=0")
        request.end_headers()
        if request.command == "GET":
            request.wfile.write(sent)


def _binary(record):
    # Shards hold hashes as bytes.
    return {key: _bytes(value) if key in ("sha256", "md5") else value for key, value in record.items()}


def _bytes(digest):
    try:
        return bytes.fromhex(digest)
    except (TypeError, ValueError):  # what a test means to be none
        return digest
