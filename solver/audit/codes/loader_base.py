"""What of a build's CUDA libraries the image holds that the set is installed into, outside of any package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from solver.audit.builds import BuiltPackage
from solver.audit.codes.loader_search import LibrarySearch
from solver.audit.findings import finding_about
from solver.audit.package_set import Base
from solver.audit.phrases import listed
from solver.core.answer import Answer, NotKnown
from solver.core.model import Finding
from solver.matrix.images import holds_cudnn, toolkit_holds
from solver.matrix.libraries import serves_profiler
from solver.matrix.rows import CUDNN

CODE = "loader"


def without_base(
    base: Base | None, build: BuiltPackage, outcome: LibrarySearch
) -> tuple[LibrarySearch, tuple[str, ...]]:
    """``outcome`` without what the image holds, or may hold; then the file names of the latter."""
    if base is None:
        return outcome, ()
    perhaps: list[str] = []

    def is_left(library: str, soname: str) -> bool:
        in_image = _image_holds(base, build, library)
        if in_image is Answer.NOT_KNOWN and not serves_profiler(library):
            perhaps.append(soname)
        # Nothing but the profiler needs what one flavour of an image has and another has not.
        return in_image is Answer.NO and not serves_profiler(library)

    kept = replace(
        outcome,
        hidden=tuple(i for i in outcome.hidden if is_left(i.library.library, i.library.sonames[0])),
        nowhere=tuple(one for one in outcome.nowhere if is_left(one.library, one.soname)),
    )
    return kept, tuple(perhaps)


def _image_holds(base: Base, build: BuiltPackage, library: str) -> Answer:
    """Whether the image holds a library where every process looks for it."""
    major = build.major
    if library == CUDNN:
        cudnn = build.cudnn
        return holds_cudnn(base.cudnn, cudnn) if isinstance(cudnn, str) else Answer.NOT_KNOWN
    return (
        Answer.NOT_KNOWN
        if isinstance(major, NotKnown) or major is None
        else toolkit_holds(base.cuda, base.libraries, major, library)
    )


def perhaps_in_base(base: Base | None, build: BuiltPackage, sonames: Sequence[str]) -> Finding:
    """The finding that an image which nobody read may hold what a build looks for."""
    image = "" if base is None else base.image
    return finding_about(
        (build.package,),
        code=CODE,
        severity="note",
        why=f"nobody read what CUDA the image {image} holds, so it is not known whether {build.pin} finds "
        f"{listed(sorted(sonames), most=12)}",
        source=build.source,
        cure="audit the environment inside the image, or add the image to matrices/images.yaml",
        row=build.row.id,
    )
