"""``mixed-cuda``: frameworks or CUDA libraries of different CUDA versions meet in one process."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext, Provided
from solver.audit.findings import finding_about
from solver.audit.package_set import Base, Package
from solver.audit.phrases import listed
from solver.audit.rules import breaches
from solver.core.answer import Answer, NotKnown
from solver.core.frameworks import FRAMEWORKS, opens_libraries
from solver.core.model import Clause, Finding
from solver.core.versions import major, numbers
from solver.matrix.builds import source_of
from solver.matrix.cudnn import works_beside
from solver.matrix.distributions import CONDA_RUNTIMES
from solver.matrix.drivers import own
from solver.matrix.libraries import does_without
from solver.matrix.majors import go_together, majors
from solver.matrix.rows import NONE

CODE = "mixed-cuda"


def find(context: AuditContext) -> Iterator[Finding]:
    """Frameworks of two CUDA majors, one library's name in two of them, one major twice, a compiler too new."""
    yield from _twice(context)
    pairs_of_builds = list(_builds(context))
    yield from pairs_of_builds
    yield from _of_conda(context, {pin for finding in pairs_of_builds for pin in finding.packages})
    yield from _of_another_major(context)
    yield from _same_soname(context, {pair for breach in breaches(context, CODE) for pair in breach.pairs})
    yield from _compiler(context)
    yield from _idle_of_conda(context)


def _of_conda(context: AuditContext, others: Collection[str]) -> Iterator[Finding]:
    """conda's builds for another CUDA than the runtime beside them; of those that meet another such, that is told."""
    for other in context.conda.other_cudas() if context.place.driver is not None else ():
        package, runtime = (context.conda_package(one.name) for one in (other.package, other.runtime))
        if package is None or runtime is None or package.pin in others:
            continue
        source = "" if isinstance(other.build, NotKnown) else source_of(other.build)
        yield finding_about(
            (package, runtime),
            code=CODE,
            severity="error",
            why=f"{package.pin} {other.why}: one process would hold both",
            source=source or "conda's names of its CUDA runtimes",
            cure=f"take a {package.conda} of CUDA {major(other.running)}, or {runtime.conda} {major(other.cuda)}",
        )


def _idle_of_conda(context: AuditContext) -> Iterator[Finding]:
    """conda's CUDA where every build that is known here brings one of its own."""
    runtime = next((package for package in context.set.packages if package.conda in CONDA_RUNTIMES), None)
    builds = [build for build in context.builds if build.has_cuda is Answer.YES]
    if runtime is None or not builds or not all(_brings_its_own(context, build) for build in builds):
        return
    pins = listed(build.pin for build in builds)
    brings, its = ("brings", "its") if len(builds) == 1 else ("bring", "their")
    yield finding_about(
        (runtime, *(build.package for build in builds)),
        code=CODE,
        severity="note",
        why=f"{pins} of the package index {brings} CUDA {builds[0].cuda} of {its} own, so that {runtime.pin} of conda "
        "serves nothing here that rows know",
        source="; ".join(dict.fromkeys(build.source for build in builds)),
        cure=f"take {runtime.conda} out, or keep it for what you build yourself",
    )


def _brings_its_own(context: AuditContext, build: BuiltPackage) -> bool:
    is_wheel = build.package.from_index and not opens_libraries(build.framework)
    return is_wheel and (build.bundles is Answer.YES or bool(context.libraries(build.major)))


def _builds(context: AuditContext) -> Iterator[Finding]:
    """Builds of another CUDA major than the framework that the rest goes by."""
    with_cuda = [build for build in context.builds if build.has_cuda is Answer.YES]
    anchor = min(with_cuda, key=_rank, default=None)
    for build in (*with_cuda, *context.companions):
        if anchor is not None and go_together(build.row, anchor.row) is Answer.NO:
            yield from _two_majors(context, build, anchor)


