"""Who published a file, by a recorded provenance of the package index that sigstore's own root of trust vouches for."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from paths import ROOT, TESTS

from solver.core.errors import BadInput
from solver.index.provenance import BadProvenance, publisher_of, publisher_phrase

FILE = "pypi_attestations-0.0.19.tar.gz"
SHA256 = "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3"
RECORDED = (TESTS / "data" / "provenance" / f"{FILE}.provenance").read_bytes()
PUBLISHER = {"kind": "GitHub", "repository": "trailofbits/pypi-attestations", "workflow": "release.yml"}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """sigstore keeps what it knows of its root in the user's folders."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


def changed(change):
    data = json.loads(RECORDED)
    change(data)
    return json.dumps(data).encode()


def test_a_recorded_provenance_proves_its_publisher():
    assert publisher_of(RECORDED, FILE, SHA256) == PUBLISHER
    assert publisher_phrase(PUBLISHER) == "GitHub trailofbits/pypi-attestations release.yml"


def test_the_check_says_nothing_by_itself():
    code = (
        "import sys; from solver.index.provenance import publisher_of as of; of(sys.stdin.buffer.read(), *sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, FILE, SHA256]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, input=RECORDED, env=environ, capture_output=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)


def other_publisher(data):
    data["attestation_bundles"][0]["publisher"]["repository"] = "evil/pypi-attestations"


def other_statement(data):
    envelope = data["attestation_bundles"][0]["attestations"][0]["envelope"]
    envelope["statement"] = envelope["statement"][:-8] + "AAAAAAA="


def second_publisher(data):
    bundle = json.loads(json.dumps(data["attestation_bundles"][0]))
    bundle["publisher"]["environment"] = "release"
    data["attestation_bundles"].append(bundle)


def nothing(data):
    data["attestation_bundles"].clear()


def no_bundles(data):
    del data["attestation_bundles"]


@pytest.mark.parametrize(
    ("provenance", "filename", "sha256", "problem"),
    [
        (RECORDED, FILE, "0" * 64, "Verification failed: subject does not match distribution digest"),
        (RECORDED, "build-1.0-py3-none-any.whl", SHA256, "Verification failed: subject does not match distribution"),
        (RECORDED, "no name", SHA256, "it is none: Value error, unknown distribution format: no name"),
        (changed(other_publisher), FILE, SHA256, "Verification failed: Certificate's OIDCSourceRepositoryURI"),
        (changed(other_statement), FILE, SHA256, "Verification failed: "),
        (changed(second_publisher), FILE, SHA256, "it names several publishers"),
        (changed(nothing), FILE, SHA256, "it attests nothing"),
        (changed(no_bundles), FILE, SHA256, "it is none: Field required"),
        (b"\xff not json", FILE, SHA256, "it is none: "),
        (b"[" * 5000, FILE, SHA256, "it is none: "),
    ],
)
def test_what_does_not_hold_is_told_in_one_sentence(provenance, filename, sha256, problem):
    with pytest.raises(BadProvenance) as caught:
        publisher_of(provenance, filename, sha256)
    assert str(caught.value).startswith(f"the provenance of {filename} does not hold: {problem}")
    assert "\n" not in str(caught.value)


def test_without_the_library_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypi_attestations", None)
    with pytest.raises(BadInput) as caught:
        publisher_of(RECORDED, FILE, SHA256)
    assert str(caught.value) == "attestations need pypi-attestations; install interlock[attest]"
