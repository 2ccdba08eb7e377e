"""doctor: a machine beside what the locks need."""

from __future__ import annotations

import msgspec
import pytest
from paths import ROOT

from solver.commands import doctor
from solver.commands.doctor import diagnose, fit_of
from solver.core.errors import BadInput
from solver.core.machine import Gpu, Machine
from solver.core.model import Profile, Target

GPU = Gpu(name="Some GPU", uuid="0" * 64, capability="9.0", memory=1)
FITTING = Machine(driver="580.65.06", gpus=(GPU,))
PROFILE = Profile(name="p", target=Target(driver="525.60.13", gpus=("8.0", "9.0"), glibc="2.28"))


@pytest.mark.parametrize(
    ("changes", "machine", "glibc", "problems"),
    [
        ({}, FITTING, "2.28", ()),
        ({}, FITTING, None, ()),
        ({}, FITTING, "2.17", ("glibc is 2.17 and the lock needs 2.28 or newer",)),
        ({"target": Target(platform="win-64")}, FITTING, "2.17", ()),
        (
            {},
            Machine(driver="525.60.12", gpus=(GPU,)),
            "2.28",
            ("the driver is 525.60.12 and the lock needs 525.60.13 or newer",),
        ),
        ({}, Machine(driver="580.65.06"), "2.28", ("no GPU here has compute capability 8.0 or 9.0",)),
        (
            {},
            Machine(),
            "2.28",
            (
                "no NVIDIA driver answers; the frameworks would run on the CPU",
                "no GPU here has compute capability 8.0 or 9.0",
            ),
        ),
        ({"cuda": "none"}, Machine(), "2.28", ()),
        ({"frameworks": ()}, Machine(), "2.28", ()),
        # A driver that names itself in another way is not called old.
        ({}, Machine(driver="a driver", gpus=(GPU,)), "2.28", ()),
    ],
)
def test_what_hinders_a_lock_here(changes, machine, glibc, problems):
    assert fit_of(msgspec.structs.replace(PROFILE, **changes), machine, glibc).problems == problems


def test_every_profile_is_compared_unless_one_is_named(monkeypatch):
    monkeypatch.setattr(doctor, "this_machine", lambda: Machine())
    every = diagnose(ROOT, None)
    (one,) = diagnose(ROOT, "full-py312").fits
    assert one in every.fits
    assert len(every.fits) > 1
    assert not every.fine
    with pytest.raises(BadInput, match="there is no profile nobody"):
        diagnose(ROOT, "nobody")
