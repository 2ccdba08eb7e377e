"""requirements.txt: every package of the closure pinned with the hashes of its usable wheels."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from solver.core.answer import NotKnown
from solver.core.axes import AXES, CUDA, axes_of
from solver.core.errors import InterlockError
from solver.core.frameworks import FRAMEWORKS
from solver.core.indexes import is_of_default
from solver.core.led import PLAN_FILE
from solver.core.model import Pin, Solution, is_built
from solver.core.target import gpu_words
from solver.core.writers import LOCAL_WHEELS, WHEELS, building_line, comment, requirement_line, wrapped


def is_own_wheel(name: str) -> bool:
    """Whether a file of a lock, by its POSIX name in the lock's folder, is such a wheel."""
    return name.startswith(f"{WHEELS}/") and name.endswith(".whl")


@dataclass(frozen=True, slots=True)
class LocalWheel:
    """A wheel of our own that lies in the lock's ``wheels`` folder."""

    name: str
    version: str
    filename: str
    sha256: str
    content: bytes

    @classmethod
    def of(cls, filename: str, content: bytes) -> LocalWheel:
        """The wheel of this file name, which tells its project and version."""
        name, version = filename.split("-")[:2]
        return cls(name.replace("_", "-"), version, filename, hashlib.sha256(content).hexdigest(), content)

    @property
    def place(self) -> str:
        """Where it lies: its POSIX name in the lock's folder."""
        return f"{WHEELS}/{self.filename}"

    @property
    def plan(self) -> bytes:
        """What the loader in it does (``solver.core.led``); empty where it is no loader."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            return archive.read(PLAN_FILE) if PLAN_FILE in archive.namelist() else b""


def requirement_lines(solution: Solution, wheels: Sequence[LocalWheel] = ()) -> list[str]:
    """One logical line a package in the order of names, options first; the pip block of environment.yml too.

    Raises ``InterlockError`` where a hash is missing: a caller must ask ``lockable`` first.
    """
    entries: dict[str, str] = {pin.name: _pinned(pin) for pin in solution.pins}
    entries |= {
        wheel.name: requirement_line(wheel.name, version=wheel.version, hashes=[wheel.sha256]) for wheel in wheels
    }
    built = sorted(pin.name for pin in solution.pins if is_built(pin.files))
    options = [*([LOCAL_WHEELS] if wheels else []), *map(building_line, built)]
    return [*options, *(entries[name] for name in sorted(entries))]


def requirements_txt(solution: Solution, lines: Iterable[str], command: str) -> str:
    """The whole file; ``command`` is the one that makes it."""
    return "\n".join([*header(solution, command), *map(wrapped, lines), ""])


def header(solution: Solution, command: str) -> list[str]:
    """Comment lines that say what made the file and where it runs."""
    made = f"Made by `{command}`; do not edit. Install: pip install --require-hashes -r requirements.txt"
    return [*about(solution), comment(made)]


def about(solution: Solution) -> list[str]:
    """Comment lines that say what a set holds and where it runs."""
    target, axes = solution.target, solution.axes
    runtimes = [f"{AXES[axis].title} {axes[axis]}" for axis in axes_of("toolkit", "library") if axes[axis]]
    where = f"python {target.python}, {target.platform}"
    if target.platform.startswith("linux"):
        where += f", glibc >= {target.glibc}"
    if axes[CUDA]:
        where = ", ".join([where, f"NVIDIA driver >= {target.driver}", *gpu_words(target)])
    chosen = ", ".join(f"{name} {axes[name]}" for name in FRAMEWORKS if axes[name])
    return [
        comment(f"{solution.profile}: {chosen}; {', '.join(runtimes) or 'CPU only'}."),
        comment(f"For {where}."),
    ]


def _pinned(pin: Pin) -> str:
    hashes = sorted(file.sha256 for file in pin.files if file.sha256)
    if not hashes:
        raise InterlockError(f"{pin.name} {pin.version} has no hash and must not be locked")
    if is_of_default(pin.index):
        return requirement_line(pin.name, version=pin.version, hashes=hashes)
    best = next(file for file in pin.files if file.sha256)
    if best.url is None or isinstance(best.sha256, NotKnown):
        raise InterlockError(f"{best.filename} is on another index and its address is not recorded")
    return requirement_line(pin.name, url=best.url, hashes=[best.sha256])