def _of_another_major(context: AuditContext) -> Iterator[Finding]:
    """What is no framework, and finds the CUDA libraries of another major alone: those were meant for it.

    Of the frameworks, the code of the loader tells which libraries are missing.
    """
    if context.set.base is not None or any(build.framework for build in context.builds):
        return
    for build in context.builds:
        if build.has_cuda is Answer.YES and build.bundles is not Answer.YES and isinstance(build.major, int):
            others = [item.package for item in context.provided if item.library.cuda != build.major]
            if others and not context.libraries(build.major):
                yield _foreign_libraries(context, build, others)


def _foreign_libraries(context: AuditContext, build: BuiltPackage, others: Sequence[Package]) -> Finding:
    """A note where nobody read whether the build brings libraries of its own."""
    cudas = listed(sorted({str(item.library.cuda) for item in context.provided}))
    open_ = build.bundles is Answer.NOT_KNOWN
    why = [f"{build.pin} is built for CUDA {build.cuda}, and the libraries here are those of CUDA {cudas}"]
    why += ["nobody read whether it brings its own"] if open_ else []
    return finding_about(
        (build.package, *others),
        code=CODE,
        severity="note" if open_ else "warning",
        why=[Clause(predicate=text) for text in why],
        source=build.source,
        cure=f"take a {build.package.name} for CUDA {cudas}, or the libraries of CUDA {build.major}",
    )


def _rank(build: BuiltPackage) -> tuple[bool, int]:
    return build.framework is None, 0 if build.framework is None else FRAMEWORKS[build.framework].rank


def _two_majors(context: AuditContext, build: BuiltPackage, anchor: BuiltPackage) -> Iterator[Finding]:
    image = context.set.base
    of_image = image is not None and isinstance(image.cuda, str) and image.has_cuda and major(image.cuda) == build.major
    alone = build.bundles is Answer.NO and not (context.libraries(build.major) or of_image)
    if alone and context.target.driver is None:
        return
    if alone and image is not None and isinstance(image.cuda, NotKnown):
        return  # the code "loader" says that nobody knows what it finds there
    seen = context.seen_broken(build.framework or build.package.name, anchor.framework or anchor.package.name)
    if any(build.package.name in breach.subjects for breach in breaches(context, CODE)):
        seen = None  # the rule tells what happens, and whether it is healed
    harmless = alone and seen is None and does_without(build.row) is Answer.YES
    effect = _on_the_cpu(build) if harmless else "one process would hold both"
    made = f"{build.pin} is built for CUDA {build.cuda} and {anchor.pin} for CUDA {anchor.cuda}: {effect}"
    yield finding_about(
        (build.package, anchor.package),
        code=CODE,
        severity="warning" if harmless else "error",
        why=[Clause(predicate=text) for text in (made, f"seen: {seen}" if seen and not harmless else "") if text],
        source=f"{build.source}; {anchor.source}",
        cure=_cure("both" if build.framework is None else "both frameworks"),
    )


def _on_the_cpu(build: BuiltPackage) -> str:
    title = build.package.name if build.framework is None else FRAMEWORKS[build.framework].title
    return f"no library of CUDA {build.major} is here, so {title} stays on the CPU"


def _cure(both: str) -> str:
    return f"choose builds of {both} for one CUDA major; `interlock audit --fix` looks for the nearest"


def _same_soname(context: AuditContext, ruled: set[frozenset[str]]) -> Iterator[Finding]:
    """The same library name in two majors under different paths: the first that is loaded serves both."""
    built = majors(build.cuda for build in context.builds if isinstance(build.cuda, str))
    by_soname: dict[str, list[Provided]] = {}
    for item in context.provided:
        for soname in item.library.sonames:
            by_soname.setdefault(soname, []).append(item)
    for soname, items in sorted(by_soname.items()):
        folders = {item.library.directory for item in items}
        cudas = {item.library.cuda for item in items}
        names = frozenset(str(item.package.name) for item in items)
        # In one folder they overwrite each other, which is a clobber.
        if len(cudas) > 1 and len(folders) > 1 and names not in ruled:
            yield _one_name_for_two(soname, items, sure=len(built) > 1)


