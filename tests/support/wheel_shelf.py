"""An index of made-up wheels that rows are derived from, and a row that one of them gave."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from solver.core.answer import NOT_KNOWN
from solver.core.model import IndexFile, PypiName
from solver.matrix.rows import Build
from solver.refresh.derive import Renewal

X86 = "manylinux_2_27_x86_64"


@dataclass
class Shelf:
    """An index that holds wheels as mappings of members."""

    content: dict[str, dict[str, bytes]]
    read: list[str] = field(default_factory=list)

    def wheels(self, name: PypiName) -> Sequence[IndexFile]:
        prefix = f"{name.replace('-', '_')}-"
        return [IndexFile(filename=each, sha256=NOT_KNOWN) for each in self.content if each.startswith(prefix)]

    def members(self, file: IndexFile) -> Collection[str]:
        return self.content[file.filename].keys()

    def chunks(self, file: IndexFile, member: str) -> Iterator[bytes]:
        self.read.append(f"{file.filename} {member}")
        data = self.content[file.filename][member]
        yield from (data[start : start + 7] for start in range(0, len(data), 7))


def metadata(name: str, version: str, *requires: str) -> dict[str, bytes]:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {text}" for text in requires]
    return {f"{name.replace('-', '_')}-{version}.dist-info/METADATA": ("\r\n".join(lines) + "\r\n\r\ntext").encode()}


def tensorflow_row(**changed: object) -> Build:
    row = Build(
        id="tensorflow-2.13.0",
        source="wheel x (build_info.py)",
        cudnn_source="tensorflow.org/install/source",
        derived=True,
        package="tensorflow",
        version="2.13.0",
        platform="linux-64",
        python=("3.8",),
        cuda="11.8",
        cudnn="8.6",
    )
    return msgspec.structs.replace(row, **changed)


def only(renewal: Renewal, stem: str) -> list[object]:
    assert set(renewal.rows) <= {stem}
    return list(renewal.rows.get(stem, ()))
