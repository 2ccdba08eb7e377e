"""``loader`` in an installed prefix: reads ELF files to tell where libraries are looked for and what is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from solver.audit.codes.loader_search import LibrarySearch
from solver.audit.context import AuditContext, Provided
from solver.audit.prefix_files import site_packages
from solver.audit.words import listed
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


@dataclass(frozen=True)
class Dynamic:
    """The dynamic section of one ELF file."""

    needed: tuple[str, ...]
    runpath: tuple[Path, ...]
    """RUNPATH, or RPATH where there is no RUNPATH, $ORIGIN replaced."""


def read_dynamic(path: Path) -> Dynamic:
    """The libraries that an ELF file is linked to and where it has them looked for.

    Raises ``BadInput`` where the file is no ELF file.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.elffile import ELFFile

    needed: list[str] = []
    paths: dict[str, str] = {}
    try:
        with path.open("rb") as stream:
            for section in ELFFile(stream).iter_sections():
                if isinstance(section, DynamicSection):
                    for tag in section.iter_tags():
                        if tag.entry.d_tag == "DT_NEEDED":
                            needed.append(_text(tag, "needed"))
                        elif tag.entry.d_tag in ("DT_RUNPATH", "DT_RPATH"):
                            paths[tag.entry.d_tag] = _text(tag, tag.entry.d_tag[3:].lower())
    except (ELFError, OSError) as error:
        raise BadInput(
            f"expected a shared library, but it cannot be read ({error})", file=path, fix="install it anew"
        ) from None
    text = paths.get("DT_RUNPATH", paths.get("DT_RPATH", ""))
    origin = str(path.parent)
    entries = (entry.replace("$ORIGIN", origin).replace("${ORIGIN}", origin) for entry in text.split(":") if entry)
    return Dynamic(tuple(needed), tuple(Path(entry) for entry in entries))


def _text(tag: object, name: str) -> str:
    """An attribute that pyelftools adds to a tag by the tag's own name."""
    return str(getattr(tag, name))


def tensorflow(context: AuditContext, row: Build) -> LibrarySearch | None:
    """TensorFlow's search in the prefix; None where its library is not there."""
    found = _first(context, _TENSORFLOW[:1])
    built = stated(row.cuda)
    if found is None or built is None:
        return None
    cuda = major(built)
    dynamic = [read_dynamic(path) for name in _TENSORFLOW if (path := _first(context, (name,))) is not None]
    linked = {name for each in dynamic for name in each.needed}
    folders = [*_library_path(context), *dynamic[0].runpath]
    beside = [item.library for item in context.provided]
    opened = (opened_library(row, name, beside, context.matrices) for name in entries(row.opens))
    rows = [known for known in opened if known is not None]
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
        dynamic = read_dynamic(path)
        # torch loads from any folder of the nvidia packages what its RUNPATH does not find.
        folders = [*_library_path(context), *dynamic.runpath, path.parent, *_nvidia_folders(context)]
        for soname in dynamic.needed:
            if soname in known and not in_system(soname):
                lost |= {soname} if not any((folder / soname).exists() for folder in folders) else set()
    package = context.package("torch")
    if lost and package is not None:
        brings = sorted({known[soname].distribution for soname in lost})
        yield Finding(
            code=CODE,
            severity="error",
            packages=(package.pin,),
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
        held = json.loads(path.read_bytes())
        return frozenset(entry["library"] for entry in held["preload"])
    except (ValueError, KeyError, TypeError):
        return frozenset()


def in_system(soname: str) -> bool:
    """Whether glibc's cache on this machine names the library."""
    try:
        return b"\0" + soname.encode() + b"\0" in SYSTEM_CACHE.read_bytes()
    except OSError:
        return False


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
