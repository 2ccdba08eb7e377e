"""An index of packages that are a line each, for tests of the crawl and of the record."""

from solver.core.errors import IndexUnavailable
from solver.core.markers import extras_in
from solver.core.model import IndexFile, Release
from solver.index import UnknownPackage
from solver.index.metadata import Metadata


class TinyIndex:
    """Packages as ``name -> version -> (wheel tags, requirements[, requires_python])``."""

    def __init__(self, packages, yanked=(), broken=()):
        self.packages, self.yanked, self.broken = packages, yanked, broken
        self.questions = []

    def releases(self, name):
        self.questions.append(name)
        if name not in self.packages:
            raise UnknownPackage(f"the package index has no package {name}")
        return tuple(
            Release(
                version=version,
                files=tuple(
                    IndexFile(filename=f"{name.replace('-', '_')}-{version}-{tag}.whl", sha256="0" * 64)
                    for tag in tags.split()
                ),
                requires_python=python[0] if python else None,
                yanked="bad" if f"{name} {version}" in self.yanked else None,
            )
            for version, (tags, _, *python) in self.packages[name].items()
        )

    def metadata(self, file):
        name, version, tag = file.filename.removesuffix(".whl").split("-", 2)
        if file.filename in self.broken:
            raise IndexUnavailable(f"{file.filename} cannot be read")
        requires = self.packages[name.replace("_", "-")][version][1]
        texts = requires.get(tag, ()) if isinstance(requires, dict) else requires
        extras = {extra for text in texts for extra in extras_in(text)}
        return Metadata(requires=tuple(texts), extras=tuple(sorted(extras)), digest="")


ANY = "py3-none-any"


def plain(*versions, requires=()):
    return dict.fromkeys(versions, (ANY, requires))
