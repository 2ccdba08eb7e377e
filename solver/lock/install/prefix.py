"""The one installer: a lock into a fresh prefix, every hash verified, whole or not at all.

Prefixes cannot be moved, so a new one is built in its place; while it is being
built it carries a mark, and whatever goes wrong takes it away again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from packaging.version import Version

from solver.core.acceptance import ACCEPTED, Acceptance, accepting_lines
from solver.core.answer import NotKnown
from solver.core.errors import BadInput, CheckFailed
from solver.core.exchange import one_writer, only_holder
from solver.core.machine import this_machine
from solver.core.model import Platform, Processor
from solver.core.processor import number, this_processor
from solver.core.programs import ending_with_us, failure_of_machine, minor_of
from solver.core.reading import LARGEST_RECORD, read_bytes
from solver.core.scratch import UNFINISHED, scratch_folder
from solver.index.conda import run_async
from solver.index.conda_config import CondaSettings
from solver.index.conda_record import CondaRecord
from solver.index.condarc import read_settings
from solver.index.rattler_names import as_subdir
from solver.lock.folder import LockFolder
from solver.lock.install.archives import NameProgress, download_archives, find_archives
from solver.lock.install.checked import checked_folder
from solver.lock.install.pip import Installer, PipHalf, find_uv, install_pip_half, installer_here
from solver.lock.loader.sharing import ACTIVATION, SCRIPT, activation_script

if TYPE_CHECKING:
    from rattler import RepoDataRecord


_DYING = 1.0
"""Seconds that the children of a killed installation may take to end."""


class _State(msgspec.Struct):
    """What conda keeps of an environment beside its packages."""

    env_vars: dict[str, str] = {}


@dataclass(frozen=True)
class _Site:
    """Where an environment is being built."""

    prefix: Path
    work: Path
    """For temporary files, on the same disk."""
    descriptors: tuple[int, ...]
    """What child processes are to inherit, so that the prefix is worked on while one of them lives."""


@dataclass(frozen=True)
class Environment:
    """What an installation made, whole."""

    prefix: Path
    python: Path
    conda: int
    """Packages of the conda half."""
    pip: int
    """Packages of the pip half."""


def install_lock(
    lock_folder: Path,
    prefix: Path,
    *,
    folder: Path | None = None,
    python: Path | None = None,
    installer: Installer | None = None,
    check_driver: bool = True,
    driver: Callable[[], str | NotKnown | None] | None = None,
    settings: CondaSettings | None = None,
    environ: Mapping[str, str] | None = None,
    progress: NameProgress = lambda name: None,
) -> Environment:
    """Install the lock in ``lock_folder`` into ``prefix``, which must not exist or be empty.

    ``folder`` holds every archive and wheel and replaces the network. ``python`` is an interpreter to make a plain
    venv of instead of a conda environment; ``installer`` is uv where it is here, unless it is named. ``driver`` tells
    this machine's NVIDIA driver. Raises ``CheckFailed`` for a driver or a processor too old, a wrong hash or a failing
    pip half, ``IndexUnavailable`` where a file cannot be had, ``BadInput`` for what cannot be used; none of them
    leaves anything at ``prefix``.
    """
    lock = checked_folder(lock_folder)
    if check_driver:
        _check_driver(lock, this_machine().driver if driver is None else driver())
        _check_processor(lock, this_processor())
    _check_parts(lock, venv=python is not None)
    environ = os.environ if environ is None else environ
    installer = installer or installer_here()
    with _fresh(prefix) as site:
        prefix = site.prefix
        if python is None:
            settings = read_settings(environ) if settings is None else settings
            link_conda_half(lock.records, lock.target.platform, prefix, site.work, folder, settings, progress)
            _write_variables(prefix, lock.variables)
        else:
            _make_venv(python, site, lock, installer)
        own_python = interpreter_of(prefix, venv=python is not None)
        if lock.requirements is not None:
            how = PipHalf(installer, folder, environ, site.descriptors)
            install_pip_half(lock.requirements, own_python, site.work, how)
        if python is not None:
            _write_script(prefix, lock.variables)
        write_accepted(prefix, lock.accepted)
    return Environment(prefix, own_python, len(lock.records) if python is None else 0, len(lock.pins))


def interpreter_of(prefix: Path, *, venv: bool = False) -> Path:
    """The interpreter of an environment of conda's, or of a venv."""
    if os.name == "nt":
        return prefix / "Scripts" / "python.exe" if venv else prefix / "python.exe"
    return prefix / "bin" / "python"


