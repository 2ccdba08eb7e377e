"""``mixed-cuda``: frameworks or CUDA libraries of different CUDA versions meet in one process."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.facts import Build, Facts, Provided, listed, minor, pins, version
from solver.audit.rules import applies
from solver.matrix.rows import Rule
from solver.model import Finding

CODE = "mixed-cuda"


def find(facts: Facts) -> Iterator[Finding]:
    """Frameworks of two CUDA majors, one library name in two majors, a compiler that the driver refuses."""
    yield from _frameworks(facts)
    yield from _same_soname(facts)
    yield from _compiler(facts)


def _rules(facts: Facts) -> list[Rule]:
    return [rule for rule in facts.matrices.rules if rule.code == CODE and applies(rule, facts)]


def _frameworks(facts: Facts) -> Iterator[Finding]:
    tensorflow, torch = facts.build("tensorflow"), facts.build("torch")
    if tensorflow is None or torch is None or tensorflow.major is None or torch.major is None:
        return
    if tensorflow.major == torch.major:
        return
    rules = _rules(facts)
    meets = bool(rules) or tensorflow.bundles or bool(facts.libraries(tensorflow.major))
    yield Finding(
        code=CODE,
        severity="error" if meets else "warning",
        packages=pins((tensorflow.package, torch.package)),
        why=_why(tensorflow, torch, meets, rules),
        source="; ".join(dict.fromkeys([tensorflow.source, torch.source, *(rule.source for rule in rules)])),
        cure=rules[0].cure if rules else _CURE,
    )


_CURE = "choose builds of both frameworks for one CUDA major; `interlock audit --fix` looks for the nearest"


def _why(tensorflow: Build, torch: Build, meets: bool, rules: list[Rule]) -> str:
    built = (
        f"tensorflow {tensorflow.package.version} is built for CUDA {tensorflow.cuda}, "
        f"torch {torch.package.version} for CUDA {torch.cuda}"
    )
    if not meets:
        return f"{built}; no library of CUDA {tensorflow.major} is here, so TensorFlow stays on the CPU"
    seen = [f"{rule.why}" + (f" (seen: {rule.seen})" if rule.seen else "") for rule in rules]
    return "; ".join([f"{built}: one process would hold both", *seen])


def _same_soname(facts: Facts) -> Iterator[Finding]:
    """The same library name in two majors under different paths: the first that is loaded serves both."""
    held: dict[str, list[Provided]] = {}
    for item in facts.provided:
        for soname in item.library.sonames:
            held.setdefault(soname, []).append(item)
    for soname, items in sorted(held.items()):
        places = {item.library.directory for item in items}
        majors = sorted({item.library.cuda for item in items})
        if len(majors) > 1 and len(places) > 1:
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
    driver = version(facts.target.driver)
    for cuda in sorted(facts.cuda_majors):
        libraries = facts.libraries(cuda)
        compiler, runtime = libraries.get("nvcc"), libraries.get("cudart")
        if driver is None or compiler is None or runtime is None:
            continue
        written, running = (minor(item.package.version or "") for item in (compiler, runtime))
        toolkit = facts.matrices.toolkit(f"{written[0]}.{written[1]}")
        needed = None if toolkit is None else toolkit.driver
        if facts.target.platform == "win-64" and toolkit is not None:
            needed = toolkit.driver_windows
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
