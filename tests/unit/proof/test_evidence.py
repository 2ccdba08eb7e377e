"""What counts as evidence, and what it says about a lock."""

from __future__ import annotations

import json

import msgspec
import pytest
from real_evidence import LIBRARIES, real_evidence, real_probe

from solver.core.errors import BadInput, CheckFailed
from solver.proof.checks import demands
from solver.proof.evidence import (
    Finding,
    admit,
    all_states,
    encode,
    evidence_name,
    frameworks_of,
    orders,
    read_all,
    read_evidence,
    states,
    validated,
)

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


def test_evidence_is_read_back_as_it_was_written(tmp_path):
    path = admit(real_evidence(), tmp_path)
    assert path == tmp_path / "full-py312" / "evidence" / "nvidia-h200-580.159.04.json"
    assert read_evidence(path) == real_evidence()
    assert read_all(tmp_path / "full-py312") == (real_evidence(),)
    assert encode(read_evidence(path)) == path.read_bytes()


@pytest.mark.parametrize("order", orders(("torch", "tensorflow")), ids="-".join)
def test_each_mandatory_check_is_missed(order):
    for name in demands(order):
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


def test_nothing_is_written_of_what_is_no_evidence(tmp_path):
    with pytest.raises(CheckFailed):
        admit(spoiled(libraries=()), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lock": "short"}, "lock"),
        ({"version": 2}, "version"),
        ({"unheard": 1}, "unheard"),
        ({"gpus": 0}, "gpus"),
        ({"driver": ""}, "driver"),
        ({"gpu": {"name": "H200", "uuid": "GPU-1234", "capability": "9.0", "memory": 1}}, "gpu.uuid"),
    ],
)
def test_a_changed_file_is_refused_naming_it(tmp_path, change, reason):
    path = admit(real_evidence(), tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}))
    with pytest.raises(BadInput) as caught:
        read_evidence(path)
    assert str(path) in str(caught.value) and reason in str(caught.value)


def test_states_by_gpu():
    verified = real_evidence()
    older = replace(verified, driver="550.54.14", result="failed", problems=("x",))
    stale = replace(verified, gpu=replace(verified.gpu, name="NVIDIA A100"), lock="c" * 64)
    assert states("a" * 64, (verified, older, stale)) == {"NVIDIA A100": "stale", "NVIDIA H200": "verified"}
    newer = replace(older, driver="580.200")
    assert states("a" * 64, (verified, newer)) == {"NVIDIA H200": "failed"}
    assert states("d" * 64, (verified, newer)) == {"NVIDIA H200": "stale"}


def test_a_profile_that_never_ran_says_so_for_each_gpu():
    locks = {"full-py312": ("a" * 64, (real_evidence(),)), "full-py310": ("e" * 64, ())}
    assert all_states(locks) == {
        "full-py312": {"NVIDIA H200": "verified"},
        "full-py310": {"NVIDIA H200": "never"},
    }


def test_probes_of_a_lock_follow_its_frameworks():
    assert orders(frameworks_of({"torch": "2"})) == (("torch",),)
    assert orders(frameworks_of({"tensorflow-cpu": "2"})) == (("tensorflow",),)
    assert len(orders(frameworks_of({"pytorch": "2", "tensorflow": "2"}))) == 4


def test_file_names_are_plain():
    odd = replace(real_evidence().gpu, name="NVIDIA RTX PRO 6000 (Blackwell) @ 2")
    assert evidence_name(real_evidence(gpu=odd)) == "nvidia-rtx-pro-6000-blackwell-2-580.159.04.json"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("profile", text) for text in ("/abs/path", "../x", "", "a\nb", "a/b")),
        *(("driver", text) for text in ("../x", "1.2\n", "٣.٤")),
        *(("gpu", {"name": text}) for text in ("X | injected", "X\n# h", "<script>", "")),
    ],
    ids=str,
)
def test_what_names_a_file_or_a_cell_is_checked(tmp_path, field, value):
    """The profile and the driver lead to a file below locks/, the GPU's name stands in a table."""
    data = json.loads(encode(real_evidence()))
    data[field] = {**data[field], **value} if isinstance(value, dict) else value
    path = tmp_path / "x.json"
    path.write_text(json.dumps(data))
    with pytest.raises(BadInput, match="this is no evidence: Expected `str` matching regex"):
        read_evidence(path)
