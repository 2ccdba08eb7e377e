"""What a container image that others are built from holds, as its repository and its tag tell.

A tag may say a version itself (``12.4.1-devel-ubuntu22.04``): a row has ``{cuda}`` in its place. A tag that a row
spells out goes before one of a pattern. Of an image without a row nothing is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, answer
from solver.core.versions import major as _major
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE, BaseImage, SystemPython

_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
"""Docker Hub, which is meant where no registry is named."""
_OFFICIAL = "library/"
"""The owner of the images that have none."""
_PLACE = re.compile(r"\{(\w+)\}|(\*)")
_VERSION = r"[0-9]+(?:\.[0-9]+)*"
_WITHOUT_DOTS = "cu"
"""The name that stands for the CUDA of ``{cuda}`` as wheels of the PyTorch index write it: 12.4 is cu124."""
LATEST = "latest"
"""The tag that is meant where none is named."""


@dataclass(frozen=True)
class ImageName:
    """An image as a Dockerfile or a compose file names it."""

    repository: str
    """With its registry, where that is not Docker Hub."""
    tag: str
    digest: str | None = None
    """A digest says which image it is, whatever tag stands beside it; None: the tag does."""

    @classmethod
    def of(cls, reference: str) -> ImageName:
        """``reference`` taken apart: ``[registry/]owner/name[:tag][@digest]``."""
        named, _, digest = reference.partition("@")
        path, colon, tag = named.rpartition(":")
        if not colon or "/" in tag:  # the colon of a registry's port
            path, tag = named, LATEST
        registry, _, rest = path.partition("/")
        if registry in _HUB:
            path = rest
        return cls(path.removeprefix(_OFFICIAL), tag, digest or None)


@dataclass(frozen=True)
class ImageContents:
    """What an image is known to hold."""

    row: BaseImage
    python: str | NotKnown
    """The python that pip installs for; "none": it has none."""
    cuda: str | NotKnown
    """The CUDA toolkit outside of any package; "none": there is none."""
    cudnn: str | NotKnown
    libraries: tuple[str, ...] | NotKnown
    """Every CUDA library of that toolkit, by short name; cuDNN is told by ``cudnn``."""
    packages: Mapping[str, str] | NotKnown
    """Distribution -> version of the frameworks that are installed; there is more."""


def contents(matrices: Matrices, reference: str) -> ImageContents | NotKnown:
    """What the image ``reference`` holds; NOT_KNOWN where no row tells of it."""
    name = ImageName.of(reference)
    fitting = (
        (row, values) for row in matrices.images if name.repository in row.images for values in _tag_versions(row, name)
    )
    row, said = min(fitting, key=lambda one: len(one[1]), default=(None, {}))
    if row is None:
        return NOT_KNOWN
    return ImageContents(
        row=row,
        python=_filled(row.python, said),
        cuda=_filled(row.cuda, said),
        cudnn=_filled(row.cudnn, said),
        libraries=row.libraries,
        packages=row.packages
        if isinstance(row.packages, NotKnown)
        else {package: _put_in(version, said) for package, version in row.packages.items()},
    )


def system_python(matrices: Matrices, reference: str) -> str | NotKnown:
    """The python (major.minor) that the package python3 of an image's distribution is; NOT_KNOWN without a row."""
    name = ImageName.of(reference)
    fitting = (
        row
        for row in matrices.systems
        if name.repository in row.images and next(_tag_versions(row, name), None) is not None
    )
    row = next(fitting, None)
    return NOT_KNOWN if row is None else row.python


def toolkit_holds(cuda: str | NotKnown, libraries: tuple[str, ...] | NotKnown, major: int, library: str) -> Answer:
    """Whether a toolkit outside of any package has a library (its short name) of a CUDA major; cuDNN is none of it."""
    if cuda == NONE:
        return Answer.NO
    if isinstance(cuda, NotKnown):
        return Answer.NOT_KNOWN
    if _major(cuda) != major:
        return Answer.NO
    return Answer.NOT_KNOWN if isinstance(libraries, NotKnown) else answer(library in libraries)


def holds_cudnn(cudnn: str | NotKnown, soname_of: str) -> Answer:
    """Whether a cuDNN outside of any package has the name of the one (version) that a build was compiled with."""
    if cudnn == NONE:
        return Answer.NO
    return Answer.NOT_KNOWN if isinstance(cudnn, NotKnown) else answer(_major(cudnn) == _major(soname_of))


def _tag_versions(row: BaseImage | SystemPython, name: ImageName) -> Iterator[dict[str, str]]:
    """The versions that the tag says, by each pattern of the row that fits it."""
    for pattern in row.tags:
        match = re.fullmatch(_expression(pattern), name.tag)
        if match is not None:
            yield match.groupdict()


def _expression(pattern: str) -> str:
    """A regular expression of a tag's pattern."""
    parts, at = [], 0
    for place in _PLACE.finditer(pattern):
        parts.append(re.escape(pattern[at : place.start()]))
        parts.append(".*" if place[2] else f"(?P<{place[1]}>{_VERSION})")
        at = place.end()
    return "".join((*parts, re.escape(pattern[at:])))


def _filled(value: str | NotKnown, said: Mapping[str, str]) -> str | NotKnown:
    return value if isinstance(value, NotKnown) else _put_in(value, said)


def _put_in(text: str, said: Mapping[str, str]) -> str:
    words = {**said, _WITHOUT_DOTS: "cu" + said.get("cuda", "").replace(".", "")}
    return _PLACE.sub(lambda place: words.get(place[1] or "", place[0]), text)
