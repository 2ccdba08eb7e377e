"""What partial channels leave open: whether records that nobody made could give what was asked for.

Of partial channels only rows of the matrices and the request itself prove that there is no solution.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product

from solver.core.answer import Answer
from solver.core.axes import CUDA, is_of_kind
from solver.core.model import CondaName, Profile
from solver.core.spelling import either, near_names
from solver.core.versions import as_version, major
from solver.index.conda_names import recorded_names
from solver.index.conda_spec import match_spec, spec_name
from solver.matrix.conda_builds import (
    built_against,
    conda_cuda,
    framework_rows,
    is_for,
    is_for_some,
    links_to,
    pythons_of,
    share_a_python,
)
from solver.matrix.load import Matrices, matrices_dir
from solver.matrix.majors import conda_go_together, majors
from solver.matrix.rows import CondaBuild
from solver.solve.conda.asks import CondaAsk
from solver.solve.conda.channels import ChannelSolver
from solver.solve.conda.traps import admitted_cuda

LIVE = "with --live the channels themselves are asked"
_MOST_VERSIONS = 3
_BOUND = re.compile(r"\d(?:[\w.]*\w)?")


@cache
def _packages_like(name: str) -> tuple[str, ...]:
    """What ``name`` may be a slip of, among the names of conda's packages that are known."""
    known = frozenset(recorded_names(matrices_dir() / "snapshot"))
    return () if name in known else near_names(name, known)


@dataclass(frozen=True)
class Record:
    """The channels as they were recorded, and what the matrices know beside them."""

    profile: Profile
    matrices: Matrices
    solver: ChannelSolver

    def gap(self, core: Sequence[CondaAsk], *, gpu: bool) -> str | None:
        """What may merely be unrecorded, in a sentence, where no set meets ``core``.

        None where nothing of the kind is: the channels are whole, or rows or ``core`` itself say no.
        """
        if not self.solver.source.partial or self._no_cuda(core) or _contradicts_itself(core):
            return None
        if self._rows_say_no(core, gpu=gpu):
            return None
        absent = self.absent(core)
        if absent:
            return f"there is no record of {' or '.join(map(self._meant, absent))}; {LIVE}"
        lacking = list(self._unrecorded(core, gpu=gpu))
        if lacking:
            return f"nobody recorded {'; nor '.join(lacking)}, of which there is a recipe; {LIVE}"
        return f"the record may lack packages that suit {' and '.join(ask.text for ask in core)}; {LIVE}"

    def _unrecorded(self, core: Sequence[CondaAsk], *, gpu: bool) -> Iterator[str]:
        """The builds of each framework in ``core`` that rows tell of and no record is of, for the pythons asked for."""
        minors = next((ask.minors for ask in core if is_of_kind(ask.key, "python")), ())
        for ask in core:
            missing: dict[str, list[str]] = {}
            for row in self._rows(ask, gpu=gpu) if ask.framework is not None else ():
                for python in minors or sorted(pythons_of([row])):
                    if is_for(row, python) and not self._is_recorded(row, python):
                        missing.setdefault(f"python {python}", []).append(row.version)
            for python, versions in missing.items():
                newest = sorted(dict.fromkeys(versions), key=as_version, reverse=True)
                yield f"{ask.framework} {', '.join(newest[:_MOST_VERSIONS])} for {python}"

    def _is_recorded(self, row: CondaBuild, python: str) -> bool:
        """Whether a record is of the row's build for that python."""
        tag = f"py{python.replace('.', '')}"
        records = self.solver.candidates(CondaName(row.package))
        return any(str(record.version) == row.version and tag in str(record.build) for record in records)

    def absent(self, core: Iterable[CondaAsk]) -> list[CondaAsk]:
        """Those of ``core`` that no record meets, even alone."""
        return [ask for ask in core if not self._has(ask)]

    def _meant(self, ask: CondaAsk) -> str:
        """What an ask says, and what it may be a slip of where conda has no package of that name."""
        names = [spec_name(text) for text in ask.specs if not self.solver.candidates(spec_name(text))]
        near = [meant for name in names for meant in _packages_like(str(name))]
        return f"{ask.text} (did you mean {either(near)}?)" if near else ask.text

    def _has(self, ask: CondaAsk) -> bool:
        """Whether each spec of ``ask`` has a record that meets it; of alternatives, as of a CUDA's two names, one."""
        met = {text: any(map(match_spec(text).matches, self.solver.candidates(spec_name(text)))) for text in ask.texts}
        return all(met[text] for text in ask.specs) and (not ask.constraints or any(met[t] for t in ask.constraints))

    def _toolkits(self) -> list[str]:
        """The CUDA versions of the matrices that target and request admit, whether a channel has them or not."""
        versions = [row.cuda for row in self.matrices.toolkits]
        return admitted_cuda(versions, self.profile.cuda, self.profile.target, self.matrices)[0]

    def _no_cuda(self, core: Iterable[CondaAsk]) -> bool:
        """Whether an ask for CUDA is among them, and no CUDA that the matrices know is admitted."""
        concerned = any(is_of_kind(ask.key, "toolkit") for ask in core)
        return concerned and bool(self.matrices.toolkits) and not self._toolkits()

    def _rows_say_no(self, core: Sequence[CondaAsk], *, gpu: bool) -> bool:
        """Whether rows tell of builds of the frameworks in ``core``, and no such builds go together as it asks."""
        keys = {ask.key for ask in core}
        kinds = [self._rows(ask, gpu=gpu) for ask in core if ask.framework is not None]
        python = self.profile.python if "python" in keys else ""
        admitted = set(majors(self._toolkits())) if CUDA in keys and self.matrices.toolkits else None
        known = [[row for row in rows if _serves(row, python, admitted)] for rows in kinds if rows]
        return bool(known) and not any(_go_together(rows) for rows in product(*known))

    def _rows(self, ask: CondaAsk, *, gpu: bool) -> list[CondaBuild]:
        specifier, platform = self.profile.constraints.get(ask.key, ""), self.profile.target.platform
        return framework_rows(ask.framework or "", specifier, platform, gpu=gpu, matrices=self.matrices)


