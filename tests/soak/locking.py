"""A small project whose lock has two states, and real `interlock lock` commands over it in processes of their own.

A command is forked from a process that has read the modules and the rows, so that it begins at once; apart from
that it is the console script's ``main``.
"""

from __future__ import annotations

import functools
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pypi_simple  # noqa: F401  (before a command is forked, so that each need not)
import rattler  # noqa: F401
from fault_server import FaultServer, make_wheel
from one_index import python_channel, request_of, variables_of

from solver.cli import program
from solver.commands import export, lock, project  # noqa: F401  (read before a command is forked)

NAME, TAG = "victim", "py3-none-any.whl"
VERSIONS = ("1.0", "2.0")
EVIDENCE = b'{"a record": "of a real run"}\n'
WORDS = ("lock", "open", "--no-pylock", "--live")


def serve_both() -> tuple[int, str]:
    """An index with both releases, in a process of its own, since threads and forks do not go together."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        server = FaultServer()
        for version in VERSIONS:
            server.add_wheel(f"{NAME}-{version}-{TAG}", make_wheel(NAME, version))
        server.add_project(NAME, {f"{NAME}-{version}-{TAG}": {} for version in VERSIONS})
        os.write(writing, server.url.encode())
        while True:
            signal.pause()
    return pid, os.read(reading, 100).decode()


def command(root: Path, words: tuple[str, ...], before: Callable[[], None] = lambda: None) -> int:
    """Start ``interlock words`` in ``root``; the id of its process. ``before`` is called there first."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.chdir(root)
        log = os.open(root.parent / f"said-{os.getpid()}", os.O_WRONLY | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        sys.stdout, sys.stderr = (
            io.TextIOWrapper(io.FileIO(n, "w", closefd=False), write_through=True) for n in (1, 2)
        )
        sys.argv = ["interlock", *words]
        # What runs in the background ignores it, and hands that down.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        before()
        program.main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except KeyboardInterrupt:  # before the command began
        code = 130
    except BaseException:
        code = 99
    finally:
        os._exit(code)


def ended(root: Path, pid: int) -> tuple[int, str]:
    """Wait for a command: its exit code, negative where a signal ended it, and what it said."""
    _, status = os.waitpid(pid, 0)
    said = root.parent / f"said-{pid}"
    text = said.read_text(errors="replace") if said.exists() else ""
    said.unlink(missing_ok=True)
    return os.waitstatus_to_exitcode(status), text


class TwoLocks:
    """A project in ``root``, whose lock is of one version or of the other, and has evidence."""

    def __init__(self, root: Path) -> None:
        self.root, self.lock = root, root / "locks" / "open"
        root.mkdir(parents=True)
        # Once for all commands: each is a copy of this process.
        project.load_matrices = functools.cache(project.load_matrices)
        project.load_matrices(project.own_matrices(Path()))
        self.channel = python_channel(root.parent / "channel")
        self.states = {}
        self.server, url = serve_both()
        os.environ.update(variables_of(root.parent / "cache", url))
        for version in VERSIONS:
            self.want(version)
            self.run(*WORDS)
            self.states[version] = self.content()
        (self.lock / "evidence").mkdir()
        (self.lock / "evidence" / "H200-580.json").write_bytes(EVIDENCE)

    def close(self) -> None:
        """End the index."""
        os.kill(self.server, signal.SIGKILL)
        os.waitpid(self.server, 0)

    def want(self, version: str) -> None:
        """Ask for one of both versions from now on."""
        text = request_of(self.channel, open=f'packages: ["victim=={version}"], variables: {{V: "{version}"}}')
        (self.root / project.REQUEST_FILE).write_text(text)

    def want_for_me(self, version: str) -> None:
        """Ask for one of both in this process alone, which is a command's."""
        project.REQUEST_FILE = f"request-{os.getpid()}"
        self.want(version)

    def run(self, *words: str) -> None:
        """A command that nobody disturbs; raises ``AssertionError`` with what it said unless it exits 0."""
        code, said = ended(self.root, command(self.root, words))
        assert code == 0, f"exit {code} of interlock {' '.join(words)}: {said}"

    def content(self) -> dict[str, bytes]:
        """The files of the lock, evidence apart."""
        files = (path for path in self.lock.rglob("*") if path.is_file())
        named = {path.relative_to(self.lock).as_posix(): path.read_bytes() for path in files}
        return {name: data for name, data in named.items() if not name.startswith("evidence/")}

    def problem(self) -> str:
        """What is wrong with the lock that lies there; nothing where it is one of both, with its evidence."""
        if not self.lock.is_dir():
            return "the lock vanished"
        if self.content() not in self.states.values():
            return f"the lock is torn: {sorted(self.content())}"
        evidence = self.lock / "evidence" / "H200-580.json"
        return "" if evidence.is_file() and evidence.read_bytes() == EVIDENCE else "the evidence is gone"

    def leftovers(self) -> list[str]:
        """What lies beside the lock."""
        return sorted(path.name for path in (self.root / "locks").iterdir() if path.name != "open")
