"""Pythons that a bundle carries: found on this machine, packed with what environments need of them, and tried."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from solver.core.elf import read_dynamic
from solver.core.errors import BadInput
from solver.core.names import brief, one_line
from solver.core.programs import uv_here
from solver.core.scratch import scratch_folder
from solver.core.versions import minor
from solver.proof.bundle.manifest import CarriedPython

KEY = "--python"
_VERSION = re.compile(r"3\.\d{1,2}(\.\d{1,2})?")
_SECONDS = 120
"""How long an interpreter may take to answer."""
_LEFT_OUT = {"site-packages", "dist-packages", "__pycache__", "test", "tests", "idle_test"}
"""Folders of the standard library that no environment needs."""
_EXTENSIONS = ["bz2", "ctypes", "curses", "hashlib", "lzma", "readline", "sqlite3", "ssl", "uuid", "venv", "zlib"]
"""Modules whose shared libraries may be missing elsewhere."""
_TELL = f"""
import importlib, json, sys, sysconfig
there = []
for name in {_EXTENSIONS!r}:
    try:
        importlib.import_module(name)
    except ImportError:
        continue
    there.append(name)
paths = sysconfig.get_paths()
print(json.dumps(dict(
    version="%d.%d" % sys.version_info[:2], prefix=sys.base_prefix, modules=there, name=sys.implementation.name,
    program=getattr(sys, "_base_executable", None) or sys.executable, platform=sysconfig.get_platform(),
    folders=sorted(dict.fromkeys(paths[name] for name in ("stdlib", "platstdlib", "include"))),
)))
"""


@dataclass(frozen=True, kw_only=True)
class Python:
    """An interpreter as it tells of itself."""

    version: str
    """major.minor"""
    prefix: Path
    program: Path
    modules: tuple[str, ...]
    """Those of ``_EXTENSIONS`` that it can import."""
    folders: tuple[Path, ...]
    """Its standard library and its headers."""


def pack_pythons(words: Sequence[str], needed: Sequence[str], bundle: Path) -> tuple[CarriedPython, ...]:
    """Pack what ``words`` name (executable, prefix, archive or version) into ``bundle``, a file each.

    ``needed`` are the versions (major.minor) that locks need. Raises ``BadInput`` for a word that names no
    python, one that no lock needs, and two of one version.
    """
    with scratch_folder() as scratch:
        pythons = [(word, _python(word, scratch / str(at))) for at, word in enumerate(words)]
        _check(pythons, needed)
        return tuple(_packed(python, bundle, scratch) for _, python in pythons)


def _check(pythons: Sequence[tuple[str, Python]], needed: Sequence[str]) -> None:
    versions = [python.version for _, python in pythons]
    for word, python in pythons:
        if python.version not in needed:
            fix = f"name one of {', '.join(sorted(set(needed)))}"
            raise BadInput(f"{word}: no lock of the bundle is for python {python.version}", key=KEY, fix=fix)
        if versions.count(python.version) > 1:
            raise BadInput(f"{word}: python {python.version} is named twice", key=KEY, fix="name one of the two")


# ---- finding ----------------------------------------------------------------------------------------


def _python(word: str, scratch: Path) -> Python:
    path = Path(word).expanduser()
    if not path.exists() and _VERSION.fullmatch(word):
        return _of_version(word, scratch)
    if path.is_dir():
        return _of_folder(path, word)
    if path.is_file() and _is_archive(path):
        return _of_archive(path, word, scratch)
    python = _python_of(path) if path.is_file() and os.access(path, os.X_OK) else None
    if python is None:
        raise _no_python(word)
    return python


def _no_python(word: str) -> BadInput:
    fix = "name an executable, the folder that holds bin/python3, an archive of it, or a version such as 3.12"
    return BadInput(f"{word} is no python that can be carried", key=KEY, fix=fix)


def _of_folder(folder: Path, word: str) -> Python:
    # Where a folder holds several, python3 is the one that its owner means.
    programs = [folder / "bin" / name for name in ("python3", "python")]
    python = next((one for program in programs if program.is_file() and (one := _python_of(program))), None)
    if python is None:
        raise _no_python(word)
    return python


def _is_archive(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except OSError:
        return False


def _of_archive(path: Path, word: str, scratch: Path) -> Python:
    """The one python in an archive, unpacked at ``scratch``."""
    if not hasattr(tarfile, "data_filter"):  # which python has since 3.11.4
        problem = f"{word} is an archive of somebody else's, which this python is too old to unpack safely"
        raise BadInput(
            problem, key=KEY, fix="run interlock with python 3.11.4 or newer, or unpack it and name the folder"
        )
    try:
        with tarfile.open(path) as archive:
            archive.extractall(scratch, filter="data")
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        problem = f"{word} cannot be unpacked: {brief(one_line(str(error)))}"
        raise BadInput(problem, key=KEY, fix="name another archive") from None
    programs = [*scratch.glob("bin/python3"), *scratch.glob("*/bin/python3"), *scratch.glob("*/*/bin/python3")]
    if not programs:
        raise _no_python(word)
    return _of_folder(programs[0].parent.parent, word)


def _of_version(version: str, scratch: Path) -> Python:
    """A python of ``version``: of the path, of pyenv, of uv, or else one that uv can fetch."""
    for program in _candidates(version):
        python = _python_of(program)
        if python is not None and _is_of(version, program, python):
            return python
    fetched = _fetched(version, scratch)
    if fetched is None:
        fix = "install it, or name an executable, a folder or an archive"
        raise BadInput(f"there is no python {version} on this machine, and uv fetched none", key=KEY, fix=fix)
    return fetched


def _candidates(version: str) -> Iterator[Path]:
    for folder in os.get_exec_path():
        yield Path(folder, f"python{minor(version)}")
    homes = (os.environ.get("PYENV_ROOT") or "~/.pyenv", os.environ.get("UV_PYTHON_INSTALL_DIR") or "~/.local/share/uv")
    for home in homes:
        place = Path(home).expanduser()
        yield from sorted(
            (*place.glob("versions/*/bin/python3"), *place.glob("**/cpython-*/bin/python3")), reverse=True
        )


def _is_of(version: str, program: Path, python: Python) -> bool:
    """Whether an interpreter is of ``version``, to the patch release where that is named."""
    if version == python.version:
        return True
    command: list[str | Path] = [program, "-I", "-c", "import platform; print(platform.python_version())"]
    return version.startswith(f"{python.version}.") and _answer(command) == version


def _fetched(version: str, scratch: Path) -> Python | None:
    uv = uv_here()
    if uv is None:
        return None
    _answer([uv, "python", "install", "--no-config", "--no-bin", "--install-dir", str(scratch), version])
    return next((one for path in sorted(scratch.glob("cpython-*/bin/python3")) if (one := _python_of(path))), None)


def _python_of(program: Path) -> Python | None:
    """What an interpreter tells of itself; None where it does not start, or is no CPython for linux-64."""
    answer = _answer([program, "-I", "-c", _TELL])
    try:
        facts = json.loads(answer)
        if facts["name"] != "cpython" or facts["platform"] != "linux-x86_64":
            return None
        return Python(
            version=facts["version"],
            prefix=Path(facts["prefix"]),
            program=Path(facts["program"]),
            modules=tuple(facts["modules"]),
            folders=tuple(map(Path, facts["folders"])),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _answer(command: Sequence[str | Path]) -> str:
    """What a program prints; empty where it does not start, fails, or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


