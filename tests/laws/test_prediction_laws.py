"""What is foretold of the committed locks, and found in them, where one of the shipped rows is missing.

Knowing less makes nothing certain: what was not known is then neither well nor bad, and no breakage is told that
nobody told before.
"""

from __future__ import annotations

from audit_stubs import StubIndex, pinned, without
from drawing import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT

from solver.audit.run import audit
from solver.core.answer import Answer
from solver.core.model import Target
from solver.lock.folder import lock_folders, read_folder
from solver.matrix.load import Matrices, load_matrices
from solver.proof.predict import predict

SHIPPED = load_matrices()
HARDWARE = (*SHIPPED.cudnn, *SHIPPED.toolkits, *SHIPPED.families, *SHIPPED.libraries, *SHIPPED.drivers)
LOCKS = tuple(
    {str(pin.name): pin.installs for pin in folder.pins}
    for folder in map(read_folder, lock_folders(ROOT / "locks"))
    if folder.pins and folder.solution.target.platform == "linux-64"
)
BUILDS = tuple(
    row
    for row in SHIPPED.builds
    if row.platform == "linux-64" and any(lock.get(row.package) == row.version for lock in LOCKS)
)
rows = st.sampled_from((*HARDWARE, *BUILDS))
locks = st.sampled_from(LOCKS)
machines = st.sampled_from([("9.0", "580.65.06"), ("7.5", "525.60.13"), ("12.0", "570.26"), ("3.7", "450.80.02")])


def foretold(lock: dict[str, str], gpu: str, driver: str, matrices: Matrices) -> dict[str, Answer]:
    prediction = predict(lock, gpu, driver, matrices)
    sees = {f"{name} sees": one.sees_gpu for name, one in prediction.frameworks.items()}
    whole = {"works": prediction.works, "driver": prediction.driver_serves, "uses": prediction.uses_gpu}
    return {**whole, **sees, **prediction.probes, **prediction.others}


@settings(deadline=None, max_examples=examples(150))
@given(locks, machines, rows)
def test_without_a_row_what_was_not_known_is_foretold_by_nobody(lock, machine, row):
    before, after = foretold(lock, *machine, SHIPPED), foretold(lock, *machine, without(SHIPPED, row))
    changed = {name: (before.get(name), answer) for name, answer in after.items() if answer is not Answer.NOT_KNOWN}
    assert {name: both for name, both in changed.items() if both[0] is not both[1]} == {}


def errors(lock: dict[str, str], gpu: str, driver: str, matrices: Matrices) -> set[tuple[str, tuple[str, ...]]]:
    packages = pinned(*(f"{name}=={version}" for name, version in lock.items()))
    found = audit(packages, matrices, StubIndex(), Target(python="3.12", driver=driver, gpus=(gpu,)))
    return {(one.code, one.packages) for one in found if one.severity == "error"}


@settings(deadline=None, max_examples=examples(100))
@given(locks, machines, rows)
def test_without_a_row_no_lock_is_told_as_broken(lock, machine, row):
    assert errors(lock, *machine, without(SHIPPED, row)) <= errors(lock, *machine, SHIPPED)
