"""`interlock lock` against every kind of index fault, then listings broken at random: no wrong lock, no exit 5."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import formats
import hostile_index
import index_faults
from fault_server import HTML, JSON, Answer, FaultServer, make_wheel
from figures import Figures
from locking import WORDS
from one_index import python_channel, request_of, variables_of

from solver.cli import program
from solver.commands import project
from solver.core.errors import IndexUnavailable
from solver.core.model import pypi_name
from solver.index import pypi
from solver.index.pypi import PypiIndex
from solver.index.web import Web

NAME, TAG = hostile_index.NAME, hostile_index.TAG
HONEST = {hashlib.sha256(make_wheel(NAME, hostile_index.HONEST)).hexdigest()}
"""The hash of the release that does not lie."""
LINE = re.compile(r"#.*|victim==(1\.0|2\.0) \\|    --hash=sha256:([0-9a-f]{64})")


def kinds() -> dict[str, tuple]:
    """Every kind of fault: who serves it, and the hashes that a lock may have; None where there may be none."""
    good = {hashlib.sha256(index_faults.GOOD).hexdigest()}
    lies = {f"lie: {name}": (hostile_index.serve, lie, HONEST) for name, lie in hostile_index.KINDS.items()}
    fails = {f"fault: {name}": (index_faults.serve, fault, None) for name, fault in index_faults.FAULTS.items()}
    unread = {f"wheel: {name}": (index_faults.serve, fault, None) for name, fault in index_faults.UNREADABLE.items()}
    mended = {f"metadata: {name}": (index_faults.serve, fault, good) for name, fault in index_faults.MENDED.items()}
    return lies | fails | unread | mended


@contextlib.contextmanager
def _patched(patience: float) -> Iterator[None]:
    """Small limits, and nobody waits for who is silent."""
    limits = [(module, name, getattr(module, name)) for module, name, _ in index_faults.LIMITS]
    web = pypi.Web
    try:
        for module, name, value in index_faults.LIMITS:
            setattr(module, name, value)
        pypi.Web = lambda **kept: Web(retries=0, backoff=0, patience=patience, **kept)
        yield
    finally:
        pypi.Web = web
        for module, name, value in limits:
            setattr(module, name, value)


def _main(words: tuple[str, ...]) -> tuple[int, str]:
    """The command's exit code and what it said, in this process."""
    out, code = io.StringIO(), 0
    argv, sys.argv = sys.argv, ["interlock", *words]
    stdout = sys.stdout
    try:
        with contextlib.redirect_stderr(out), contextlib.redirect_stdout(out):
            program.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.argv, sys.stdout = argv, stdout
    return code, out.getvalue()


class Place:
    """A project that asks one index, and all that may be written for it."""

    def __init__(self, folder: Path, server: FaultServer) -> None:
        channel = python_channel(folder / "channel")
        self.root, self.folder = folder / "home" / "project", folder
        self.root.mkdir(parents=True)
        (self.root / "environment.yml.in").write_text(request_of(channel, open="packages: [victim]"))
        os.environ.update(variables_of(folder / "home" / "cache", server.url))
        self._before = self._files()

    def _files(self) -> set[str]:
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()}

    def made(self) -> set[str]:
        """What lies there since, but for caches and kept facts, by name."""
        ours = ("home/cache/", "home/project/matrices/", "home/project/locks/open/")
        return {name for name in self._files() - self._before if not name.startswith(ours)}

    def hashes(self) -> set[str] | None:
        """The hashes that the lock names; None where there is a line that is none of ours."""
        lines = (self.root / "locks/open/requirements.txt").read_text().splitlines()
        matches = [LINE.fullmatch(line) for line in lines]
        return None if None in matches else {match[2] for match in matches if match and match[2]}

    def clear(self) -> None:
        """As it was."""
        for path in (self.folder / "home/cache", self.root / "matrices", self.root / "locks"):
            shutil.rmtree(path, ignore_errors=True)


def soak(seed: int, listings: int, folder: Path, only: int = 10**6) -> Figures:
    """Every kind of fault once (or ``only`` so many of them, drawn), then so many broken listings."""
    figures, random = Figures("indexes"), Random(seed)
    began = time.monotonic()
    with _served(folder) as (server, place):
        chosen = list(kinds())
        for name in random.sample(chosen, min(only, len(chosen))):
            _kind(server, place, name, figures)
        for _ in range(listings):
            _listing(server, random.getrandbits(48), figures)
    figures.seconds = time.monotonic() - began
    return figures


