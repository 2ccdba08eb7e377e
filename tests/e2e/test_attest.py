"""`lock --attest` against an index with provenance: a made-up one, and that of a wheel as it was published."""

from __future__ import annotations

import json

import pytest
import yaml
from fault_server import Answer, make_wheel
from one_index import python_channel, request_of, variables_of
from paths import DATA

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


REAL = "abi3info-2024.10.8-py3-none-any.whl"


@pytest.fixture
def real_index(tmp_path, monkeypatch, fault_server):
    """A published wheel with the provenance that the package index gives of it; ``real_index(bytes)`` serves others."""
    profiles = {"real": "packages: [abi3info], attestations: [abi3info]"}
    (tmp_path / "environment.yml.in").write_text(request_of(python_channel(tmp_path / "channel"), **profiles))
    monkeypatch.chdir(tmp_path)
    # sigstore keeps what it knows of its root in the user's folders.
    homes = {name: str(tmp_path / "home") for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    for name, value in {**variables_of(tmp_path / "cache", fault_server.url), **homes}.items():
        monkeypatch.setenv(name, value)
    fault_server.answers["/provenance"] = Answer((DATA / "provenance" / f"{REAL}.provenance").read_bytes())

    def serve(wheel):
        fault_server.add_wheel(REAL, wheel)
        fault_server.add_project("abi3info", {REAL: {"provenance": f"{fault_server.url}/provenance"}})

    return serve


def test_a_published_wheel_is_locked_with_its_publisher(tmp_path, real_index, interlock):
    """Nothing is stood in for but the place of the index: sigstore's own root of trust vouches for it."""
    real_index((DATA / "provenance" / REAL).read_bytes())
    assert interlock("lock", "real", *WORDS)[0] == 0
    assert attested(tmp_path, "real") == {
        "abi3info": {"kind": "GitHub", "repository": "woodruffw/abi3info", "workflow": "release.yml"}
    }
    hashed = "b0236c6707783f93971274101e119055192cef0925f5b7cebdad03c69dc5a499"
    assert f"sha256:{hashed}" in (tmp_path / "locks/real/requirements.txt").read_text()


def test_a_published_wheel_with_one_byte_more_is_not_the_one_that_is_attested(tmp_path, real_index, interlock):
    real_index((DATA / "provenance" / REAL).read_bytes() + b"\0")
    code, _, err = interlock("lock", "real", *WORDS)
    sentence = f"interlock: the provenance of {REAL} does not hold: "
    assert (code, sentence in err, (tmp_path / "locks/real").exists()) == (1, True, False)
