"""The tiny wheels of our own that a lock carries."""

from __future__ import annotations

from collections.abc import Mapping

from solver.core.answer import NotKnown
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Platform, Profile, Solution
from solver.lock.loader.wheel import activation_wheel, loader_wheel
from solver.lock.requirements import LocalWheel
from solver.matrix.cures import healable
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build


def local_wheels(matrices: Matrices, profile: Profile, solution: Solution) -> list[LocalWheel]:
    """The wheels that the lock of ``solution`` needs; none where the profile wants no loader."""
    if profile.loader == "none":
        return []
    versions = {str(pin.name): pin.version for pin in solution.pins}
    build = tensorflow_build(matrices, versions, solution.target.platform)
    # Of a build that nobody read no lock is made: the search takes none.
    build = None if isinstance(build, NotKnown) else build
    if profile.loader == "activation":
        led = activation_wheel(build, matrices.libraries, versions, solution.target.python)
        return [] if led is None else [LocalWheel.of(*led)]
    symbols = needs_healing(matrices, versions, Place.of(solution.target))
    made = loader_wheel(build, matrices.libraries, versions, profile.gpu_sharing, profile.frameworks, symbols=symbols)
    return [] if made is None else [LocalWheel.of(*made)]


def loader_beside(
    matrices: Matrices, versions: Mapping[str, str], platform: Platform, *, healing: bool = True
) -> LocalWheel | NotKnown | None:
    """The loader wheel for any set (version by name); None where its TensorFlow needs none, or it has none.

    Without ``healing`` it merely has TensorFlow find its libraries.
    """
    build = tensorflow_build(matrices, versions, platform)
    if not isinstance(build, Build):
        return build
    symbols = healing and needs_healing(matrices, versions, Place(platform))
    made = loader_wheel(build, matrices.libraries, versions, symbols=symbols)
    return None if made is None else LocalWheel.of(*made)


def needs_healing(matrices: Matrices, versions: Mapping[str, str], place: Place) -> bool:
    """Whether a set (version by name) breaks a rule that the loader heals."""
    return any(healable(matrices.rules, matrices, versions, place))


def tensorflow_build(matrices: Matrices, versions: Mapping[str, str], platform: Platform) -> Build | NotKnown | None:
    """The row of a set's TensorFlow; None where it has none."""
    for name in FRAMEWORKS["tensorflow"].distributions:
        if name in versions:
            return matrices.build(name, versions[name], platform)
    return None
