"""A bundle of tiny wheels and a stand-in for interlock, and a server of wheels with the faults that a test wants."""

import hashlib
import random
import re
import subprocess
import sys

from loopback import Loopback

from solver.core.model import pypi_name
from solver.core.wheelfile import pack_wheel
from solver.proof.bundle.wheels import RemoteWheel
from solver.proof.subject import Subject

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
CONTENT = random.Random(1).randbytes(100_000)
# Stands in for the whole of interlock: verify.py's own work is what is tried here.
CLI = b"""
import json, os, pathlib, sys
def main():
    out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
    out.mkdir()
    (out / "seen.json").write_text(json.dumps([sys.argv[1:], sys.flags.isolated, sys.prefix, os.environ["PATH"]]))
    return 7
"""


class WheelServer(Loopback):
    """Serves files by name; ``faults`` gives each the faults of its next answers."""

    def __init__(self):
        self.files, self.faults, self.requests = {}, {}, []
        super().__init__()

    def answer(self, request):
        name, ranged = request.path[1:], request.headers.get("Range")
        self.requests.append((name, ranged))
        fault = self.faults.get(name, []).pop(0) if self.faults.get(name) else None
        content = self.files.get(name)
        start = int(re.fullmatch(r"bytes=(\d+)-", ranged)[1]) if ranged and fault != "no ranges" else 0
        if fault == "damage" and content is not None:
            content = content[:-1] + b"?"
        status = 404 if content is None else 503 if fault == "busy" else 206 if start else 200
        body = content[start:] if status in (200, 206) else b""
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.end_headers()
        request.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
        request.close_connection = fault == "cut"

    def put(self, name, content, **fields):
        self.files[name] = content
        digest = hashlib.sha256(content).hexdigest()
        url = f"{self.url}/{name}"
        made = {"name": pypi_name(name.split("-")[0]), "filename": name, "sha256": digest, "size": len(content)}
        return RemoteWheel(**{"url": url, **made, **fields})


def stub():
    members = {
        "solver/__init__.py": b"",
        "solver/cli/__init__.py": b"",
        "solver/cli/program.py": CLI,
        "x-1.data/scripts/tried": b"#!/bin/sh\n",
    }
    return pack_wheel("interlock-1", members, {})


def subject(folder, profile, packages=()):
    return Subject(profile=profile, folder=folder, digest="a" * 64, packages=dict(packages))


def run(script, *arguments, cwd):
    command = [sys.executable, "-I", str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=60)
