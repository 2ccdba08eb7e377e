"""`lock --attest` against an index with provenance; that of a wheel is stood in for, since nobody recorded one."""

from __future__ import annotations

import json

import pytest
import yaml
from fault_server import Answer, make_wheel
from one_index import python_channel, request_of, variables_of

from solver.commands import attest
from solver.index.provenance import BadProvenance

WHEEL = "victim-1.0-py3-none-any.whl"
PROFILES = {"plain": "packages: [victim]", "strict": "packages: [victim], attestations: [Victim]"}
WORDS = ("--live", "--no-pylock")


@pytest.fixture
def index(tmp_path, monkeypatch, fault_server):
    """One wheel; ``index(bytes)`` puts its provenance there, which says its publisher as JSON."""
    (tmp_path / "environment.yml.in").write_text(request_of(python_channel(tmp_path / "channel"), **PROFILES))
    monkeypatch.chdir(tmp_path)
    for name, value in variables_of(tmp_path / "cache", fault_server.url).items():
        monkeypatch.setenv(name, value)
    fault_server.add_wheel(WHEEL, make_wheel("victim", "1.0"))
    fault_server.add_project("victim", {WHEEL: {}})

    def verified(provenance, filename, sha256):
        if provenance.startswith(b"{"):
            return json.loads(provenance)
        raise BadProvenance(f"the provenance of {filename} does not hold: {provenance.decode()}")

    monkeypatch.setattr(attest, "publisher_of", verified)

    def put(provenance, **fault):
        fault_server.answers["/provenance"] = Answer(provenance, **fault)
        fault_server.add_project("victim", {WHEEL: {"provenance": f"{fault_server.url}/provenance"}})

    return put


def attested(folder, name):
    return yaml.safe_load((folder / "locks" / name / "solution.yaml").read_text()).get("attested")


def test_the_publisher_of_each_package_stands_in_the_lock_which_diff_and_check_tell(tmp_path, index, interlock):
    index(b'{"kind": "GitHub", "repository": "a/victim", "workflow": "release.yml"}')
    assert interlock("lock", "plain", *WORDS)[0] == 0
    assert attested(tmp_path, "plain") is None
    assert interlock("lock", "strict", *WORDS)[0] == 0
    assert attested(tmp_path, "strict") == {
        "victim": {"kind": "GitHub", "repository": "a/victim", "workflow": "release.yml"}
    }
    said = interlock("diff", "plain", "strict")[1]
    assert said.splitlines()[0] == "! victim published by nobody attested -> GitHub a/victim release.yml"
    assert interlock("lock", "--check", "strict") == (0, "strict: fresh\n", "")
    assert interlock("lock", "plain", "--attest", *WORDS)[0] == 0
    assert attested(tmp_path, "plain") == attested(tmp_path, "strict")
    assert "published by" not in interlock("diff", "plain", "strict")[1]
    solution = tmp_path / "locks/strict/solution.yaml"
    solution.write_text(solution.read_text().replace("a/victim", "b/victim"))
    assert interlock("lock", "--check", "strict")[0] == 1


def test_a_package_that_nobody_attested_is_locked_only_where_nothing_requires_it(tmp_path, index, interlock):
    assert interlock("lock", "plain", "--attest", *WORDS)[0] == 0
    assert attested(tmp_path, "plain") is None
    code, _, err = interlock("lock", "strict", *WORDS)
    sentence = f"interlock: the package index has no attestation of {WHEEL}, and the profile requires one\n"
    assert (code, sentence in err) == (1, True)
    assert not (tmp_path / "locks/strict").exists()


@pytest.mark.parametrize(
    ("provenance", "fault", "code", "sentence"),
    [
        (b"forged", {}, 1, f"the provenance of {WHEEL} does not hold: forged"),
        (b"", {"status": 404}, 4, f"the package index answered 404 Not Found when asked for the provenance of {WHEEL}"),
    ],
)
def test_a_provenance_that_does_not_hold_or_cannot_be_had_makes_no_lock(
    tmp_path, index, interlock, provenance, fault, code, sentence
):
    index(provenance, **fault)
    ended, _, err = interlock("lock", "plain", "--attest", *WORDS)
    assert (ended, f"interlock: {sentence}\n" in err) == (code, True)
    assert not (tmp_path / "locks/plain").exists()


def test_a_requirement_of_what_pip_does_not_install_is_told(tmp_path, index, interlock):
    request = tmp_path / "environment.yml.in"
    request.write_text(request.read_text().replace("[Victim]", "[other]"))
    code, _, err = interlock("lock", "strict", *WORDS)
    sentence = "interlock: strict requires attestations of other, which pip does not install in it\n"
    assert (code, sentence in err) == (1, True)


def test_attestations_are_asked_of_an_index(index, interlock):
    assert interlock("lock", "plain", "--attest", "--offline") == (
        2,
        "",
        "interlock: --attest: asks the index, so it contradicts --offline; leave out one of them\n",
    )