def _serves(row: CondaBuild, python: str, admitted: set[int] | None) -> bool:
    """Whether the build is for a python within ``python`` and a CUDA major of ``admitted``; None: of any."""
    cuda = conda_cuda(row)
    fits = admitted is None or not isinstance(cuda, str) or major(cuda) in admitted
    return fits and is_for_some(row, python)


def _go_together(rows: Sequence[CondaBuild]) -> bool:
    """Whether one python, one CUDA major and one version of each library suit all these builds."""
    return share_a_python(rows) and all(
        conda_go_together(one, other) is not Answer.NO and _share_libraries(one, other)
        for one, other in combinations(rows, 2)
    )


def _share_libraries(one: CondaBuild, other: CondaBuild) -> bool:
    mine, theirs = built_against(one), built_against(other)
    pairs = [(mine[name], theirs[name]) for name in mine.keys() & theirs.keys()]
    return all(links_to(first, second) or links_to(second, first) for first, second in pairs)


def _contradicts_itself(core: Iterable[CondaAsk]) -> bool:
    """Whether two things are asked of one package that no version whatever meets."""
    by_name: dict[CondaName, list[str]] = {}
    for ask in core:
        # The asks for python and CUDA list the versions that were recorded: they exclude none that were not.
        for text in () if is_of_kind(ask.key, "python", "toolkit") else ask.texts:
            by_name.setdefault(spec_name(text), []).append(text)
    return any(_exclude_each_other(texts) for texts in by_name.values())


def _exclude_each_other(specs: Iterable[str]) -> bool:
    from rattler import Version, VersionSpec

    texts = [text for spec in specs if (text := match_spec(spec).version) is not None]
    # What meets all of them begins at one of their bounds or just above one, or has no lower bound at all.
    samples = [
        "0",
        *(f"{bound}{tail}" for text in texts for bound in _BOUND.findall(text) for tail in ("", ".0.0.0.1")),
    ]
    ranges = [VersionSpec(str(text)) for text in texts]
    return not any(all(one.matches(Version(sample)) for one in ranges) for sample in samples)
