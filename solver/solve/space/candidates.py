"""What may be chosen: the candidates of every identifier, as bit masks, and why others may not be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from solver.core.answer import Answer, NotKnown, Verdict
from solver.core.errors import NotRecorded
from solver.core.frameworks import COMPANIONS
from solver.core.indexes import is_partial, title_of
from solver.core.model import IndexFile, IndexName, PypiName, Release, Requires, is_built
from solver.core.spelling import either, near_names
from solver.core.target import glibc_wanted, usable_files
from solver.core.versions import within
from solver.index import Index, ReleaseRefused, UnknownPackage
from solver.index.conda_names import recorded_names
from solver.matrix import rows
from solver.matrix.libraries import is_cudnn
from solver.matrix.load import matrices_dir
from solver.matrix.majors import share_a_process
from solver.matrix.names import Names
from solver.matrix.rules import forbids
from solver.solve.space.axes import cuda_candidates, cudnn_candidates, inside_candidates
from solver.solve.space.refusals import refusal
from solver.solve.space.releases import by_version, newest_first
from solver.solve.space.scope import Scope
from solver.solve.space.terms import (
    ABSENT,
    AXIS_CUDA,
    AXIS_CUDNN,
    AXIS_PYTHON,
    NOWHERE,
    SNAPSHOT,
    Ask,
    Candidate,
    Exclusion,
    Kind,
    base_of,
    guard,
    is_axis,
    is_inside,
    recorded_only,
)
from solver.solve.space.unlisted import is_named, supposed_releases


@cache
def _projects_like(name: str) -> tuple[str, ...]:
    """What ``name`` may be a slip of, among the names of projects far beyond those of which releases are recorded."""
    projects = frozenset(recorded_names(matrices_dir() / "snapshot").values())
    return () if name in projects else near_names(name, projects)


class Candidates:
    """The candidates of one scope; everything is looked up once and kept."""

    def __init__(self, scope: Scope, index: Index) -> None:
        self.scope, self.index = scope, index
        self.matrices, self.target, self.environment = scope.matrices, scope.target, scope.environment
        self.build, self.companion = scope.build, scope.companion
        self.exclusions: dict[str, list[Exclusion]] = defaultdict(list)
        self._known: dict[str, tuple[Candidate, ...]] = {}
        self._extras: dict[str, dict[int, Verdict]] = {}
        self._masks: dict[tuple[str, str], int] = {}

    def candidates(self, ident: str) -> tuple[Candidate, ...]:
        """See ``Space``."""
        known = self._known.get(ident)
        if known is None:
            known = self._known[ident] = tuple(self._make(ident))
        return known

    def _make(self, ident: str) -> Iterable[Candidate]:
        if ident == AXIS_PYTHON:
            return [Candidate(ident, 0, self.target.python)]
        if ident == NOWHERE:
            return []
        if ident == AXIS_CUDA:
            return self._axis(ident, *cuda_candidates(self.scope))
        if ident == AXIS_CUDNN:
            return self._axis(ident, *cudnn_candidates(self.scope, self._cudnns()))
        if is_inside(ident):
            return inside_candidates(self.scope, ident)
        if ident.startswith("?"):
            real = self.candidates(ident[1:])
            mirrored = (Candidate(ident, c.position + 1, c.version, c.release, c.row) for c in real)
            return [Candidate(ident, 0, ABSENT), *mirrored]
        if "[" in ident:
            base = self.candidates(ident.partition("[")[0])
            return [Candidate(ident, c.position, c.version, c.release, c.row) for c in base]
        return self._package(ident)

    def _axis(self, ident: str, candidates: list[Candidate], excluded: list[Exclusion]) -> list[Candidate]:
        self.exclusions[ident] += excluded
        return candidates

    def _cudnns(self) -> Iterable[str]:
        """Versions of every distribution that brings a cuDNN."""
        for library in self.matrices.libraries:
            if is_cudnn(library):
                yield from (candidate.version for candidate in self.candidates(library.distribution))

    # ---- packages -----------------------------------------------------------------------------

    def _package(self, name: str) -> list[Candidate]:
        releases = {v: r for v, r in self._usable(name).items() if self._admitted(name, v, r)}
        preferred = [releases[version] for version in sorted(releases, key=newest_first(releases))]
        supposed, excluded = supposed_releases(self.scope, name, self.index.remedy)
        self.exclusions[name] += excluded
        ordered = [*self.index.looked_at(PypiName(name), preferred), *supposed]
        return [
            Candidate(name, position, one.version, self._described(one), self.scope.row_id(name, one.version))
            for position, one in enumerate(ordered)
        ]

    def _described(self, release: Release) -> Release | None:
        """None where doubt is admitted and no wheel for the target was recorded: others may ask for other things."""
        return None if self.scope.doubtful and not release.files else release

    def _usable(self, name: str) -> dict[str, Release]:
        """Releases of ``name`` by version, their files cut down to those the target can use."""
        releases = {version: self._cut(parts) for version, parts in by_version(self._releases(name)).items()}
        self._add_documented(name, releases)
        return releases

    def _releases(self, name: str) -> tuple[Release, ...]:
        listing = self.scope.bindings.title_of(name)
        try:
            releases = self.index.releases(PypiName(name))
            if not releases and self.index.complete(PypiName(name)):
                why = f"{listing} has neither a wheel nor a source archive of it{self._meant(name)}"
                self.exclusions[name].append(Exclusion(name, None, Verdict(Answer.NO, why, listing)))
            is_bare = bool(releases) and all(is_built(release.files) for release in releases)
            # Whoever holds a name that is not its own publishes no wheel there, but something to be built.
            if is_bare and (twin := Names(self.matrices).namesake(name)) is not None:
                why = f"{listing} has no wheel of it, and who says {name} means {twin}; did you mean {twin}?"
                self.exclusions[name].append(Exclusion(name, None, Verdict(Answer.NO, why, listing)))
                return ()
            return releases
        except NotRecorded:
            absent = Verdict(Answer.NOT_KNOWN, f"the snapshot does not hold it{self._meant(name)}", SNAPSHOT)
            self.exclusions[name].append(Exclusion(name, None, absent, self.index.remedy))
        except UnknownPackage:
            why = f"{listing} has no package of this name{self._meant(name)}"
            self.exclusions[name].append(Exclusion(name, None, Verdict(Answer.NO, why, listing)))
        return ()

    def is_absent(self, ask: Ask) -> bool:
        """Whether ``ask`` is for a package of which there is no release at all."""
        return not ask.mask and any(exclusion.version is None for exclusion in self.exclusions[ask.ident])

    def is_nameless(self, candidate: Candidate) -> bool:
        """Whether nothing that was recorded names this version: it stands for every release of its kind."""
        name = base_of(candidate.ident)
        return (name, candidate.version) in self.scope.unlisted and not is_named(self.scope, name, candidate.version)

    def _meant(self, name: str) -> str:
        """What a person may have meant by the name of a package that is not there, as a question."""
        meant = Names(self.matrices).meant(name, self.index.names()) or _projects_like(name)
        return f"; did you mean {either(meant)}?" if meant else ""

    def _cut(self, parts: Sequence[Release]) -> Release:
        """The part of one version that has the best wheel for the target; without files where none has any.

        The wheels of one version are in several parts where they do not ask for the same: what the version
        asks for on this target is what its best wheel asks for.
        """
        old_enough = [file for part in parts for file in part.files if not self._too_new(file)]
        order = {file.filename: rank for rank, file in enumerate(usable_files(old_enough, self.target))}

        def rank(file: IndexFile) -> int:
            return order[file.filename]

        cut = []
        for part in parts:
            files = sorted((file for file in part.files if file.filename in order), key=rank)
            if files:
                cut.append(msgspec.structs.replace(part, files=tuple(files)))
        if not cut:
            first = next((part for part in parts if part.refused), parts[0])
            return msgspec.structs.replace(first, files=())
        return min(cut, key=lambda part: rank(part.files[0]))

    def _too_new(self, file: IndexFile) -> bool:
        # Days compare as ISO text; a file of unknown day counts as absent, as with conda.
        newest = self.scope.exclude_newer
        return newest is not None and (file.uploaded or "9") > newest

    def _add_documented(self, name: str, releases: dict[str, Release]) -> None:
        # A build that the PyTorch index documents and whose wheel nobody read is still a candidate,
        # or a pair that works would be called impossible; it cannot be locked. The row of a companion
        # tells what it goes with, and documents no wheel.
        for row in self.matrices.builds_of(name) if name not in COMPANIONS else ():
            is_documented = is_partial(row.index) and row.platform == self.target.platform
            if is_documented and isinstance(row.version, str) and row.version not in releases:
                releases[row.version] = Release(version=row.version, files=(), index=row.index, source=row.source)

    def _admitted(self, name: str, version: str, release: Release) -> bool:
        recorded = bool(release.files) or is_partial(release.index) or self._covers(name, version)
        listed = not release.files and not is_partial(release.index)
        glibc = self._glibc(name, version) if listed else None
        remedy = None if recorded else self.index.remedy
        exclusion = refusal(self.scope, name, version, release, remedy=remedy, glibc=glibc)
        if self.scope.doubtful and exclusion is not None and exclusion.verdict.answer is Answer.NOT_KNOWN:
            return True
        if exclusion is not None:
            self.exclusions[name].append(exclusion)
        return exclusion is None

    def _glibc(self, name: str, version: str) -> str | None:
        """The newer glibc with which the target could use a wheel of the version; None where none helps."""
        parts = (release for release in self.index.releases(PypiName(name)) if release.version == version)
        return glibc_wanted([file for release in parts for file in release.files], self.target)

    def _covers(self, name: str, version: str) -> bool:
        return self.index.covers(PypiName(name), version, self.target)

    def nothing_is(self, ask: Ask) -> Exclusion:
        """Why no version meets ``ask``, where none was seen that could and was left out."""
        ident = base_of(ask.ident)
        if is_axis(ident):
            why = f"no row tells of one that is {ask.specifier or ask.text}"
            verdict = Verdict(Answer.NOT_KNOWN, why, "the matrices")
            return Exclusion(ident, None, verdict)
        index = self._partly_recorded(ident, ask.specifier or "")
        if index is not None:
            why = f"the record of {title_of(index)} holds no build that is {ask.text}"
            return Exclusion(ident, None, Verdict(Answer.NOT_KNOWN, why, SNAPSHOT), recorded_only(index))
        if self.index.complete(PypiName(ident)):
            listing = self.scope.bindings.title_of(ident)
            why = f"{listing} has neither a wheel nor a source archive of a final release that is {ask.text}"
            verdict = Verdict(Answer.NO, why, listing)
            return Exclusion(ident, None, verdict)
        verdict = Verdict(Answer.NOT_KNOWN, f"the snapshot holds no release that is {ask.text}", SNAPSHOT)
        return Exclusion(ident, None, verdict, self.index.remedy)

    def _partly_recorded(self, name: str, specifier: str) -> IndexName | None:
        """The index that is never asked and alone could have a version within ``specifier``; None: there is none."""
        indexes = [index for index in self.scope.indexes if is_partial(index)] if "+" in specifier else []
        here = {release.index for release in self._releases(name)} if indexes else set()
        return next((index for index in indexes if index in here), None)

    # ---- masks --------------------------------------------------------------------------------

    def mask(self, ident: str, specifier: str) -> int:
        """The candidates of ``ident`` that a PEP 440 specifier admits; "||" stands between alternatives."""
        known = self._masks.get((ident, specifier))
        if known is None:
            parts = specifier.split("||")
            known = self.mask_where(ident, lambda c: any(within(c.version, part) for part in parts))
            self._masks[ident, specifier] = known
        return known

    def mask_where(self, ident: str, admits: Callable[[Candidate], bool]) -> int:
        """The candidates of ``ident`` for which ``admits`` is true."""
        return sum(1 << c.position for c in self.candidates(ident) if admits(c))

    def cuda_mask(self, cuda: str) -> int:
        """The CUDA runtimes that may share a process with code of a CUDA version, or of a major alone."""
        return self.mask_where(
            AXIS_CUDA, lambda c: c.version != rows.NONE and share_a_process(c.version, cuda) is Answer.YES
        )

    def ask(self, name: str, specifier: str, source: str, row: str | None = None) -> Ask:
        """A version of the package ``name`` that matches ``specifier``."""
        return Ask(name, self.mask(name, specifier), f"{name}{specifier}", source, row, specifier)

    def guard_ask(self, name: str, specifier: str, source: str, row: str | None = None) -> Ask:
        """If anything brings ``name``, it must match ``specifier``; ``rows.ABSENT``: nothing may bring it."""
        if forbids(specifier):
            return Ask(guard(name), 1, f"no {name} beside it", source, row, kind=Kind.NONE_OF)
        mask = 1 | self.mask(name, specifier) << 1
        return Ask(guard(name), mask, f"{name}{specifier}", source, row, specifier)

    def requires(self, release: Release) -> Requires:
        """As the index has them; none of a release that the index cannot mean, which may not be chosen anyway."""
        try:
            return self.index.requires(release)
        except ReleaseRefused:
            return ()

    def requirement_asks(self, requirement: Requirement, source: str, *, strict: bool = False) -> Iterable[Ask]:
        """The asks of one PEP 508 requirement: the package, and one a wanted extra.

        ``strict`` admits only versions that have the extra; otherwise, as with pip, one that
        has it not brings nothing by it. What nobody recorded is admitted in no case.
        """
        name = canonicalize_name(requirement.name)
        specifier = str(requirement.specifier)
        yield self.ask(name, specifier, source)
        for extra in sorted(map(canonicalize_name, requirement.extras)):
            ident = f"{name}[{extra}]"
            known = self._provided(name, extra, strict=strict)
            yield Ask(ident, self.mask(name, specifier) & known, f"{ident}{specifier}", source, specifier=specifier)

    def _provided(self, name: str, extra: str, *, strict: bool) -> int:
        """The versions of which it is known what they bring by an extra."""
        ident = f"{name}[{extra}]"
        if ident not in self._extras:
            self._extras[ident] = {c.position: self._provides(c, extra) for c in self.candidates(name)}
            left_out = [
                Exclusion(ident, candidate.version, verdict, self._remedy(verdict))
                for candidate in self.candidates(name)
                if (verdict := self._extras[ident][candidate.position]).answer is not Answer.YES
            ]
            self.exclusions[ident] += left_out
        refused = {Answer.NO, Answer.NOT_KNOWN} if strict else {Answer.NOT_KNOWN}
        refused -= {Answer.NOT_KNOWN} if self.scope.doubtful else set()
        return sum(1 << at for at, verdict in self._extras[ident].items() if verdict.answer not in refused)

    def _remedy(self, verdict: Verdict) -> str:
        return self.index.remedy if verdict.answer is Answer.NOT_KNOWN else ""

    def _provides(self, candidate: Candidate, extra: str) -> Verdict:
        release = candidate.release
        # Where nobody read any requirement, that is what a solution tells to be missing.
        if release is None or isinstance(self.requires(release), NotKnown):
            return _MAY
        try:
            answer = self.index.provides(release, extra)
            near = near_names(extra, self.index.extras(release)) if answer is Answer.NO else ()
        except ReleaseRefused as error:
            return Verdict(Answer.NO, str(error), release.source or "the package index")
        if answer is Answer.NOT_KNOWN:
            return Verdict(answer, "the snapshot does not hold what it asks for by this extra", SNAPSHOT)
        meant = f"; did you mean {base_of(candidate.ident)}[{either(near)}]?" if near else ""
        return Verdict(answer, f"it has no extra {extra}{meant}", f"metadata of {candidate.name}")


_MAY = Verdict(Answer.YES)
