"""What is told of a set beside what its lock says: that it takes our loader wheel, and what else lies inside wheels.

A lock has no such notes: it has the wheel, and names the row of each build.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from solver.audit.codes import unread
from solver.audit.package_set import of_solution
from solver.audit.run import context_of
from solver.core.answer import NotKnown
from solver.core.axes import AXES
from solver.core.model import REQUEST, LoaderWay, Note, Solution, pypi_name
from solver.core.names import is_project
from solver.core.spelling import all_of
from solver.index import Index
from solver.lock.loader.local import tensorflow_build
from solver.lock.loader.wheel import Need, need
from solver.matrix.libraries import LOADER
from solver.matrix.library_files import opened_files
from solver.matrix.load import Matrices
from solver.matrix.rows import Build, Library
from solver.matrix.runtimes import RUNTIMES, Inside, inside


def with_remarks(solution: Solution, matrices: Matrices, index: Index, loader: LoaderWay = "wheel") -> Solution:
    """``solution`` with the notes that only whoever prints it needs; ``loader`` is how its lock leads TensorFlow."""
    versions = {str(pin.name): pin.version for pin in solution.pins}
    remarks = (
        *_loader(solution, versions, matrices, loader),
        *_insides(solution, versions, matrices),
        *_namesakes(solution, matrices),
        *_unread(solution, matrices, index),
    )
    return msgspec.structs.replace(solution, notes=(*solution.notes, *remarks))


# ---- the loader -------------------------------------------------------------------------------------


_LEADS: Mapping[LoaderWay, str] = {
    "wheel": f"{LOADER}, which a lock of this set would hold, leads it there",
    "activation": f"{LOADER}, which a lock of this set would hold, puts their folders on LD_LIBRARY_PATH when conda "
    "activates the environment, for every program that is started in it; a python that is started without an "
    "activation finds none of them",
}


def _loader(solution: Solution, versions: Mapping[str, str], matrices: Matrices, loader: LoaderWay) -> Iterator[Note]:
    """That a lock would hold the loader, since TensorFlow does not find all by itself."""
    build = tensorflow_build(matrices, versions, solution.target.platform)
    if not isinstance(build, Build):  # none, or one of which nobody read what it opens
        return
    needed = need(build, matrices.libraries, versions)
    if needed.falls_short and loader in _LEADS:
        clauses = "; ".join(_clauses(build, needed))
        text = f"{clauses}; {_LEADS[loader]}"
        yield Note(package=build.package, text=text, row=build.id, evidence=build.source)


def _clauses(build: Build, needed: Need) -> Iterator[str]:
    """What falls short, library by library as a loader names them."""
    name = f"{build.package} {build.version}"
    if needed.hidden:
        yield f"{name} does not find {_names(needed.hidden)} by itself"
    if needed.doubtful:
        yield f"nobody read whether {name} finds {_names(needed.doubtful)} by itself"
    if needed.misses_xla_data:
        yield f"XLA in {name} does not find ptxas and libdevice by itself"


def _names(libraries: Iterable[Library]) -> str:
    return all_of(opened_files(libraries))


# ---- what lies inside wheels ------------------------------------------------------------------------


def _insides(solution: Solution, versions: Mapping[str, str], matrices: Matrices) -> Iterator[Note]:
    """Each wheel that carries another CUDA or cuDNN than the axes tell, or one that nobody read."""
    for name, version in versions.items():
        row = matrices.build(name, version, solution.target.platform)
        some = [inside(row, runtime) for runtime in RUNTIMES] if isinstance(row, Build) else []
        others = [one for one in some if one is not None and one.surely and one.version != solution.axes[one.runtime]]
        if others and isinstance(row, Build):
            axes = [f"{AXES[one.runtime].title} {at}" for one in others if (at := solution.axes[one.runtime])]
            beside = f", beside {all_of(axes)}" if axes else ""
            text = f"{name} {version} has {all_of(map(_what, others))} inside its wheel{beside}"
            yield Note(package=name, text=text, row=row.id, evidence=row.source)


def _what(one: Inside) -> str:
    title = AXES[one.runtime].title
    return f"a {title} that nobody read" if isinstance(one.version, NotKnown) else f"{title} {one.version}"


# ---- what may have been meant -----------------------------------------------------------------------


def _namesakes(solution: Solution, matrices: Matrices) -> Iterator[Note]:
    """Each project that was asked for by the name of a module that another project has."""
    modules = {pypi_name(row.module): row for row in matrices.imports}
    for item in solution.because:
        row = modules.get(pypi_name(item.package)) if item.asked_by == REQUEST and is_project(item.package) else None
        if row is not None and pypi_name(row.pypi) != pypi_name(item.package):
            text = f"{item.package} is a project of its own; the module {row.module} is that of {row.pypi}"
            yield Note(package=item.package, text=text, row=row.id, evidence=row.source)


# ---- what nobody read -------------------------------------------------------------------------------


def _unread(solution: Solution, matrices: Matrices, index: Index) -> Iterator[Note]:
    """What the rows of its builds leave open, in the words of an audit."""
    if not solution.pins:  # conda's notes tell that of its builds
        return
    context = context_of(of_solution(solution), matrices, index, solution.target)
    for finding in unread.find(context):
        yield Note(package=finding.names[0], text=finding.why, row=finding.row, evidence=None)
