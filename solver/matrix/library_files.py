"""The files of the CUDA libraries that distributions bring, and the folders that they lie in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from solver.matrix.load import Matrices
from solver.matrix.rows import Library


def library_folder(library: Library) -> str:
    """Where its files lie, below site-packages."""
    return library.directory


def is_folder_of(folder: str, library: Library) -> bool:
    """Whether a folder by its path is the one that a library lies in, below whichever site-packages."""
    return f"/{folder.rstrip('/')}".endswith(f"/{library.directory}")


def files_of(library: Library) -> tuple[str, ...]:
    """The sonames of its files, the one by which others open it first; empty of tools that are no library."""
    return library.sonames


def opened_files(libraries: Iterable[Library]) -> tuple[str, ...]:
    """The file of each library by which others open it, sorted; tools have none."""
    return tuple(sorted({soname for library in libraries for soname in library.sonames[:1]}))


def with_files(libraries: Iterable[Library], sonames: Set[str], cuda: int) -> list[Library]:
    """Those of a CUDA major that have one of some files."""
    return [row for row in libraries if row.cuda == cuda and not sonames.isdisjoint(row.sonames)]


def by_file(libraries: Iterable[Library]) -> dict[str, Library]:
    """Every file that is known to be of a CUDA library, with the library."""
    return {soname: library for library in libraries for soname in library.sonames}


def as_plan(library: Library) -> Mapping[str, object]:
    """What the loader has to know of it."""
    return {"library": library.library, "directory": library.directory, "sonames": list(library.sonames)}


def cuda_majors(distribution: str, matrices: Matrices) -> set[int]:
    """The CUDA majors for which some release of a distribution (normalized) brings a library; empty: it brings none."""
    return {row.cuda for row in matrices.libraries_of(distribution)}
