"""What rows of other releases say nothing of."""

from __future__ import annotations

from dataclasses import replace

from audit_stubs import StubIndex, pinned, small_matrices

from solver.audit.run import audit
from solver.matrix.rows import Library

NVTX = Library(
    id="nvtx", source="a test", library="nvtx", cuda=13, distribution="nvidia-nvtx", versions=">=13,<14",
    directory="nvidia/cu13/lib", sonames=("libnvtx.so.1",),
)  # fmt: skip


def _told(version):
    matrices = replace(small_matrices(), libraries=(NVTX,), toolkits=())
    return [(one.code, one.why) for one in audit(pinned(f"nvidia-nvtx=={version}"), matrices, StubIndex({}))]


def test_a_release_next_to_those_that_a_row_tells_of_is_not_known():
    assert _told("13.0.85") == []
    assert _told("14.0.1") == [("unknown", "no row knows nvidia-nvtx==14.0.1")]
