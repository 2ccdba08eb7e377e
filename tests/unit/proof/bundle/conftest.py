"""A bundle that a test may break, and the server that its wheels come from."""

import pytest
from small_bundle import CONTENT, MINOR, WheelServer, stub, subject

from solver.proof.bundle.make import LockToCarry, make_bundle


@pytest.fixture
def server():
    made = WheelServer()
    yield made
    made.close()


@pytest.fixture
def bundle(server, tmp_path):
    lock = tmp_path / "lock"
    (lock / "wheels").mkdir(parents=True)
    (lock / "wheels" / "loader-1-py3-none-any.whl").write_bytes(b"loader")
    (lock / "evidence").mkdir()
    (lock / "evidence" / "x.json").write_text("{}")
    wheels = tuple(server.put(f"w{number}-1-py3-none-any.whl", CONTENT[number:]) for number in range(3))
    locks = [
        LockToCarry(subject=subject(lock, name, packages={"torch": "2.10.0"}), python=MINOR, wheels=few)
        for name, few in (("full", wheels), ("other", wheels[:2]))
    ]
    made = tmp_path / "bundle"
    make_bundle(locks, made, tool={MINOR: ()}, interlock=stub())
    return made
