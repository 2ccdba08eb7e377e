"""Files of evidence: read back as written, refused where they are none."""

from __future__ import annotations

import json

import msgspec
import pytest
from paths import DATA
from real_evidence import real_evidence

from solver.core.errors import BadInput, CheckFailed
from solver.proof.evidence import ProbeResult
from solver.proof.evidence_files import admit, encode, evidence_name, read_evidence


def test_evidence_is_read_back_as_it_was_written(tmp_path):
    path = admit(real_evidence(), tmp_path)
    assert path == tmp_path / "full-py312" / "evidence" / "nvidia-h200-580.159.04.json"
    assert read_evidence(path) == real_evidence()
    assert encode(read_evidence(path)) == path.read_bytes()


def test_nothing_is_written_of_what_is_no_evidence(tmp_path):
    with pytest.raises(CheckFailed):
        admit(real_evidence(probes=()), tmp_path)
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


def test_file_names_are_plain():
    odd = msgspec.structs.replace(real_evidence().gpu, name="NVIDIA RTX PRO 6000 (Blackwell) @ 2")
    assert evidence_name(real_evidence(gpu=odd)) == "nvidia-rtx-pro-6000-blackwell-2-580.159.04.json"
    assert evidence_name(real_evidence(gpus=2)) == "2x-nvidia-h200-580.159.04.json"


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


def test_a_record_of_no_order_is_none():
    path = DATA / "broken" / "forged-evidence.json"
    with pytest.raises(BadInput) as caught:
        read_evidence(path)
    assert str(caught.value) == (
        f"{path}: this is no evidence: Expected `array` of length >= 1 - at `$.probes[0].order`; "
        "remove it, or verify the lock again on a GPU"
    )


def test_what_a_probe_said_last_is_kept_without_the_secrets_of_its_addresses():
    said = ("pip: https://ann:s3cret@host.invalid/simple?key=s3cret", '"http://host.invalid/t/s3cret/c" \n is gone')
    probe = ProbeResult(order=("torch",), ended="silent", seconds=1.0, last_lines=said)
    assert msgspec.json.decode(encode(probe))["last_lines"] == [
        "pip: https://host.invalid/simple?...",
        '"http://host.invalid/c" \n is gone',
    ]
