"""The space of one request on one python: matrices and index turned into candidates and asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache

import msgspec
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from solver.core.answer import NOT_KNOWN
from solver.core.errors import NotRecorded
from solver.core.model import IndexFile, Profile, PypiName, Release
from solver.core.target import marker_environment, usable_files
from solver.index import Index, ReleaseRefused, UnknownPackage
from solver.matrix.builds import hard_rules, minor
from solver.matrix.load import Matrices
from solver.matrix.rows import Build
from solver.solve.space.axes import cuda_candidates, cudnn_candidates
from solver.solve.space.builds import build_asks, companion_asks, named_asks
from solver.solve.space.clobbers import clobber_asks, library_row, major_asks, rows_by_distribution, written_twice
from solver.solve.space.refusals import COMPANIONS, refusal
from solver.solve.space.terms import (
    ABSENT,
    AXIS_CUDA,
    AXIS_CUDNN,
    AXIS_PYTHON,
    ITSELF,
    NOWHERE,
    Ask,
    Candidate,
    Exclusion,
    guard,
    is_package,
)


@lru_cache(maxsize=200_000)
def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


@lru_cache(maxsize=100_000)
def _requirement(text: str) -> Requirement:
    return Requirement(text)


class PackageSpace:
    """Candidates of one profile on one python; everything is looked up once and kept.

    ``lockable_only`` leaves out builds whose hash or requirements nobody read; ``guarded``
    are further packages that an ask may constrain without bringing them in. Of the profile
    only indexes, target and whether it is for CPUs matter here, so one space serves many.
    """

    def __init__(
        self,
        profile: Profile,
        python: str,
        matrices: Matrices,
        index: Index,
        *,
        lockable_only: bool,
        guarded: Iterable[str] = (),
    ) -> None:
        self._exclude_newer = profile.exclude_newer
        self.indexes, self.matrices, self.index = profile.indexes, matrices, index
        self.target = msgspec.structs.replace(profile.target, python=python)
        self.cpu_only = profile.cuda == "none"
        self.lockable_only = lockable_only
        self.exclusions: dict[str, list[Exclusion]] = defaultdict(list)
        self.environment = {**marker_environment(self.target)}
        self._candidates: dict[str, tuple[Candidate, ...]] = {}
        self._asks: dict[Candidate, tuple[Ask, ...]] = {}
        self._masks: dict[tuple[str, str], int] = {}
        self._guarded = {name for rule in matrices.rules for name in rule.needs if len(rule.when) == 1}
        self._guarded |= {canonicalize_name(name) for name in guarded} | {"torch"}
        self._rules = hard_rules(matrices, self.target)
        self._written = written_twice(matrices)
        self._guarded |= set(self._written)
        self._libraries = rows_by_distribution(matrices)

    # ---- candidates ---------------------------------------------------------------------------

    def candidates(self, ident: str) -> tuple[Candidate, ...]:
        """See ``Space``."""
        known = self._candidates.get(ident)
        if known is None:
            known = self._candidates[ident] = tuple(self._make(ident))
        return known

    def _make(self, ident: str) -> Iterable[Candidate]:
        if ident == AXIS_PYTHON:
            return [Candidate(ident, 0, self.target.python)]
        if ident == NOWHERE:
            return []
        if ident == AXIS_CUDA:
            return cuda_candidates(self)
        if ident == AXIS_CUDNN:
            return cudnn_candidates(self)
        if ident.startswith("?"):
            real = self.candidates(ident[1:])
            mirrored = (Candidate(ident, c.position + 1, c.version, c.release, c.row) for c in real)
            return [Candidate(ident, 0, ABSENT), *mirrored]
        if "[" in ident:
            base = self.candidates(ident.partition("[")[0])
            return [Candidate(ident, c.position, c.version, c.release, c.row) for c in base]
        return self._package(ident)

    def _package(self, name: str) -> list[Candidate]:
        found = {v: r for v, r in self._usable(name).items() if self._admitted(name, v, r)}
        ordered = sorted(found, key=_newest_first(found))
        return [
            Candidate(name, position, version, found[version], self._row_id(name, version))
            for position, version in enumerate(ordered)
        ]

    def _usable(self, name: str) -> dict[str, Release]:
        """Releases of ``name`` by version, their files cut down to those the target can use."""
        releases: tuple[Release, ...] = ()
        try:
            releases = self.index.releases(PypiName(name))
        except NotRecorded:
            self._unknown(name, "the snapshot does not hold it (--live asks the index)", "the snapshot")
        except UnknownPackage:
            self._unknown(name, "the package index has no package of this name", "the package index")
        best: dict[str, tuple[int, Release]] = {}
        ranks: dict[str, list[Release]] = defaultdict(list)
        for release in releases:
            version = _version(release.version)
            if version is not None and not version.is_prerelease:
                ranks[release.version].append(release)
        for text, group in ranks.items():
            old_enough = [file for release in group for file in release.files if not self._too_new(file)]
            wheels = usable_files(old_enough, self.target)
            order = {file.filename: rank for rank, file in enumerate(wheels)}
            for release in group:
                files = tuple(sorted((f for f in release.files if f.filename in order), key=_by(order)))
                if files and (text not in best or order[files[0].filename] < best[text][0]):
                    best[text] = (order[files[0].filename], msgspec.structs.replace(release, files=files))
            if text not in best:
                first = next((release for release in group if release.refused), group[0])
                best[text] = (0, msgspec.structs.replace(first, files=()))
        result = {text: release for text, (_, release) in best.items()}
        if name == "torch":
            self._add_documented(result)
        return result

    def _unknown(self, name: str, why: str, source: str) -> None:
        self.exclusions[name].append(Exclusion(name, "", why, source))

    def _add_documented(self, found: dict[str, Release]) -> None:
        # A build that the PyTorch index documents and whose wheel nobody read is still a candidate,
        # or a pair that works would be called impossible; it cannot be locked.
        for row in self.matrices.builds_of("torch"):
            version = row.version if row.index == "pytorch" and row.platform == self.target.platform else NOT_KNOWN
            if isinstance(version, str) and version not in found:
                found[version] = Release(version=version, files=(), index="pytorch", source=row.source)

    def _admitted(self, name: str, version: str, release: Release) -> bool:
        why_not = refusal(self, name, version, release)
        if why_not is not None:
            why, source, row = why_not
            self.exclusions[name].append(Exclusion(name, version, why, source, row))
        return why_not is None

    def build(self, name: str, version: str) -> Build | None:
        """The matrix row of a framework's version on the target's platform."""
        return None if name in COMPANIONS else self.matrices.build(name, version, self.target.platform)

    def companion(self, name: str, version: str) -> Build | None:
        """The matrix row of a torchvision or torchaudio version; that of another platform where this has none."""
        found = self.matrices.build(name, version, self.target.platform)
        rows = (row for row in self.matrices.builds_of(name) if row.version == version)
        return found or min(rows, key=lambda row: row.id, default=None)

    def _row_id(self, name: str, version: str) -> str | None:
        row = self.build(name, version) or (self.companion(name, version) if name in COMPANIONS else None)
        return row.id if row else None

    # ---- masks --------------------------------------------------------------------------------

    def _too_new(self, file: IndexFile) -> bool:
        # Days compare as ISO text; a file of unknown day counts as absent, as with conda.
        return self._exclude_newer is not None and (file.uploaded or "9") > self._exclude_newer

    def mask(self, ident: str, specifier: str) -> int:
        """The candidates of ``ident`` that a PEP 440 specifier admits; "||" stands between alternatives."""
        known = self._masks.get((ident, specifier))
        if known is None:
            specs = [SpecifierSet(part) for part in specifier.split("||")]
            known = self.mask_where(ident, lambda c: any(s.contains(c.version, prereleases=True) for s in specs))
            self._masks[ident, specifier] = known
        return known

    def mask_where(self, ident: str, admits: Callable[[Candidate], bool]) -> int:
        """The candidates of ``ident`` for which ``admits`` is true."""
        return sum(1 << c.position for c in self.candidates(ident) if admits(c))

    def guarded_mask(self, name: str, specifier: str) -> int:
        """``name`` is absent or matches; "!" alone: absent."""
        return 1 if specifier == "!" else 1 | self.mask(name, specifier) << 1

    def guard_ask(self, name: str, specifier: str, source: str, row: str | None = None) -> Ask:
        """If anything brings ``name``, it must match ``specifier``; makes the guard known."""
        text = f"no {name} beside it" if specifier == "!" else f"{name}{specifier}"
        return Ask(guard(name), self.guarded_mask(name, specifier), text, source, row)

    # ---- asks ---------------------------------------------------------------------------------

    def asks(self, candidate: Candidate) -> tuple[Ask, ...]:
        """See ``Space``."""
        known = self._asks.get(candidate)
        if known is None:
            known = self._asks[candidate] = tuple(self._make_asks(candidate))
        return known

    def _make_asks(self, candidate: Candidate) -> Iterable[Ask]:
        base, _, extra = candidate.ident.partition("[")
        if extra:
            same = Ask(base, 1 << candidate.position, f"{base}=={candidate.version}", ITSELF)
            return [same, *self._declared(candidate, extra.rstrip("]"))]
        if base == AXIS_CUDNN:
            return [self._itself(candidate)]
        if not is_package(base):
            return ()
        return [*self._declared(candidate, ""), *self._related(candidate), *self._built(candidate)]

    def _declared(self, candidate: Candidate, extra: str) -> Iterable[Ask]:
        release = candidate.release
        if release is None:
            return
        where = f"metadata of {candidate.ident.partition('[')[0]} {candidate.version}"
        source = f"{where} ({release.source})" if release.source else where
        environment = {**self.environment, "extra": extra}
        plain = {**self.environment, "extra": ""}
        try:
            declared = self.index.requires(release) or ()
        except ReleaseRefused as error:
            # Only now anybody read it, when its version already has a place among the others.
            yield Ask(NOWHERE, 0, f"may not be chosen: {error}", release.source or "the package index")
            return
        for text in declared:
            requirement = _requirement(text)
            marker = requirement.marker
            if marker is not None and not marker.evaluate(environment):
                continue
            if extra and (marker is None or marker.evaluate(plain)):
                continue  # the package itself asks for it already
            yield from self.requirement_asks(requirement, source)

    def requirement_asks(self, requirement: Requirement, source: str) -> Iterable[Ask]:
        """The asks of one PEP 508 requirement: the package, and one a wanted extra."""
        name = canonicalize_name(requirement.name)
        specifier = str(requirement.specifier)
        mask = self.mask(name, specifier)
        yield Ask(name, mask, f"{name}{specifier}", source)
        for extra in sorted(requirement.extras):
            ident = f"{name}[{canonicalize_name(extra)}]"
            yield Ask(ident, mask, f"{ident}{specifier}", source)

    def _itself(self, candidate: Candidate) -> Ask:
        bit = 1 << candidate.position + 1
        return Ask(guard(candidate.ident), bit, f"{candidate.ident}=={candidate.version}", ITSELF)

    def _related(self, candidate: Candidate) -> Iterable[Ask]:
        name = candidate.ident
        if name in self._guarded:
            yield self._itself(candidate)
        for rule in self._rules.get(name, ()):
            if SpecifierSet(rule.when[name]).contains(candidate.version, prereleases=True):
                for other, specifier in rule.needs.items():
                    yield self.guard_ask(other, specifier, f"{rule.why} ({rule.source})", rule.id)
        yield from clobber_asks(self, candidate, self._written.get(name, ()))
        library = library_row(self._libraries.get(name, ()), candidate.version)
        if library is None:
            return
        if library.library in ("cudart", "nvcc") and library.same_minor:
            cuda = minor(candidate.version)
            same = self.mask_where(AXIS_CUDA, lambda c: c.version == cuda)
            yield Ask(AXIS_CUDA, same, f"CUDA {cuda}", f"{name} is of that toolkit", library.id)
            return
        yield from major_asks(self, library)
        if library.library == "cudnn":
            same = self.mask_where(AXIS_CUDNN, lambda c: c.version == candidate.version)
            yield Ask(AXIS_CUDNN, same, f"cuDNN {candidate.version}", ITSELF, library.id)

    def _built(self, candidate: Candidate) -> Iterable[Ask]:
        row = self.build(candidate.ident, candidate.version)
        if row is not None:
            return build_asks(self, row, candidate)
        if candidate.ident not in COMPANIONS:
            return ()
        companion = self.companion(candidate.ident, candidate.version)
        return named_asks(self, candidate) if companion is None else companion_asks(self, companion)


def _by(order: dict[str, int]) -> Callable[[IndexFile], int]:
    return lambda file: order[file.filename]


def _newest_first(found: dict[str, Release]) -> Callable[[str], tuple[object, ...]]:
    """Newest public version first; of one version the default index's build, then the newest local part."""
    newest = sorted({Version(Version(text).public) for text in found}, reverse=True)
    rank = {version: position for position, version in enumerate(newest)}

    def key(text: str) -> tuple[object, ...]:
        local = Version(text).local or ""
        inverted = tuple(-ord(letter) for letter in local)
        return rank[Version(Version(text).public)], found[text].index != "default", inverted

    return key
