"""doctor: a machine beside what the locks need."""

from __future__ import annotations

import msgspec
import pytest
from paths import ROOT

from solver.commands import doctor
from solver.commands.doctor import Here, diagnose, fit_of
from solver.core.answer import NOT_KNOWN
from solver.core.errors import BadInput
from solver.core.machine import Gpu, Machine
from solver.core.model import Profile, Target

GPU = Gpu(name="Some GPU", uuid="0" * 64, capability="9.0", memory=1)
FITTING = Machine(driver="580.65.06", gpus=(GPU,))
PROFILE = Profile(name="p", target=Target(driver="525.60.13", gpus=("8.0", "9.0"), glibc="2.28"))


def here(machine=FITTING, glibc="2.28", platform="linux-64", cpu="x86-64-v3"):
    return Here(machine=machine, glibc=glibc, platform=platform, cpu=cpu)


@pytest.mark.parametrize(
    ("changes", "here", "problems"),
    [
        ({}, here(), ()),
        ({}, here(glibc=NOT_KNOWN), ()),
        ({}, here(glibc=None), ("this machine has no glibc, and the lock needs 2.28 or newer",)),
        (
            {},
            here(Machine(driver=NOT_KNOWN, gpus=(GPU,))),
            ("an NVIDIA driver is here and does not tell its version, so it is not known whether it is new enough",),
        ),
        ({}, here(glibc="2.17"), ("glibc is 2.17 and the lock needs 2.28 or newer",)),
        ({"target": Target(platform="win-64")}, here(glibc="2.17", platform="win-64"), ()),
        (
            {},
            here(Machine(driver="525.60.12", gpus=(GPU,))),
            ("the driver is 525.60.12 and the lock needs 525.60.13 or newer",),
        ),
        ({}, here(Machine(driver="580.65.06")), ("no GPU here has compute capability 8.0 or 9.0",)),
        (
            {},
            here(Machine()),
            (
                "no NVIDIA driver answers; the frameworks would run on the CPU",
                "no GPU here has compute capability 8.0 or 9.0",
            ),
        ),
        ({"cuda": "none"}, here(Machine()), ()),
        ({"frameworks": ()}, here(Machine()), ()),
        # A driver that names itself in another way is not called old.
        ({}, here(Machine(driver="a driver", gpus=(GPU,))), ()),
        # Nothing else of another platform's lock is worth telling.
        ({"target": Target(platform="win-64")}, here(Machine()), ("it is for win-64 and this machine is linux-64",)),
        ({}, here(Machine(driver="580.65.06", gpus=(GPU,)), platform=NOT_KNOWN), ()),
    ],
)
def test_what_hinders_a_lock_here(changes, here, problems):
    assert fit_of(msgspec.structs.replace(PROFILE, **changes), here).problems == problems


@pytest.mark.parametrize(
    ("has", "needs", "problems"),
    [
        ("x86-64-v2", "x86-64-v3", ("the processor is x86-64-v2 and the lock needs x86-64-v3 or newer",)),
        ("x86-64-v3", "x86-64-v3", ()),
        ("x86-64-v4", "x86-64-v3", ()),
        (NOT_KNOWN, "x86-64-v3", ()),
        ("x86-64", NOT_KNOWN, ()),
    ],
)
def test_the_processor_is_held_against_the_lock(has, needs, problems):
    assert fit_of(PROFILE, here(cpu=has), needs).problems == problems


def test_every_profile_is_compared_unless_one_is_named(monkeypatch):
    monkeypatch.setattr(doctor, "this_machine", lambda: Machine())
    every = diagnose(ROOT, None)
    (one,) = diagnose(ROOT, "full-py312").fits
    assert one in every.fits
    assert len(every.fits) > 1
    assert not every.fine
    with pytest.raises(BadInput, match="there is no profile nobody"):
        diagnose(ROOT, "nobody")


@pytest.mark.parametrize(("capability", "told"), [("9.0", True), ("8.0", False)])
def test_wrong_numbers_are_told_first(monkeypatch, capability, told):
    machine = Machine(driver="580.65.06", gpus=(msgspec.structs.replace(GPU, capability=capability),))
    monkeypatch.setattr(doctor, "this_place", lambda: here(machine, glibc="2.5"))
    (fit,) = diagnose(ROOT, "tf2.10-cu117").fits
    worst = (
        f"torch has no kernel for compute capability {capability}; seen of torch 1.13.0 on 9.0: it warned, and then "
        "computed wrong numbers without an error (four ones plus one gave zeros)"
    )
    assert (fit.problems[0] == worst, len(fit.problems)) == (told, 1 + told)
    assert fit.problems[-1].startswith("glibc is 2.5 and the lock needs ")


def test_the_lock_outweighs_the_request_about_the_processor(project, monkeypatch):
    monkeypatch.setattr(doctor, "this_place", lambda: here(cpu="x86-64-v2"))
    name = project.request.profiles[0].name
    folder = project.root / "locks" / name
    assert [fit.problems for fit in diagnose(project.root, name).fits] == [()]
    folder.mkdir(parents=True)
    text = (
        f"version: 1\nprofile: {name}\nflavour: conda\nvariables: {{}}\nsolution: {{python: '3.12'}}\n"
        "target: {python: '3.12', cpu: x86-64-v3}\n"
    )
    (folder / "solution.yaml").write_text(text)
    problem = "the processor is x86-64-v2 and the lock needs x86-64-v3 or newer"
    assert [fit.problems for fit in diagnose(project.root, name).fits] == [(problem,)]
