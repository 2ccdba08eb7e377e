"""The loader wheel: lets TensorFlow find the CUDA libraries of a lock without a variable set by hand.

What it must load is decided from the row: what TensorFlow opens, less what lies
in a folder that its RUNPATH names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from solver.core.frameworks import FRAMEWORKS
from solver.core.model import FORMAT_VERSION, Framework, GpuSharing, pypi_name
from solver.core.versions import major
from solver.core.wheelfile import build_wheel
from solver.lock.loader.sharing import sharing_settings
from solver.matrix.builds import stated
from solver.matrix.libraries import LOADER, Lookup, brought, folders, load_order, look_up
from solver.matrix.rows import Build, Library

NAME = pypi_name(LOADER)
_SUMMARY = "Lets TensorFlow find the CUDA libraries that were installed beside it"
# Row name of the distribution that brings ptxas and libdevice, XLA's data.
_XLA_DATA = "nvcc"
# Where XLA looks by itself, from the releases on whose RUNPATH names the nvidia folders
# (tsl/platform/default/cuda_libdevice_path.cc, later cuda_root_path.cc).
_XLA_DIRECTORY = "nvidia/cuda_nvcc"


def loader_wheel(
    build: Build | None,
    libraries: Sequence[Library],
    pins: Mapping[str, str],
    sharing: GpuSharing | None = None,
    frameworks: Sequence[Framework] = tuple(FRAMEWORKS),
) -> tuple[str, bytes] | None:
    """File name and bytes of the wheel that ``build`` needs in a lock of ``pins`` (version by name).

    ``libraries`` are rows of any CUDA major. ``sharing`` adds the settings that no
    environment variable can make. None: nothing falls short, no wheel is needed.
    """
    cuda = None if build is None else stated(build.cuda)
    beside = [] if cuda is None else brought(libraries, pins, major(cuda))
    lookup = Lookup() if build is None else look_up(build, beside)
    missed = (*lookup.hidden, *lookup.doubtful)
    data = None if build is None else _xla_data(build, beside)
    found_by_xla = build is not None and bool(folders(build)) and data == _XLA_DIRECTORY
    settings = {} if sharing is None else sharing_settings(sharing, frameworks)
    if not missed and (data is None or found_by_xla) and not settings:
        return None
    files = {"interlock_loader.pth": "import _interlock_loader\n", "_interlock_loader.py": _payload("_loader_hook.py")}
    files["_interlock_loader.json"] = _json(
        {
            "version": FORMAT_VERSION,
            "tensorflow": None if build is None else build.version,
            "preload": [
                {"library": row.library, "directory": row.directory, "sonames": list(row.sonames)}
                for row in load_order(missed, beside)
            ],
            "xla": data,
        }
    )
    if settings:
        files["interlock_loader.pth"] += "import _interlock_sharing\n"
        files["_interlock_sharing.py"] = _payload("_sharing_hook.py")
        files["_interlock_sharing.json"] = _json({"version": FORMAT_VERSION, **settings})
    return build_wheel(NAME, _version(build, files), _SUMMARY, files, requires_python=">=3.9")


def _xla_data(build: Build, beside: Iterable[Library]) -> str | None:
    """The folder of ptxas and libdevice; None where the lock has none or the build has no XLA for GPUs."""
    return next((row.directory for row in beside if row.library == _XLA_DATA), None)


def _version(build: Build | None, files: Mapping[str, str]) -> str:
    """Names the release and holds a digest of the content, so that no cache can mix two wheels up."""
    digest = hashlib.sha256(_json(dict(files)).encode()).hexdigest()[:12]
    # "h": a part of digits only would lose its leading zeros (PEP 440, local versions)
    parts = [f"h{digest}"]
    cuda = None if build is None else stated(build.cuda)
    if build is not None and cuda is not None:
        parts = [f"tf{build.version}", f"cu{major(cuda)}", *parts]
    return "1+" + ".".join(parts)


def _payload(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _json(data: object) -> str:
    return json.dumps(data, indent=1, sort_keys=True) + "\n"
