"""A record that names a lock's digest is compared with that lock: what it tells of itself proves nothing."""

from __future__ import annotations

import msgspec
import pytest
from real_evidence import PACKAGES, real_evidence

from solver.proof.judge import strangeness
from solver.proof.subject import Subject

OWN = {"python": "3.12", **PACKAGES}


def subject(tmp_path, **fields):
    return Subject(**{"profile": "full-py312", "folder": tmp_path, "digest": "a" * 64, "packages": OWN, **fields})


def record(**fields):
    return real_evidence(**{"packages": OWN, **fields})


def without(name):
    return {package: version for package, version in OWN.items() if package != name}


def test_a_record_of_the_lock_is_of_the_lock(tmp_path):
    assert strangeness(record(), subject(tmp_path)) is None
    failed = record(result="failed", problems=("torch: SIGSEGV",), probes=record().probes[:1])
    assert strangeness(failed, subject(tmp_path)) is None


ONLY_TORCH = tuple(probe for probe in real_evidence().probes if probe.order == ("torch",))


@pytest.mark.parametrize(
    ("fields", "lock", "why"),
    [
        ({"profile": "something-else"}, {}, "it is of the profile something-else"),
        ({}, {"gpu": False}, "the lock asks for no GPU, and it tells of one"),
        ({"python": "3.11.9"}, {}, "it ran on python 3.11.9, and the lock is for 3.12"),
        ({"python": "3.1.2"}, {}, "it ran on python 3.1.2, and the lock is for 3.12"),
        (
            {"packages": {}, "probes": ONLY_TORCH},
            {},
            "its packages are not those of the lock: interlock-loader is one of 14",
        ),
        (
            {"packages": {**OWN, "torch": "99.0"}},
            {},
            "its packages are not those of the lock: torch is one of 1",
        ),
        (
            {"packages": without("tensorflow"), "probes": ONLY_TORCH},
            {},
            "its packages are not those of the lock: tensorflow is one of 1",
        ),
        (
            {"variables": {}},
            {"variables": {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}},
            "its probes ran with other environment variables than those of the lock",
        ),
        ({"probes": ONLY_TORCH}, {}, "tensorflow: the probe never ran"),
    ],
    ids=["profile", "cpu", "python", "python-prefix", "nothing", "version", "framework", "variables", "probes"],
)
def test_a_record_of_something_else_is_told_apart(tmp_path, fields, lock, why):
    assert strangeness(record(**fields), subject(tmp_path, **lock)) == why


def test_a_probe_of_nothing_is_no_probe():
    data = msgspec.to_builtins(real_evidence())
    data["probes"][0]["order"] = []
    with pytest.raises(msgspec.ValidationError, match=r"length >= 1 - at `\$\.probes\[0\]\.order`"):
        msgspec.convert(data, type(real_evidence()))