def again(kind: str | None, listing: int | None, folder: Path) -> Figures:
    """One kind of fault, or the listing of one seed."""
    figures = Figures("indexes")
    with _served(folder) as (server, place):
        if kind is not None:
            _kind(server, place, kind, figures)
        if listing is not None:
            _listing(server, listing, figures)
    return figures


@contextlib.contextmanager
def _served(folder: Path) -> Iterator[tuple[FaultServer, Place]]:
    """A project in ``folder``, where this process is meanwhile, and its index."""
    before, environ, load = Path.cwd(), dict(os.environ), project.load_matrices
    project.load_matrices = functools.cache(load)
    server = FaultServer()
    try:
        place = Place(folder, server)
        os.chdir(place.root)
        yield server, place
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(environ)
        project.load_matrices = load
        server.close()


def _kind(server: FaultServer, place: Place, name: str, figures: Figures) -> None:
    serve, fault, right = kinds()[name]
    server.answers.clear()
    serve(server, fault)
    place.clear()
    with _patched(0.05 if "silent" in name else 30):
        code, said = _main(WORDS)
    figures.counts["kinds of fault"] += 1
    again = f"python tests/soak/run.py indexes --kind {name!r}"
    if code not in (0, 3, 4):
        figures.counts["exits 5"] += code == 5
        figures.fail(f"{name}: exit {code}: {said[-600:]}", again)
    elif code:
        figures.counts["ended in exit 3 or 4"] += 1
        if (place.root / "locks/open").exists():
            figures.fail(f"{name}: a lock beside exit {code}", again)
    else:
        figures.counts["locked without the lie"] += 1
        wrong = right is None or place.hashes() != right
        figures.counts["wrong locks"] += wrong
        if wrong:
            figures.fail(f"{name}: a wrong lock: {place.hashes()}", again)
    if made := place.made():
        figures.fail(f"{name}: wrote {sorted(made)}", again)


def _broken_listing(server: FaultServer, random: Random) -> Answer:
    files = [(f"{NAME}-{v}-{TAG}", make_wheel(NAME, v)) for v in ("1.0", "2.0")]
    entries = [
        {
            "filename": name,
            "url": f"{server.url}/files/{name}",
            "hashes": {"sha256": hashlib.sha256(wheel).hexdigest()},
            "requires-python": ">=3.9",
            "size": len(wheel),
            "upload-time": "2026-01-01T00:00:00.000000Z",
            "yanked": False,
            "core-metadata": random.choice([True, False, {"sha256": "a" * 64}]),
        }
        for name, wheel in files
    ]
    data = {"meta": {"api-version": "1.1"}, "name": NAME, "files": entries, "versions": ["1.0", "2.0"]}
    for _ in range(random.randint(1, 4)):
        data = formats.with_other_data(data, random)
    body = json.dumps(data)
    if random.random() < 0.2:
        body = formats.with_other_letters(body, random)
    kind = random.choice([JSON] * 8 + [HTML, "text/plain", ""])
    return Answer(body.encode("utf-8", "surrogatepass"), kind, status=random.choice([200] * 9 + [206]))


def _listing(server: FaultServer, seed: int, figures: Figures) -> None:
    """Read one broken listing, and the requirements of each release that is left in it."""
    random = Random(seed)
    server.answers.clear()
    for version in ("1.0", "2.0"):
        server.add_wheel(f"{NAME}-{version}-{TAG}", make_wheel(NAME, version))
    server.answers[f"/simple/{NAME}/"] = _broken_listing(server, random)
    figures.counts["broken listings"] += 1
    again = f"python tests/soak/run.py indexes --listing {seed}"
    with tempfile.TemporaryDirectory() as cache, Web(retries=0, backoff=0, patience=5) as session:
        index = PypiIndex(f"{server.url}/simple/", Path(cache), session)
        try:
            for release in index.releases(pypi_name(NAME)):
                with contextlib.suppress(IndexUnavailable):
                    index.requires(release)
                for file in release.files:
                    right = file.filename.startswith("victim-") and re.fullmatch(
                        r"[0-9a-f]{64}", file.sha256 or "0" * 64
                    )
                    if not right:
                        figures.fail(f"believed of {NAME}: {file}", again)
            figures.counts["listings read"] += 1
        except IndexUnavailable as error:
            if "\n" in str(error):
                figures.fail(f"several lines: {error!s:.300}", again)
        except Exception as error:
            figures.counts["exits 5"] += 1
            figures.fail(f"{type(error).__name__}: {error!s:.300}", again)