def link_conda_half(
    records: tuple[CondaRecord, ...],
    platform: Platform,
    prefix: Path,
    work: Path,
    folder: Path | None,
    settings: CondaSettings,
    progress: NameProgress = lambda name: None,
) -> None:
    """Fetch, verify and link ``records`` into ``prefix``; ``work`` lies on the same disk as it."""
    if folder is not None:
        archives = find_archives(records, folder)
    else:
        archives = download_archives(records, work / "archives", settings, progress)
    try:
        run_async(_link(archives, platform, prefix, work / "packages"))
    except Exception as error:
        problem = CheckFailed(f"the conda half cannot be linked into {prefix}: {error}")
        raise failure_of_machine("py-rattler", str(error)) or problem from error
    for record in records:
        _correct(prefix, record)


async def _link(archives: Mapping[CondaRecord, Path], platform: Platform, prefix: Path, cache: Path) -> None:
    from rattler import RepoDataRecord, install

    async def as_rattler(record: CondaRecord, path: Path) -> RepoDataRecord:
        package = await RepoDataRecord.from_package_archive(path)
        # Channels correct dependencies after the fact; what the lock was solved with counts.
        package.depends, package.constrains = list(record.depends), list(record.constrains)
        if record.md5 is not None:
            package.md5 = bytes.fromhex(record.md5)
        return package

    await install(
        [await as_rattler(record, path) for record, path in archives.items()],
        prefix,
        cache_dir=cache,
        platform=as_subdir(platform),
        execute_link_scripts=False,
        show_progress=False,
    )


_OF_THE_CACHE = ("extracted_package_dir", "package_tarball_full_path", "link")
"""What a record in conda-meta tells of the folder that its files were linked from, which is gone when we are done.

conda's model (conda/models/records.py, ``PrefixRecord``) has each of them as optional, but refuses a ``link`` without
its ``source``.
"""


def _correct(prefix: Path, record: CondaRecord) -> None:
    """Tell conda where the package came from: the channel, not the file that it was linked from."""
    path = prefix / "conda-meta" / f"{record.name}-{record.version}-{record.build}.json"
    data = json.loads(read_bytes(path, largest=LARGEST_RECORD))
    data |= {"url": record.url, "channel": record.channel, "fn": record.filename, "sha256": record.sha256}
    for key in _OF_THE_CACHE:
        data.pop(key, None)
    path.write_text(json.dumps(data, indent=2), encoding="utf-8")


def _write_variables(prefix: Path, variables: Mapping[str, str]) -> None:
    # Where conda keeps what it sets on activation.
    if variables:
        state = prefix / "conda-meta" / "state"
        state.write_text(json.dumps({"env_vars": dict(variables)}), encoding="utf-8")


def read_variables(prefix: Path) -> dict[str, str] | None:
    """What conda sets on activating ``prefix``; None where it is no environment of conda's."""
    if not (prefix / "conda-meta").is_dir():
        return None
    state = prefix / "conda-meta" / "state"
    if not state.is_file():
        return {}
    try:
        return msgspec.json.decode(read_bytes(state), type=_State).env_vars
    except msgspec.MsgspecError as error:
        fix = "take the file away: conda then sets nothing"
        raise BadInput(f"is no state of an environment: {error}", file=state, fix=fix) from None


def _write_script(prefix: Path, variables: Mapping[str, str]) -> None:
    # A venv sets nothing by itself: the script lies beside the one that activates it.
    led = (prefix / SCRIPT).is_file()
    if variables or led:
        script = interpreter_of(prefix, venv=True).parent / ACTIVATION
        text = activation_script(variables, str(prefix) if led else None)
        script.write_text(text, encoding="utf-8", newline="\n")


def write_accepted(prefix: Path, accepted: Acceptance) -> None:
    """Have an audit of the environment accept what the lock does."""
    if accepted:
        path = prefix / ACCEPTED
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*accepting_lines(accepted), ""]), encoding="utf-8")