def _one_name_for_two(soname: str, items: list[Provided], sure: bool) -> Finding:
    cudas = sorted({item.library.cuda for item in items})
    return finding_about(
        [item.package for item in items],
        code=CODE,
        severity="error" if sure else "warning",
        why=(
            f"{soname} is here for CUDA {listed(map(str, cudas))} under the same name in different "
            "folders; whichever is loaded first serves both frameworks"
        ),
        source="; ".join(dict.fromkeys(item.library.source for item in items)),
        cure=_cure("both frameworks"),
        paths=tuple(sorted(f"{item.library.directory}/{soname}" for item in items)),
    )


def _twice(context: AuditContext) -> Iterator[Finding]:
    """A toolkit of the image that one build opens, and the same major inside another build: the first serves both."""
    base = context.set.base
    for build in context.builds:
        for other in opening_the_image(context, build):
            if base is not None:
                yield _here_twice(build, other, base)


def opening_the_image(context: AuditContext, build: BuiltPackage) -> list[BuiltPackage]:
    """Who opens the image's toolkit, of whose major ``build`` carries a copy; such are told of together."""
    base = context.set.base
    if base is None or not isinstance(base.cuda, str) or not base.has_cuda:
        return []
    if build.bundles is not Answer.YES or build.major != major(base.cuda):
        return []
    return [other for other in context.builds if _opens_base(context, other, base.cuda)]


def _opens_base(context: AuditContext, build: BuiltPackage, cuda: str) -> bool:
    """Whether a build opens the image's toolkit, since no package brings one of that major."""
    opens = opens_libraries(build.framework) and build.package.from_index and build.bundles is Answer.NO
    return opens and build.major == major(cuda) and not context.libraries(build.major)


def _here_twice(build: BuiltPackage, other: BuiltPackage, base: Base) -> Finding:
    contents = f"CUDA {base.cuda}" + (f" and cuDNN {base.cudnn}" if base.cudnn_package else "")
    carried = f"CUDA {build.cuda}" + (f" and cuDNN {build.cudnn}" if isinstance(build.cudnn, str) else "")
    is_older = base.cudnn != NONE and works_beside(build.row, base.cudnn).answer is Answer.NO
    older = f", and the image's cuDNN is older than what {build.pin} was compiled with" if is_older else ""
    return finding_about(
        (build.package, other.package),
        code=CODE,
        severity="warning" if is_older else "note",
        why=f"CUDA {build.major} is here twice: the image {base.image} holds {contents}, which {other.pin} opens, "
        f"and {build.pin} carries {carried}; whichever is imported first decides which copy serves both{older}",
        source=f"{base.source}; {build.source}",
        cure=f"import first what comes with the newer copy, or take a {build.package.name} that shares the other's",
    )


def _compiler(context: AuditContext) -> Iterator[Finding]:
    """ptxas of a newer CUDA than the runtime's, on a driver that cannot take what it writes."""
    driver = context.place.driver
    if driver is None or isinstance(driver, NotKnown):
        return
    for cuda in sorted(context.cuda_majors):
        libraries = context.libraries(cuda)
        compiler, runtime = libraries.get("nvcc"), libraries.get("cudart")
        if compiler is not None and runtime is not None:
            yield from _newer_compiler(context, compiler.package, runtime.package, driver)


def _newer_compiler(context: AuditContext, compiler: Package, runtime: Package, driver: str) -> Iterator[Finding]:
    written, running = numbers(compiler.version or ""), numbers(runtime.version or "")
    cuda = ".".join(map(str, written))
    needed = own(cuda, context.target.platform, context.matrices)
    if written <= running or isinstance(needed, NotKnown) or needed.admits(driver):
        return
    yield finding_about(
        (compiler, runtime),
        code=CODE,
        severity="warning",
        why=(
            f"ptxas of CUDA {cuda} stands beside the runtime of CUDA {running[0]}.{running[1]}; "
            f"driver {driver} takes its PTX only from {needed.driver} on"
        ),
        source=needed.source,
        cure=f"take {compiler.name} of CUDA {running[0]}.{running[1]}, or driver >= {needed.driver}",
    )