# ---- packing ----------------------------------------------------------------------------------------


def _packed(python: Python, bundle: Path, scratch: Path) -> CarriedPython:
    """Pack a python, and unpack it elsewhere to see whether it runs there; else it is to go to its own prefix."""
    name = f"python{python.version}.tar.gz"
    part = bundle / f".{name}"
    # Its header tells no time, so that the same python is packed to the same bytes.
    with (
        gzip.GzipFile(part, "wb", compresslevel=6, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for inside, path in sorted(_members(python)):
            archive.add(path, inside, recursive=False, filter=_plain)
        for link in ("bin/python3", "bin/python"):
            archive.addfile(_link(link, f"python{python.version}"))
    part.replace(bundle / name)
    bound = _bound_to(python)
    if bound is None and not _runs_elsewhere(python, bundle / name, scratch / f"moved-{python.version}"):
        bound = python.prefix
    return CarriedPython(path=name, python=python.version, prefix=None if bound is None else str(bound))


def _members(python: Python) -> Iterator[tuple[str, Path]]:
    """What is packed: the path below the prefix, and where it lies."""
    yield f"bin/python{python.version}", python.program.resolve()
    libraries = {python.program.resolve()}
    for folder in python.folders:
        for path in _files(folder):
            yield path.relative_to(python.prefix).as_posix(), path
            if ".so" in path.suffixes:
                libraries.add(path)
    for library in _own_libraries(libraries, python.prefix / "lib"):
        yield f"lib/{library.name}", library.resolve()


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _LEFT_OUT)
        for name in names:
            path = Path(here, name)
            # Static libraries are large, and nothing is linked with them.
            if path.is_file() and not name.endswith((".a", ".o", ".pyc")):
                yield path


def _own_libraries(libraries: set[Path], folder: Path) -> set[Path]:
    """The shared libraries in the prefix's own ``folder`` that ``libraries`` need, and those that these need."""
    seen: set[Path] = set()
    left = list(libraries)
    while left:
        with left.pop().open("rb") as file:
            needed = {folder / soname for soname in read_dynamic(file).needed}
        new = {path for path in needed - seen if path.is_file()}
        seen |= new
        left += new
    return seen


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The same bytes whoever packs it and whenever."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member


def _link(name: str, target: str) -> tarfile.TarInfo:
    link = tarfile.TarInfo(name)
    link.type, link.linkname, link.mode = tarfile.SYMTYPE, target, 0o777
    return link


def _bound_to(python: Python) -> Path | None:
    """The prefix in which alone it finds a library of its own, by a whole path in its program; None: in any, perhaps.

    On this machine the packed one would find it there all the same, so that a trial in another folder shows nothing.
    """
    with python.program.resolve().open("rb") as program:
        dynamic = read_dynamic(program)
    own = any((python.prefix / "lib" / soname).is_file() for soname in dynamic.needed)
    whole = [Path(folder) for folder in dynamic.runpath if folder.startswith("/")]
    if not own or len(whole) < len(dynamic.runpath):
        return None
    return next((folder.parent for folder in whole if folder.name == "lib"), None)


def _runs_elsewhere(python: Python, archive: Path, folder: Path) -> bool:
    """Whether the packed python runs in another folder as it does in its own, and makes environments that run."""
    with tarfile.open(archive) as packed:
        # It was packed a moment ago, so that nothing in it has to be held off.
        if hasattr(tarfile, "data_filter"):
            packed.extractall(folder, filter="data")
        else:
            packed.extractall(folder)
    moved = _python_of(folder / "bin" / f"python{python.version}")
    if moved is None or moved.prefix != folder or set(moved.modules) < set(python.modules):
        return False
    environment = folder.with_name(f"{folder.name}-venv")
    _answer([folder / "bin" / "python3", "-I", "-m", "venv", "--without-pip", environment])
    made = _python_of(environment / "bin" / "python3")
    shutil.rmtree(environment, ignore_errors=True)
    return made is not None and made.prefix == folder
