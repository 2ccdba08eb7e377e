"""``mixed-cuda``: frameworks or CUDA libraries of different CUDA versions meet in one process."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.facts import Facts, Provided
from solver.audit.rules import broken
from solver.audit.words import listed, minor, pins, version
from solver.core.model import Finding
from solver.matrix.builds import stated

CODE = "mixed-cuda"


def find(facts: Facts) -> Iterator[Finding]:
    """Frameworks of two CUDA majors, one library name in two majors, a compiler that the driver refuses."""
    yield from _frameworks(facts)
    yield from _same_soname(facts, {pair for breach in broken(facts, CODE) for pair in breach.pairs})
    yield from _compiler(facts)


def _frameworks(facts: Facts) -> Iterator[Finding]:
    tensorflow, torch = facts.build("tensorflow"), facts.build("torch")
    if tensorflow is None or torch is None or tensorflow.major is None or torch.major is None:
        return
    if tensorflow.major == torch.major:
        return
    alone = not (tensorflow.bundles or facts.libraries(tensorflow.major))
    if alone and facts.target.driver is None:
        return
    seen = facts.seen_broken("tensorflow", "torch")
    harmless = alone and seen is None
    effect = (
        f"no library of CUDA {tensorflow.major} is here, so TensorFlow stays on the CPU"
        if harmless
        else "one process would hold both" + (f"; seen: {seen}" if seen else "")
    )
    yield Finding(
        code=CODE,
        severity="warning" if harmless else "error",
        packages=pins((tensorflow.package, torch.package)),
        why=f"{tensorflow.pin} is built for CUDA {tensorflow.cuda} and {torch.pin} for CUDA {torch.cuda}: {effect}",
        source=f"{tensorflow.source}; {torch.source}",
        cure=_CURE,
    )


_CURE = "choose builds of both frameworks for one CUDA major; `interlock audit --fix` looks for the nearest"


def _same_soname(facts: Facts, told: set[frozenset[str]]) -> Iterator[Finding]:
    """The same library name in two majors under different paths: the first that is loaded serves both."""
    held: dict[str, list[Provided]] = {}
    for item in facts.provided:
        for soname in item.library.sonames:
            held.setdefault(soname, []).append(item)
    for soname, items in sorted(held.items()):
        places = {item.library.directory for item in items}
        majors = sorted({item.library.cuda for item in items})
        names = frozenset(str(item.package.name) for item in items)
        if len(majors) > 1 and len(places) > 1 and names not in told:
            paths = tuple(sorted(f"{item.library.directory}/{soname}" for item in items))
            yield Finding(
                code=CODE,
                severity="error" if len({b.major for b in facts.builds if b.major}) > 1 else "warning",
                packages=pins(item.package for item in items),
                why=(
                    f"{soname} is here for CUDA {listed(map(str, majors))} under the same name in different "
                    "folders; whichever is loaded first serves both frameworks"
                ),
                source="; ".join(dict.fromkeys(item.library.source for item in items)),
                cure=_CURE,
                paths=paths,
            )


def _compiler(facts: Facts) -> Iterator[Finding]:
    """ptxas of a newer CUDA than the runtime's, on a driver that cannot take what it writes."""
    driver = None if facts.assumed else version(facts.target.driver)
    for cuda in sorted(facts.cuda_majors):
        libraries = facts.libraries(cuda)
        compiler, runtime = libraries.get("nvcc"), libraries.get("cudart")
        if driver is None or compiler is None or runtime is None:
            continue
        written, running = (minor(item.package.version or "") for item in (compiler, runtime))
        toolkit = facts.matrices.toolkit(f"{written[0]}.{written[1]}")
        needed = None if toolkit is None else stated(toolkit.driver)
        if facts.target.platform == "win-64" and toolkit is not None:
            needed = stated(toolkit.driver_windows)
        natively = version(needed)
        if written <= running or toolkit is None or natively is None or driver >= natively:
            continue
        yield Finding(
            code=CODE,
            severity="warning",
            packages=pins((compiler.package, runtime.package)),
            why=(
                f"ptxas of CUDA {toolkit.cuda} stands beside the runtime of CUDA {running[0]}.{running[1]}; "
                f"driver {facts.target.driver} takes its PTX only from {needed} on"
            ),
            source=toolkit.source,
            cure=f"take {compiler.package.name} of CUDA {running[0]}.{running[1]}, or driver >= {needed}",
        )
