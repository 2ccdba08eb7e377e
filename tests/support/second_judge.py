"""A second judge of the search: tries everything, from rows and releases as they are written.

It shares nothing with ``solver.solve`` but the meaning of versions, specifiers and markers
(``packaging``), and is fast enough for worlds of a dozen packages with a few releases each.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from solver.core.answer import NOT_KNOWN
from solver.core.model import Profile, Release
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE

Set = dict[str, str]
"""Package -> version; the keys "cuda" and "cudnn" hold the axes, where they have a version."""

AXES = "cudnn protobuf numpy"
V = lru_cache(maxsize=None)(Version)
parse = lru_cache(maxsize=None)(Requirement)


@cache
def within(specifier: str, version: str) -> bool:
    return SpecifierSet(specifier).contains(version, prereleases=True)


@cache
def asks(text: str, python: str, extra: str) -> Requirement | None:
    requirement = parse(text)
    environment = {"python_version": python, "python_full_version": f"{python}.99", "extra": extra}
    return requirement if requirement.marker is None or requirement.marker.evaluate(environment) else None


def major(version: str) -> int:
    return V(version).release[0]


def minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def plain(matrices: Matrices, package: str) -> list[SimpleNamespace]:
    """The builds of one package as they are written, with None for what is not there or nobody read."""
    fields = [{name: getattr(row, name) for name in row.__struct_fields__} for row in matrices.builds_of(package)]
    return [
        SimpleNamespace(**{name: None if value in (NONE, NOT_KNOWN) else value for name, value in row.items()})
        for row in fields
    ]


class Judge:
    """All solutions of one profile, and which of them is preferred."""

    def __init__(self, profile: Profile, matrices: Matrices, releases: dict[str, list[Release]]) -> None:
        self.profile, self.matrices, self.all_releases = profile, matrices, releases
        self.cpu = profile.cuda == "none"
        self.torch_rows = {row.version: row for row in plain(matrices, "torch")}
        self.tensorflow_rows = {row.version: row for row in plain(matrices, "tensorflow")}
        self.companions = plain(matrices, "torchvision")
        self.library_of = {row.distribution: row for row in matrices.libraries}

    # ---- what may be chosen at all

    def usable(self, name: str, python: str) -> dict[str, Release]:
        usable: dict[str, Release] = {}
        any_final = any(not V(release.version).is_prerelease for release in self.all_releases.get(name, []))
        for release in self.all_releases.get(name, []):
            files = tuple(f for f in release.files if _fits(f.filename, python))
            if (any_final and V(release.version).is_prerelease) or release.yanked is not None:
                continue
            if release.index not in self.profile.indexes:
                continue
            if release.requires_python and not within(release.requires_python, f"{python}.99"):
                continue
            row = self.torch_rows.get(release.version) if name == "torch" else None
            documented = row is not None and release.index == "pytorch" and python in row.python
            if files or documented:
                usable[release.version] = _cut(release, files)
        if name == "torch" and "pytorch" in self.profile.indexes:
            listed = {release.version for release in self.all_releases.get(name, [])}
            for version, row in self.torch_rows.items():
                if row.index == "pytorch" and version not in listed and python in row.python:
                    usable[version] = Release(version=version, files=(), index="pytorch")
        if name in ("torch", "tensorflow"):
            rows: Any = self.torch_rows if name == "torch" else self.tensorflow_rows
            usable = {v: r for v, r in usable.items() if v in rows and self.serves(name, rows[v])}
        return usable

    def serves(self, name: str, row: Any) -> bool:
        if self.cpu != (row.cuda is None):
            return False
        if row.cuda is None:
            return True
        if name == "torch" and row.cudnn is None:
            return False
        return all(self.runs_on(row, gpu) for gpu in self.profile.target.gpus)

    def runs_on(self, row: Any, gpu: str) -> bool:
        if row.sm is None:
            return False
        if any(major(sm) == major(gpu) and V(sm) <= V(gpu) for sm in row.sm):
            return True
        toolkit = next((t for t in self.matrices.toolkits if t.cuda == minor(row.cuda)), None)
        own_driver = toolkit is not None and V(self.profile.target.driver) >= V(toolkit.driver)
        return own_driver and any(V(ptx) <= V(gpu) for ptx in row.ptx or ())

    def cudas(self) -> list[str]:
        if self.cpu:
            return ["none"]
        oldest = {row.major: row.driver for row in self.matrices.families}
        return [
            row.cuda
            for row in self.matrices.toolkits
            if V(self.profile.target.driver) >= V(oldest[major(row.cuda)])
            and all(not row.gpus or V(gpu) >= V(row.gpus[0]) for gpu in self.profile.target.gpus)
            and within(self.profile.cuda, row.cuda)
        ]

    # ---- every set that holds together

    def solutions(self, python: str) -> Iterator[Set]:
        self.versions = {name: self.usable(name, python) for name in {*self.all_releases, "torch"}}
        self.python = python
        roots = [(f, self.profile.constraints.get(f, ""), "") for f in self.profile.frameworks]
        for text in self.profile.packages:
            roots += _each(parse(text))
        self.roots = roots
        for chosen in self.closures({}):
            for cuda in self.cudas():
                for cudnn in self.cudnns(chosen):
                    axes = {"cuda": cuda, "cudnn": cudnn}
                    if self.holds(chosen, cuda, cudnn):
                        yield chosen | {name: version for name, version in axes.items() if version}

    def all_asks(self, chosen: Set) -> list[tuple[str, str, str]]:
        """(name, specifier, extra) of everything that the request and the chosen packages ask for."""
        requirements = list(self.roots)
        extras: dict[str, set[str]] = {}
        while True:
            requirements = list(self.roots)
            for name, version in chosen.items():
                for extra in ("", *sorted(extras.get(name, ()))):
                    requirements += self.asks_of(name, version, extra)
            more: dict[str, set[str]] = {}
            for name, _, extra in requirements:
                if extra:
                    more.setdefault(name, set()).add(extra)
            if more == extras:
                return requirements
            extras = more

    def asks_of(self, name: str, version: str, extra: str) -> list[tuple[str, str, str]]:
        requirements = []
        for text in self.versions[name][version].requires or ():
            requirement = asks(text, self.python, extra)
            if requirement is not None:
                requirements += _each(requirement)
        if extra:
            return requirements
        if name == "tensorflow":
            row = self.tensorflow_rows[version]
            for library in self.matrices.libraries if row.cuda else ():
                if library.library in (row.opens or ()) and library.cuda == major(row.cuda):
                    requirements.append((library.distribution, "", ""))
        if name == "torch" and self.unread(version) and not self.torch_rows[version].bundles:
            requirements += self.triton_of(version)
        if name == "torchvision":
            row = next((r for r in self.companions if r.version == version), None)
            requirements.append(("torch", "" if row is None else row.needs.get("torch", ""), ""))
        return requirements

    def unread(self, torch: str) -> bool:
        return self.torch_rows[torch].cuda is not None and self.versions["torch"][torch].requires is NOT_KNOWN

    def triton_of(self, torch: str) -> list[tuple[str, str, str]]:
        """Builds of one torch are made with one triton."""
        for release in self.all_releases.get("torch", []):
            if release.index == "default" and release.version == V(torch).public:
                texts = [asks(text, self.python, "") for text in release.requires or ()]
                return [one for r in texts if r is not None and r.name == "triton" for one in _each(r)]
        return []

    def closures(self, chosen: Set) -> Iterator[Set]:
        asks_here = self.all_asks(chosen)
        if any(name in chosen and not within(specifier, chosen[name]) for name, specifier, _ in asks_here):
            return
        open_ = next((name for name, _, _ in asks_here if name not in chosen), None)
        if open_ is None:
            yield chosen
            return
        for version in self.versions.get(open_, ()):
            if all(within(specifier, version) for name, specifier, _ in asks_here if name == open_):
                yield from self.closures({**chosen, open_: version})

    def cudnns(self, chosen: Set) -> list[str | None]:
        """The cuDNN axis: what is installed; what an unread torch is used with; what TensorFlow opens, if any."""
        brought = {chosen[n] for n in chosen if n in self.library_of and self.library_of[n].library == "cudnn"}
        if brought:
            return sorted(brought) if len(brought) == 1 else []
        torch = chosen.get("torch")
        unread = torch is not None and self.unread(torch) and not self.torch_rows[torch].bundles
        tensorflow = self.tensorflow_rows.get(chosen.get("tensorflow", ""))
        if unread or (tensorflow is not None and tensorflow.cudnn):
            known = {
                version
                for name, row in self.library_of.items()
                if row.library == "cudnn"
                for version in self.versions.get(name, ())
            }
            return sorted(known | {r.cudnn for r in self.torch_rows.values() if r.cudnn and r.cudnn.count(".") > 2})
        return [None]

    # ---- whether a set holds together, fact by fact

    def holds(self, chosen: Set, cuda: str, cudnn: str | None) -> bool:
        return (
            self.libraries_fit(chosen, cuda)
            and self.tensorflow_fits(chosen, cuda, cudnn)
            and self.torch_fits(chosen, cuda, cudnn)
            and self.companions_fit(chosen)
            and self.rules_hold(chosen)
            and self.constraints_hold(chosen, cudnn)
            and not any(self.clobber(a, chosen[a], b, chosen[b]) for a in chosen for b in chosen if a < b)
        )

    def libraries_fit(self, chosen: Set, cuda: str) -> bool:
        for name, row in self.library_of.items():
            if name in chosen:
                if cuda == "none" or row.cuda != major(cuda):
                    return False
                if row.library in ("cudart", "nvcc") and row.same_minor and minor(chosen[name]) != cuda:
                    return False
        return True

    def tensorflow_fits(self, chosen: Set, cuda: str, cudnn: str | None) -> bool:
        row = self.tensorflow_rows.get(chosen.get("tensorflow", ""))
        if row is None or row.cuda is None:
            return True
        if cuda == "none" or major(cuda) != major(row.cuda):
            return False
        for name in {r.distribution for r in self.matrices.libraries if r.library in (row.opens or ())} & chosen.keys():
            layouts = [r.versions for r in self.matrices.libraries if r.distribution == name]
            if not any(within(versions, chosen[name]) for versions in layouts):
                return False
        if row.cudnn is None:
            return True
        carried = self.torch_rows[chosen["torch"]] if "torch" in chosen else None
        bundled = carried.cudnn if carried is not None and carried.bundles else None
        if bundled and major(bundled) == major(row.cudnn) and V(minor(bundled)) < V(minor(row.cudnn)):
            return False
        return cudnn is not None and major(cudnn) == major(row.cudnn) and V(minor(cudnn)) >= V(minor(row.cudnn))

    def torch_fits(self, chosen: Set, cuda: str, cudnn: str | None) -> bool:
        row = self.torch_rows.get(chosen.get("torch", ""))
        if row is None or row.cuda is None:
            return True
        older = cudnn is not None and major(cudnn) == major(row.cudnn) and V(minor(cudnn)) < V(minor(row.cudnn))
        if row.bundles:
            return cuda != "none" and major(cuda) == major(row.cuda) and not older
        if cuda != minor(row.cuda) or older or (cudnn is not None and major(cudnn) != major(row.cudnn)):
            return False
        if not self.unread(chosen["torch"]):
            return True
        exact = f"=={row.cudnn}" if row.cudnn.count(".") > 2 else f"=={row.cudnn}.*"
        return cudnn is not None and within(exact, cudnn)

    def companions_fit(self, chosen: Set) -> bool:
        row = next((r for r in self.companions if r.version == chosen.get("torchvision")), None)
        if row is None or row.cuda is None:
            return True
        torch = self.torch_rows[chosen["torch"]]
        return torch.cuda is not None and major(torch.cuda) == major(row.cuda)

    def rules_hold(self, chosen: Set) -> bool:
        for rule in self.matrices.rules:
            if rule.severity == "error" and all(
                name in chosen and within(specifier, chosen[name]) for name, specifier in rule.when.items()
            ):
                for name, specifier in rule.needs.items():
                    if name in chosen and (specifier == "!" or not within(specifier, chosen[name])):
                        return False
        return True

    def constraints_hold(self, chosen: Set, cudnn: str | None) -> bool:
        for name, specifier in self.profile.constraints.items():
            version = cudnn if name == "cudnn" else chosen.get(name)
            if version is not None and not within(specifier, version):
                return False
        inside = self.inside(chosen)
        asked = {"cuda": self.profile.cuda, "cudnn": self.profile.constraints.get("cudnn", "")}
        return all(within(asked[axis], version) for axis, version in inside.items())

    def inside(self, chosen: Set) -> Set:
        """The CUDA and the cuDNN in the wheel of torch."""
        row = self.torch_rows.get(chosen.get("torch", ""))
        return {"cuda": minor(row.cuda), "cudnn": row.cudnn} if row is not None and row.bundles else {}

    def told(self, choice: Set) -> Set:
        """The axes as they are told: what lies in the wheel of torch where no distribution brings another."""
        brought = {row.library for name, row in self.library_of.items() if name in choice}
        told = self.inside(choice)
        if brought & {"cudart", "nvcc"}:
            told.pop("cuda", None)
        if "cudnn" in brought:
            told.pop("cudnn", None)
        return choice | told

    def clobber(self, a: str, version_a: str, b: str, version_b: str) -> bool:
        """By rows of these versions, else where every row of the pair saw it; no world lets libraries move."""
        exact, every = [], []
        for row in self.matrices.clobbers:
            if {row.a, row.b} == {a, b}:
                first, second = (version_a, version_b) if a == row.a else (version_b, version_a)
                every.append(row.different > 0)
                if within(row.versions_a, first) and within(row.versions_b, second):
                    exact.append(row.different > 0)
        return any(exact) if exact else bool(every) and all(every)

    # ---- preference

    def preferred(self, *, lockable_only: bool) -> Set | None:
        """The best set; its python under the key "python".

        A set that cannot be locked is taken only where it brings a newer framework or python.
        """
        best: tuple[Any, Set] | None = None
        for python in self.pythons():
            every = list(self.solutions(python))
            for some in ([s for s in every if self.lockable(s)], [] if lockable_only else every):
                if some:
                    choice = self.choose(some) | {"python": python}
                    merit = [*(_descending(V(choice[f]).public) for f in self.order()), _descending(python)]
                    if best is None or merit < best[0]:
                        best = merit, choice
        return None if best is None else self.told(best[1])

    def order(self) -> list[str]:
        return sorted(self.profile.frameworks, key=lambda f: (f != self.profile.prefer, f != "torch"))

    def choose(self, sets: list[Set]) -> Set:
        """Of all solutions on one python the preferred one: decision after decision, each the newest that is left."""
        decided: set[str] = set()

        def decide(name: str, rank: Any) -> None:
            nonlocal sets
            decided.add(name)
            best = min(rank(solution) for solution in sets)
            sets = [solution for solution in sets if rank(solution) == best]

        for framework in self.order():
            decide(framework, lambda solution, f=framework: _descending(V(solution[f]).public))
        for axis in ("cuda", "cudnn", "protobuf", "numpy"):
            if all(axis in solution for solution in sets):
                decide(axis, lambda solution, a=axis: _newest(solution[a]))
        if "torch" in self.profile.frameworks:
            decide("torch", self.build)
        while open_ := self.names_asked_for(decided, sets[0]) - decided:
            # Axes before packages, packages by name; whatever is asked for is in every set that is left.
            name = min(open_, key=lambda n: (n not in ("cudnn", "protobuf", "numpy"), AXES.find(n), n))
            decide(name, lambda solution, n=name: (_newest(solution[n]), self.build(solution) if n == "torch" else []))
        assert len(sets) == 1
        return sets[0]

    def names_asked_for(self, decided: set[str], solution: Set) -> set[str]:
        """What the request and the decided packages of ``solution`` ask for."""
        chosen = {name: version for name, version in solution.items() if name in decided - {"cuda", "cudnn"}}
        names = {name for name, _, _ in self.all_asks(chosen)}
        tensorflow = self.tensorflow_rows[chosen["tensorflow"]] if "tensorflow" in chosen else None
        unread = "torch" in chosen and self.unread(chosen["torch"]) and not self.torch_rows[chosen["torch"]].bundles
        brought = any(n in chosen and row.library == "cudnn" for n, row in self.library_of.items())
        if (tensorflow and tensorflow.cudnn) or unread or brought:
            names.add("cudnn")
        return names

    def pythons(self) -> list[str]:
        known = {p for row in (*self.tensorflow_rows.values(), *self.torch_rows.values()) for p in row.python}
        return [p for p in known if within(self.profile.python, p)]

    def lockable(self, solution: Set) -> bool:
        for name in solution.keys() - {"cuda", "cudnn"}:
            release = self.versions[name][solution[name]]
            if release.requires is NOT_KNOWN or not any(file.sha256 for file in release.files):
                return False
        return True

    def build(self, solution: Set) -> list[Any]:
        """Of one torch, the default index's build first, then the newest CUDA."""
        if "torch" not in solution:
            return []
        release = self.versions["torch"][solution["torch"]]
        return [release.index != "default", [-ord(letter) for letter in V(solution["torch"]).local or ""]]


def _each(requirement: Requirement) -> list[tuple[str, str, str]]:
    return [(requirement.name, str(requirement.specifier), extra) for extra in ("", *sorted(requirement.extras))]


def _fits(filename: str, python: str) -> bool:
    tag = filename.split("-")[2]
    return tag == "py3" or tag == f"cp{python.replace('.', '')}"


def _cut(release: Release, files: tuple[Any, ...]) -> Release:
    return Release(
        version=release.version, files=files, index=release.index, requires=release.requires, yanked=release.yanked
    )


def _descending(version: str) -> list[int]:
    return [-part for part in (*V(version).release, 0, 0, 0, 0)[:5]]


def _newest(version: str) -> list[int]:
    return [] if version == "none" else _descending(version)
