"""What counts as evidence of a lock."""

from __future__ import annotations

import msgspec
import pytest
from real_evidence import LIBRARIES, real_evidence, real_probe

from solver.core.errors import CheckFailed
from solver.core.model import Finding
from solver.proof.checks import demanded_checks, orders
from solver.proof.judge import validated

replace = msgspec.structs.replace


def spoiled(order=("torch",), **fields):
    """Evidence in which one probe is another."""
    probes = [replace(real_probe(one), **fields) if one == order else real_probe(one) for one in orders(order)]
    if len(order) == 1:
        probes = [
            replace(real_probe(one), **fields) if one == order else real_probe(one)
            for one in orders(("torch", "tensorflow"))
        ]
    return real_evidence(probes=tuple(probes))


def with_check(name, **fields):
    order = ("torch", "tensorflow") if name.startswith("together") else ("torch",)
    checks = tuple(replace(one, **fields) if one.name == name else one for one in real_probe(order).checks)
    return spoiled(order, checks=checks)


def test_a_real_record_is_evidence():
    evidence = real_evidence()
    assert validated(evidence) is evidence


@pytest.mark.parametrize("order", orders(("torch", "tensorflow")), ids="-".join)
def test_each_mandatory_check_is_missed(order):
    for name in demanded_checks(order):
        checks = tuple(one for one in real_probe(order).checks if one.name != name)
        with pytest.raises(CheckFailed, match=f"the check {name} was never made"):
            validated(spoiled(order, checks=checks))


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (with_check("torch.matmul", figure=0.02), "the error 0.02 of torch.matmul is not within 0.005"),
        (with_check("torch.matmul", tolerance=0.5), "was held to 0.5, not to 0.005"),
        (with_check("torch.matmul.fp32", tolerance=5e-3), "was held to 0.005, not to 0.0001"),
        (with_check("torch.matmul", tolerance=None), "was held to None, not to 0.005"),
        (with_check("torch.memory", figure=None), "torch.memory has no figure"),
        (with_check("torch.fft", status="skipped", lacks="compiler", detail="none"), "torch.fft was skipped: none"),
        (
            with_check("torch.compile", status="skipped", detail="no C compiler"),
            "torch.compile was skipped: no C compiler",
        ),
        (with_check("torch.fft", status="failed", detail="wrong"), "the check torch.fft failed: wrong"),
        (spoiled(libraries=LIBRARIES[:2]), "torch: the driver's libcuda.so was never loaded"),
        (spoiled(libraries=LIBRARIES[2:]), "torch: no CUDA runtime was ever loaded"),
        (spoiled(libraries=(replace(LIBRARIES[2], inside=True), *LIBRARIES[:2])), "libcuda.so was never loaded"),
        (spoiled(gpus=()), "its GPU is not the NVIDIA H200 of compute capability 9.0"),
        (spoiled(gpus=(replace(real_probe(("torch",)).gpus[0], name="H100"),)), "it names its GPU H100"),
        (spoiled(gpus=(replace(real_probe(("torch",)).gpus[0], capability="8.0"),)), "its GPU is not the"),
        (spoiled(ended="crashed", signal="SIGSEGV", running="torch.fft"), "torch: SIGSEGV in torch.fft"),
        (spoiled(ended="hung"), "torch: hung in an unknown place and was ended"),
        (real_evidence(probes=(real_probe(("torch",)),)), "tensorflow-torch: the probe never ran"),
        (real_evidence(gpus=2), "together.nccl.torch was skipped: one GPU"),
        (real_evidence(problems=("install: no",)), "install: no"),
        (
            real_evidence(
                findings=(
                    Finding(code="clobber", severity="error", packages=(), why="two cudnn", source="s", cure="c"),
                )
            ),
            "audit: clobber: two cudnn",
        ),
    ],
)
def test_what_is_no_evidence_of_a_verified_lock(evidence, reason):
    with pytest.raises(CheckFailed) as caught:
        validated(evidence)
    assert reason in str(caught.value)


def test_without_a_c_compiler_only_compile_may_be_skipped():
    validated(with_check("torch.compile", status="skipped", lacks="compiler", detail="none here", figure=None))


def test_warnings_of_the_audit_do_not_hinder():
    warning = Finding(code="leftover", severity="warning", packages=(), why="w", source="s", cure="c")
    validated(real_evidence(findings=(warning,)))


def test_a_failed_record_needs_a_gpu_and_a_reason():
    failed = replace(spoiled(ended="crashed", signal="SIGSEGV"), result="failed")
    with pytest.raises(CheckFailed, match="must say why"):
        validated(failed)
    validated(replace(failed, problems=("torch: SIGSEGV",)))
    nowhere = tuple(replace(probe, libraries=()) for probe in failed.probes)
    with pytest.raises(CheckFailed, match=r"no probe loaded the driver's libcuda\.so, so this is no evidence"):
        validated(replace(failed, problems=("x",), probes=nowhere))
