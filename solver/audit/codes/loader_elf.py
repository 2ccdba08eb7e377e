"""``loader`` in an installed prefix: reads ELF files to tell where libraries are looked for and what is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from solver.audit.codes.loader_search import LibrarySearch
from solver.audit.context import AuditContext, Provided
from solver.audit.findings import finding_about
from solver.audit.prefix_files import site_packages
from solver.audit.words import listed
from solver.core.elf import Dynamic, read_dynamic
from solver.core.errors import BadInput
from solver.core.model import Finding
from solver.core.versions import major
from solver.matrix.builds import entries, stated
from solver.matrix.libraries import opened_library
from solver.matrix.rows import Build, Library

CODE = "loader"
SYSTEM_CACHE = Path("/etc/ld.so.cache")
"""Where glibc notes the libraries that it finds without any path."""
# The library that dlopens (2.9 on), and the one that it may be linked into.
_TENSORFLOW = ("tensorflow/libtensorflow_framework.so.2", "tensorflow/libtensorflow_cc.so.2")
_TORCH = ("torch/lib/libtorch_cuda.so", "torch/lib/libtorch_global_deps.so", "torch/lib/libc10_cuda.so")


def read_library(path: Path) -> Dynamic:
    """What an installed library needs and where it has that looked for; raises ``BadInput`` where it is none."""
    try:
        with path.open("rb") as library:
            return read_dynamic(library)
    except (ValueError, OSError) as error:
        raise BadInput(
            f"expected a shared library, but it cannot be read ({error})", file=path, fix="install it anew"
        ) from None


def tensorflow(context: AuditContext, row: Build) -> LibrarySearch | None:
    """TensorFlow's search in the prefix; None where its library is not there."""
    opener = _first(context, _TENSORFLOW[:1])
    built = stated(row.cuda)
    if opener is None or built is None:
        return None
    cuda = major(built)
    dynamic = [read_library(path) for name in _TENSORFLOW if (path := _first(context, (name,))) is not None]
    linked = {name for each in dynamic for name in each.needed}
    folders = [*_library_path(context), *_folders(dynamic[0], opener)]
    beside = [item.library for item in context.provided]
    opened = (opened_library(row, name, beside, context.matrices) for name in entries(row.opens))
    rows = [known for known in opened if isinstance(known, Library)]
    rows += [known for known in context.matrices.libraries if linked & set(known.sonames) and known.cuda == cuda]
    hidden, nowhere = dict[str, Provided](), dict[str, None]()
    here = context.libraries(cuda)
    for known in rows:
        for soname in known.sonames[:1]:
            if any((folder / soname).exists() for folder in folders) or in_system(soname):
                continue
            brought = here.get(known.library)
            if brought is not None and _exists(context, brought.library, soname):
                hidden[soname] = brought
            else:
                nowhere[soname] = None
    return LibrarySearch(tuple(hidden.values()), tuple(nowhere))


def torch(context: AuditContext) -> Iterator[Finding]:
    """CUDA libraries that torch is linked to and that no folder of the prefix holds."""
    known = {soname: row for row in context.matrices.libraries for soname in row.sonames}
    lost: set[str] = set()
    for name in _TORCH:
        path = _first(context, (name,))
        if path is None:
            continue
        dynamic = read_library(path)
        # torch loads from any folder of the nvidia packages what its RUNPATH does not find.
        folders = [*_library_path(context), *_folders(dynamic, path), path.parent, *_nvidia_folders(context)]
        for soname in dynamic.needed:
            if soname in known and not in_system(soname):
                lost |= {soname} if not any((folder / soname).exists() for folder in folders) else set()
    package = context.package("torch")
    if lost and package is not None:
        brings = sorted({known[soname].distribution for soname in lost})
        yield finding_about(
            (package,),
            code=CODE,
            severity="error",
            why=f"{package.pin} is linked to {listed(sorted(lost), most=12)}, which nothing here brings; "
            "importing it fails",
            source="DT_NEEDED of the installed libraries of torch",
            cure=f"install {listed(brings)}",
            paths=tuple(sorted(lost)),
        )


def preloaded(context: AuditContext) -> frozenset[str]:
    """The libraries (by short name) that the loader wheel of the prefix loads; empty where it tells nothing."""
    path = _first(context, ("_interlock_loader.json",))
    if path is None:
        return frozenset()
    try:
        manifest = json.loads(path.read_bytes())
        return frozenset(entry["library"] for entry in manifest["preload"])
    except (ValueError, KeyError, TypeError):
        return frozenset()


def in_system(soname: str) -> bool:
    """Whether glibc's cache on this machine names the library."""
    try:
        return b"\0" + soname.encode() + b"\0" in SYSTEM_CACHE.read_bytes()
    except OSError:
        return False


def _folders(dynamic: Dynamic, path: Path) -> list[Path]:
    """Where the library at ``path`` has others looked for."""
    return [Path(folder) for folder in dynamic.folders(str(path.parent))]


def _sites(context: AuditContext) -> tuple[Path, ...]:
    assert context.set.prefix is not None
    return site_packages(Path(context.set.prefix))


def _first(context: AuditContext, names: tuple[str, ...]) -> Path | None:
    paths = (site / name for site in _sites(context) for name in names)
    return next((path for path in paths if path.is_file()), None)


def _exists(context: AuditContext, library: Library, soname: str) -> bool:
    return any((site / library.directory / soname).exists() for site in _sites(context))


def _nvidia_folders(context: AuditContext) -> list[Path]:
    patterns = ("nvidia/*/lib", "nvidia/lib")
    return [folder for site in _sites(context) for pattern in patterns for folder in sorted(site.glob(pattern))]


def _library_path(context: AuditContext) -> list[Path]:
    return [Path(entry) for entry in context.environ.get("LD_LIBRARY_PATH", "").split(":") if entry]
