"""The loader wheel: lets TensorFlow find the CUDA libraries of a lock, and others live beside it, without a variable.

Or, where that is asked for, by variables that the activation of its environment sets, and without code in python.

What it must load is decided from the row: what TensorFlow opens, less what lies
in a folder that its RUNPATH names. Whether it must keep TensorFlow's symbols local is decided by the rules
(``solver.matrix.cures``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from solver.core.answer import NotKnown
from solver.core.frameworks import FRAMEWORKS
from solver.core.led import PLAN_FILE
from solver.core.model import FORMAT_VERSION, Framework, GpuSharing, pypi_name
from solver.core.wheelfile import build_wheel
from solver.lock.loader.activation import activation_files
from solver.lock.loader.sharing import sharing_settings
from solver.matrix.builds import cuda_major
from solver.matrix.cures import HEALING, LED
from solver.matrix.libraries import LOADER, Lookup, brought, folders, load_order, places
from solver.matrix.library_files import as_plan, library_folder
from solver.matrix.rows import Build, Library

NAME = pypi_name(LOADER)
_PTH = "interlock_loader.pth"
_SUMMARY = "Lets TensorFlow find the CUDA libraries that were installed beside it"
_LED_SUMMARY = "Puts the folders of the CUDA libraries beside it on LD_LIBRARY_PATH when conda activates them"
# Row name of the distribution that brings ptxas and libdevice, XLA's data.
_XLA_DATA = "nvcc"
# Where XLA looks by itself, from the releases on whose RUNPATH names the nvidia folders
# (tsl/platform/default/cuda_libdevice_path.cc, later cuda_root_path.cc).
_XLA_DIRECTORY = "nvidia/cuda_nvcc"


@dataclass(frozen=True)
class Need:
    """What of the CUDA libraries of a set its TensorFlow does not surely find by itself."""

    beside: tuple[Library, ...] = ()
    """All that are there for its CUDA."""
    hidden: tuple[Library, ...] = ()
    """In no folder where it looks."""
    doubtful: tuple[Library, ...] = ()
    """Nobody read where it looks."""
    xla_data: str | None = None
    """The folder of ptxas and libdevice; None: they are not there."""
    misses_xla_data: bool = False
    """Whether they are, and XLA does not come upon them by itself."""

    @property
    def falls_short(self) -> bool:
        """Whether it takes a loader to make up for it."""
        return bool(self.hidden or self.doubtful or self.misses_xla_data)


def need(build: Build | None, libraries: Sequence[Library], pins: Mapping[str, str]) -> Need:
    """What ``build`` needs in a set of ``pins`` (version by name); ``libraries`` are rows of any CUDA major."""
    cuda = None if build is None else cuda_major(build)
    # A CUDA that nobody read has no libraries that could be loaded for it.
    beside = brought(libraries, pins, cuda) if isinstance(cuda, int) else []
    outcome = Lookup() if build is None else places(build, beside)
    lookup = Lookup() if isinstance(outcome, NotKnown) else outcome
    xla_data = next((row.directory for row in beside if row.library == _XLA_DATA), None)
    return Need(
        beside=tuple(beside),
        hidden=lookup.hidden,
        doubtful=lookup.doubtful,
        xla_data=xla_data,
        misses_xla_data=xla_data is not None and not _finds_xla_data(build, xla_data),
    )


def loader_wheel(
    build: Build | None,
    libraries: Sequence[Library],
    pins: Mapping[str, str],
    sharing: GpuSharing | None = None,
    frameworks: Sequence[Framework] = tuple(FRAMEWORKS),
    *,
    symbols: bool = False,
) -> tuple[str, bytes] | None:
    """File name and bytes of the wheel that ``build`` needs in a lock of ``pins`` (version by name).

    ``libraries`` are rows of any CUDA major. ``sharing`` adds the settings that no
    environment variable can make; ``symbols`` has it keep TensorFlow's symbols local.
    None: nothing falls short, no wheel is needed.
    """
    needed = need(build, libraries, pins)
    # What it may or may not find by itself is loaded too: the hook leaves a library that is there already as it is,
    # while a single one that is missing hides the GPU.
    missed = (*needed.hidden, *needed.doubtful)
    settings = {} if sharing is None else sharing_settings(sharing, frameworks)
    if not (needed.falls_short or settings or symbols):
        return None
    files = _loader_files(build, load_order(missed, needed.beside), needed.xla_data)
    if settings:
        files |= _sharing_files(settings)
        files[_PTH] += "import _interlock_sharing\n"
    if symbols:
        files["_interlock_symbols.py"] = _payload("_symbols_hook.py")
        files[_PTH] += "import _interlock_symbols\n"
    marks = [HEALING] if symbols else []
    return build_wheel(NAME, _version(build, files, marks), _SUMMARY, files, requires_python=">=3.9")


def activation_wheel(
    build: Build | None, libraries: Sequence[Library], pins: Mapping[str, str], python: str
) -> tuple[str, bytes] | None:
    """File name and bytes of the wheel whose scripts lead ``build`` to its libraries in an environment of ``python``.

    Each folder of which the hook would load something is named. None: nothing falls short, no wheel is needed.
    """
    needed = need(build, libraries, pins)
    if not needed.falls_short:
        return None
    ordered = load_order((*needed.hidden, *needed.doubtful), needed.beside)
    files = {PLAN_FILE: _json({**_plan(build, ordered, needed.xla_data), "activation": True})}
    folders = list(dict.fromkeys(map(library_folder, ordered)))
    scripts = activation_files(folders, needed.xla_data, python)
    version = _version(build, {**files, **scripts}, [LED])
    # What lies in a wheel's data folder is put below the prefix (binary distribution format, "The .data directory").
    data = f"{NAME.replace('-', '_')}-{version}.data/data"
    files |= {f"{data}/{path}": text for path, text in scripts.items()}
    return build_wheel(NAME, version, _LED_SUMMARY, files, requires_python=f"=={python}.*")


def _finds_xla_data(build: Build | None, directory: str) -> bool:
    """Whether XLA comes upon ptxas and libdevice in ``directory`` without XLA_FLAGS."""
    return build is not None and bool(folders(build)) and directory == _XLA_DIRECTORY


def _loader_files(build: Build | None, libraries: Iterable[Library], xla_data: str | None) -> dict[str, str]:
    """The hook, the line that starts it, and what it reads: the libraries to load, in this order."""
    return {
        # python runs the lines of a .pth file that begin with "import" whenever it starts (documentation of site)
        _PTH: "import _interlock_loader\n",
        "_interlock_loader.py": _payload("_loader_hook.py"),
        PLAN_FILE: _json(_plan(build, libraries, xla_data)),
        "interlock_loader.py": _payload("_report.py"),
    }


def _plan(build: Build | None, libraries: Iterable[Library], xla_data: str | None) -> dict[str, object]:
    """What the plan says (``solver.core.led``), and what the hook needs beyond."""
    preload = [*map(as_plan, libraries)]
    version = None if build is None else build.version
    return {"version": FORMAT_VERSION, "tensorflow": version, "preload": preload, "xla": xla_data}


def _sharing_files(settings: Mapping[str, object]) -> dict[str, str]:
    return {
        "_interlock_sharing.py": _payload("_sharing_hook.py"),
        "_interlock_sharing.json": _json({"version": FORMAT_VERSION, **settings}),
    }


def _version(build: Build | None, files: Mapping[str, str], marks: Sequence[str]) -> str:
    """Names the release and, by ``marks``, what it does; a digest of the content keeps caches from mixing two up."""
    digest = hashlib.sha256(_json(dict(files)).encode()).hexdigest()[:12]
    # "h": a part of digits only would lose its leading zeros (PEP 440, local versions)
    parts = [*marks, f"h{digest}"]
    cuda = None if build is None else cuda_major(build)
    if build is not None and isinstance(cuda, int):
        parts = [f"tf{build.version}", f"cu{cuda}", *parts]
    return "1+" + ".".join(parts)


def _payload(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _json(data: object) -> str:
    return json.dumps(data, indent=1, sort_keys=True) + "\n"
