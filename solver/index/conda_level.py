"""conda-forge's package of a processor's level: it is empty, and the machine answers for it.

``_x86_64-microarch-level`` has one build for each *model* of a processor: its ``3-2_x86_64_v3`` asks for
``__archspec 1.* x86_64_v3``, which a haswell or a zen4 does not meet, since they have builds of their own
(github.com/conda-forge/microarch-level-feedstock, recipe/meta.yaml before 0d86631 and recipe/variants.yaml since). What
was built for a level depends on ``_x86_64-microarch-level >=3``. So the level belongs to the target and not to a lock:
a build of that package, pinned, would tie the lock to one model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.model import PROCESSORS, CondaName, Processor
from solver.core.processor import number, of_archspec
from solver.index.conda_record import CondaRecord
from solver.index.conda_spec import read_spec, spec_name

LEVEL = CondaName("_x86_64-microarch-level")


def askers(records: Iterable[CondaRecord]) -> tuple[CondaRecord, ...]:
    """Those of ``records`` that were built for a level."""
    return tuple(record for record in records if any(spec_name(spec) == LEVEL for spec in record.depends))


def level_of(records: Iterable[CondaRecord]) -> Processor | NotKnown:
    """The oldest processor that every one of ``records`` runs on; NOT_KNOWN where none says."""
    specs = [spec for record in records for spec in record.depends if spec_name(spec) == LEVEL]
    return next((one for one in PROCESSORS if _meets(one, specs)), NOT_KNOWN) if specs else NOT_KNOWN


def _meets(processor: Processor, specs: Sequence[str]) -> bool:
    from rattler import Version, VersionSpec

    level = Version(str(number(processor)))
    versions = [spec.versions for spec in map(read_spec, specs) if spec is not None]
    return all(not each or VersionSpec(each).matches(level) for each in versions)


def level_spec(processor: Processor) -> str:
    """The MatchSpec of the level that every machine from ``processor`` on meets."""
    return f"{LEVEL}>={number(processor)}"


def level_version(archspec: str | None) -> str | None:
    """The level's version on a target whose ``__archspec`` has this build; None where that is a model, or no x86-64."""
    processor = NOT_KNOWN if archspec is None else of_archspec(archspec)
    return None if isinstance(processor, NotKnown) else str(number(processor))


def is_of_the_machine(spec: str) -> bool:
    """Whether a MatchSpec is about what no channel brings: the C library, the processor."""
    name = spec_name(spec)
    return name.startswith("__") or name == LEVEL
