"""Renews the rows that wheels can tell, from an index that lets single members of wheels be read.

A new release becomes a new row. Of a row that is known only the pythons are
looked at again, since a published wheel never changes; fields that no wheel
tells (a driver, the GPUs of a toolkit) stay as they are. Rows that are not
marked ``derived`` are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TypeVar

from packaging.version import Version

from solver.core import reading
from solver.core.frameworks import FRAMEWORKS
from solver.matrix.load import FILES, Matrices
from solver.matrix.row_files import read_entries
from solver.matrix.rows import Build, Row
from solver.matrix.write import header_of, write_matrix
from solver.refresh.derive_cuda import toolkit_rows
from solver.refresh.derive_jax import jax_rows
from solver.refresh.derive_libraries import LIBRARY_PACKAGES, library_rows
from solver.refresh.derive_packages import BUILD_FILES, package_rows
from solver.refresh.derive_tensorflow import tensorflow_rows
from solver.refresh.derive_torch import companion_rows, torch_rows
from solver.refresh.families import Reading, WheelSource

_Kind = TypeVar("_Kind", bound=Row)

_HEADER = "Laid over the built-in rows; rows marked derived are renewed by `interlock refresh`."

_READ = {
    "tensorflow": FRAMEWORKS["tensorflow"].distributions,
    "torch": FRAMEWORKS["torch"].distributions,
    "jax": FRAMEWORKS["jax"].coded,
    "packages": (*BUILD_FILES, *LIBRARY_PACKAGES),
    "companions": FRAMEWORKS["torch"].companions,
}
"""File stem -> the packages whose builds are read out of their wheels into it."""

_ORDER: Mapping[str, Callable[..., object]] = {
    "tensorflow": lambda row: (row.package, Version(row.version), row.platform),
    "torch": lambda row: (row.index, Version(row.version), row.platform),
    "jax": lambda row: (row.package, Version(row.version), row.platform),
    "packages": lambda row: (row.package, Version(row.version), row.platform),
    "companions": lambda row: (row.index, row.package == "torchaudio", Version(row.version), row.platform),
    "cuda": lambda row: Version(row.cuda),
}


@dataclass(frozen=True)
class Renewal:
    """What a renewal found; nothing is written yet."""

    rows: Mapping[str, tuple[Row, ...]]
    """File stem -> the rows of that file that are new or have changed."""
    added: tuple[str, ...] = field(default=())
    """Ids of new rows."""
    changed: tuple[str, ...] = field(default=())
    """Ids of rows that have changed."""
    passed_over: tuple[str, ...] = field(default=())
    """What wheels do not tell, or which of them could not be read: a sentence each."""


def renew(
    matrices: Matrices,
    source: WheelSource,
    *,
    again: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> Renewal:
    """Derive every row that wheels tell; ``again`` reads the wheels of known rows, too.

    ``tell`` is called with a line before each wheel that is read. A wheel that cannot be read is passed over, and its
    row, where there is one, stays. Raises ``IndexUnavailable`` where ``source`` does not answer.
    """
    reading = Reading(source, again, tell)
    toolkits = _renewed(matrices.toolkits, toolkit_rows(matrices.toolkits, reading))
    known = {stem: [row for name in names for row in matrices.builds_of(name)] for stem, names in _READ.items()}
    tensorflow = _renewed(known["tensorflow"], tensorflow_rows(known["tensorflow"], reading))
    companions = _renewed(known["companions"], companion_rows(known["companions"], reading))
    # torch's rows name the companions made for it, and a companion read just now counts, too.
    built = {row.id: row for row in (*known["companions"], *companions)}
    torch = _renewed(known["torch"], torch_rows(known["torch"], tuple(built.values()), reading))
    jax = _renewed(known["jax"], jax_rows(known["jax"], matrices.ptx, reading))
    rows: dict[str, tuple[Row, ...]] = {
        "tensorflow": tuple(tensorflow),
        "torch": tuple(torch),
        "jax": tuple(jax),
        "packages": tuple(_renewed(known["packages"], chain(*_further(matrices, known["packages"], reading)))),
        "companions": tuple(companions),
        "cuda": tuple(toolkits),
    }
    ids = {row.id for row in matrices.rows()}
    renewed = [row.id for some in rows.values() for row in some]
    return Renewal(
        rows={stem: some for stem, some in rows.items() if some},
        added=tuple(row_id for row_id in renewed if row_id not in ids),
        changed=tuple(row_id for row_id in renewed if row_id in ids),
        passed_over=tuple(reading.passed_over),
    )


def _further(matrices: Matrices, known: Sequence[Build], reading: Reading) -> tuple[Iterator[Build], Iterator[Build]]:
    """Packages that tell in a file how they were built, and those whose libraries tell it."""
    return package_rows(known, reading), library_rows(known, matrices, reading)


def write_renewal(renewal: Renewal, folder: Path) -> list[Path]:
    """Write new and changed rows into the matrices of ``folder`` and return the files written.

    Other rows of a file stay; what stands between rows as a comment does not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for stem, renewed in renewal.rows.items():
        path = folder / f"{stem}.yaml"
        rows: dict[str, Row] = {}
        header = _HEADER
        if path.is_file():
            header = header_of(reading.read_text(path))
            rows = {entry.row.id: entry.row for entry in read_entries(path, path.name, FILES[stem][1])}
        rows.update({row.id: row for row in renewed})
        write_matrix(path, sorted(rows.values(), key=_ORDER[stem]), header)  # type: ignore[arg-type]
        written.append(path)
    return written


def _renewed(known: Iterable[_Kind], derived: Iterable[_Kind]) -> list[_Kind]:
    """The derived rows that are new or differ from a known row that may be renewed."""
    by_id = {row.id: row for row in known}
    return [row for row in derived if (before := by_id.get(row.id)) is None or (before.derived and before != row)]
