"""Warnings that go with a solution: legal, but less than the facts ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.version import Version

from solver.core.model import Note, Target
from solver.core.versions import minor, within
from solver.matrix.builds import stated
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build
from solver.matrix.rules import broken


def notes(
    versions: Mapping[str, str], cuda: str | None, build: Build | None, matrices: Matrices, target: Target
) -> list[Note]:
    """Notes on a solution: ``versions`` by distribution, its CUDA runtime and its TensorFlow build."""
    found = list(_soft_rules(versions, matrices, Place.of(target)))
    built = None if build is None else stated(build.cuda)
    if build is None or built is None or cuda in (None, "none"):
        return found
    evidence = _evidence(versions, matrices)
    assert cuda is not None
    if Version(cuda) < Version(minor(built)):
        text = f"the CUDA runtime {cuda} is older than the {built} that TensorFlow was built with"
        found.append(Note(package="tensorflow", text=text, row=build.id, evidence=evidence))
    for name, specifier in sorted(build.asks.items()):
        have = versions.get(name)
        if have is not None and not within(have, specifier):
            text = (
                f"{name} {have} is not what TensorFlow's and-cuda extra asks for ({specifier}); the extra is left out"
            )
            found.append(Note(package=name, text=text, row=build.id, evidence=evidence))
    return found


def _evidence(versions: Mapping[str, str], matrices: Matrices) -> str | None:
    """An observation of these frameworks at these versions that works; None where there is none.

    Rows learned from evidence do not count here: learning must change no lock.
    """
    for seen in sorted(matrices.observations, key=lambda row: row.id):
        if seen.works and {"tensorflow", "torch"} <= set(seen.packages) and _matches(seen.packages, versions):
            return f"{seen.id}: {seen.seen}"
    return None


def _matches(packages: Mapping[str, str], versions: Mapping[str, str]) -> bool:
    return bool(packages) and all(
        name in versions and within(versions[name], _exact(spec)) for name, spec in packages.items()
    )


def _exact(text: str) -> str:
    return f"=={text}" if text[:1].isdigit() else text


def _soft_rules(versions: Mapping[str, str], matrices: Matrices, place: Place) -> Iterator[Note]:
    soft = sorted((rule for rule in matrices.rules if rule.severity == "warning"), key=lambda row: row.id)
    for breach in broken(soft, versions, place):
        rule = breach.rule
        for offence in breach.offences:
            yield Note(package=offence.package, text=f"{rule.why}; {rule.cure}", row=rule.id, evidence=rule.seen)