def _make_venv(python: Path, site: _Site, lock: LockFolder, installer: Installer) -> None:
    version = minor_of(python)
    if version != lock.target.python:
        what = "no python" if version is None else f"python {version}"
        problem = f"{python} is {what}, the lock is for python {lock.target.python}"
        raise BadInput(problem, key="--python", file=lock.path)
    if installer == "uv":
        find_uv()  # where there is none, say so before anything is made
    options = ["--without-pip"] if installer == "uv" else []
    # A mark already lies in the prefix; venv leaves it there and removes nothing.
    done = subprocess.run(
        ending_with_us([python, "-m", "venv", *options, str(site.prefix)]),
        capture_output=True,
        text=True,
        errors="replace",
        pass_fds=site.descriptors,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise failure_of_machine("venv", said, done.returncode) or CheckFailed(f"{python} cannot make a venv: {said}")


def _check_parts(lock: LockFolder, *, venv: bool) -> None:
    """A conda environment begins with the conda half, a plain venv can take the pip half alone."""
    if not venv and not lock.records:
        raise BadInput("has no conda part", file=lock.path, fix="pass --python to make a plain venv of an interpreter")
    if venv and lock.requirements is None:
        raise BadInput("has no pip part that a plain venv could take", file=lock.path, fix="leave --python out")


def _check_driver(lock: LockFolder, driver: str | NotKnown | None) -> None:
    needed, name = lock.target.driver, lock.solution.profile
    if needed is None:
        return
    cure = "install it on a machine that has one, or skip this check with --no-driver-check"
    if driver is None:
        raise CheckFailed(f"{name} needs an NVIDIA driver >= {needed} and none answers here; {cure}")
    if isinstance(driver, NotKnown):
        raise CheckFailed(
            f"{name} needs an NVIDIA driver >= {needed}, and the one here does not tell its version; {cure}"
        )
    if Version(driver) < Version(needed):
        raise CheckFailed(f"{name} needs an NVIDIA driver >= {needed} and this machine has {driver}; {cure}")


def _check_processor(lock: LockFolder, here: Processor | NotKnown) -> None:
    needed = lock.target.cpu
    if isinstance(needed, NotKnown) or isinstance(here, NotKnown) or number(here) >= number(needed):
        return
    problem = f"{lock.solution.profile} needs a processor of {needed} or newer and this one is {here}"
    raise CheckFailed(f"{problem}; install it on a machine that has one, or skip this check with --no-driver-check")


@contextmanager
def _fresh(prefix: Path) -> Iterator[_Site]:
    """A marked, empty prefix and a working folder beside it; if anything is raised, all is as it was before."""
    # Where a link leads, as a folder never takes the place of one.
    prefix = prefix.absolute()
    prefix = prefix.resolve() if prefix.is_symlink() and prefix.exists() else prefix
    if prefix.exists() and not _is_unfinished(prefix) and (not prefix.is_dir() or any(prefix.iterdir())):
        raise BadInput("is there already and not empty", file=prefix, fix="choose another place, or remove it")
    # Of the folders above that are made now the topmost, so that a failure leaves none of them.
    above = next(parent for parent in prefix.parents if parent.exists())
    first_made = prefix.parts[len(above.parts)] if above != prefix.parent else None
    was_there = prefix.exists() and not _is_unfinished(prefix)
    prefix.mkdir(parents=True, exist_ok=True)
    try:
        # Beside the prefix and so on its disk, where files can be linked instead of copied.
        with scratch_folder(prefix.parent) as work:
            _clear_unfinished(prefix, work)
            prefix.mkdir(exist_ok=True)
            with _marked(prefix, work) as descriptors:
                try:
                    yield _Site(prefix, work, descriptors)
                except BaseException:
                    # An interrupt too: half an environment would look like a whole one.
                    _take_away(prefix, work)
                    if was_there:
                        prefix.mkdir(exist_ok=True)
                    raise
    finally:
        if first_made is not None and not prefix.exists():
            shutil.rmtree(above / first_made, ignore_errors=True)


def _is_unfinished(prefix: Path) -> bool:
    """Whether ``prefix`` is what a killed installation of ours left; nothing in there is anybody's."""
    mark = prefix / UNFINISHED
    # A folder that was moved or copied here with its mark is not known to be ours.
    return not mark.is_symlink() and mark.is_file() and read_bytes(mark) == os.fsencode(prefix)


def _clear_unfinished(prefix: Path, work: Path) -> None:
    """Remove what a killed installation of ours left; raises ``BadInput`` where one is at work."""
    if not _is_unfinished(prefix):
        return
    with only_holder(prefix / UNFINISHED, _DYING) as hold:
        if not hold.alone:
            raise _in_use(prefix)
        _take_away(prefix, work)


def _in_use(prefix: Path) -> BadInput:
    fix = "wait for it, or choose another place"
    return BadInput("is being installed by another process", file=prefix, fix=fix)


def _take_away(prefix: Path, work: Path) -> None:
    """Remove ``prefix``: at one instant, since a kill in the middle would leave half of it without its mark."""
    try:
        prefix.rename(work / "removed")
    except OSError:  # a disk of its own is mounted there: the mark goes last
        for path in [path for path in prefix.iterdir() if path.name != UNFINISHED]:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        (prefix / UNFINISHED).unlink(missing_ok=True)


@contextmanager
def _marked(prefix: Path, work: Path) -> Iterator[tuple[int, ...]]:
    """While it lasts ``prefix`` is marked as unfinished, and as being worked on; a kill leaves the first.

    What is given keeps the second for a child process, which may go on for a while after a kill of this one.
    """
    mark = prefix / UNFINISHED
    whole = work / UNFINISHED
    whole.write_bytes(os.fsencode(prefix))
    with ExitStack() as until_done:
        with one_writer(prefix):
            if any(prefix.iterdir()):  # by somebody who came at the same moment
                raise _in_use(prefix)
            whole.rename(mark)
            hold = until_done.enter_context(only_holder(mark))
        yield hold.descriptors
        mark.unlink()
