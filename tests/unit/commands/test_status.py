"""How the locks of a project stand: fresh or stale, and on which GPUs they were verified."""

from __future__ import annotations

from key_pair import key_pair
from standin_lock import evidence_of

from solver.commands.status import Standing, standings
from solver.commands.subject import as_subject
from solver.lock.folder import read_folder
from solver.proof.evidence_files import admit, encode
from solver.proof.signature import sign, signer_of

REQUEST = """\
name: mine
channels: [conda-forge]
dependencies:
  - python=${python}
  - pip
  - pip:
      - torch==${torch}
profiles:
  full-py312: {python: "3.12"}
  other: {python: "3.12"}
  never: {python: "3.12"}
"""


def gpu_states(root):
    (root / "environment.yml.in").write_text(REQUEST)
    return standings(root)[0].gpus


def test_evidence_stands_as_long_as_what_is_installed_is_the_same(root, lock):
    assert gpu_states(root) == {}
    admit(evidence_of(lock), lock.parent)
    # Evidence and pylock.toml are no part of what is installed, so the lock is the same.
    (lock / "pylock.toml").touch()
    assert gpu_states(root) == {"NVIDIA H200": "verified"}
    with (lock / "requirements.txt").open("a") as file:
        file.write("# changed\n")
    assert gpu_states(root) == {"NVIDIA H200": "stale"}


def test_only_what_a_key_signed_counts_where_that_is_asked_for(root, lock, tmp_path):
    (root / "environment.yml.in").write_text(REQUEST)
    private, public = key_pair(tmp_path)
    record = admit(evidence_of(lock), lock.parent)
    first, *_ = standings(root, public)
    assert (first.gpus, f"{record.name} does not count: nobody signed it" in first.note) == ({}, True)
    sign(record, signer_of(private))
    assert standings(root, public)[0].gpus == {"NVIDIA H200": "verified"}


def test_evidence_outlasts_a_change_of_what_its_run_did_not_use(root, lock):
    pins = (lock / "requirements.txt").read_text()
    (lock / "requirements.txt").write_text(f"{pins}pandas==2.3.1 --hash=sha256:{'1' * 64}\n")
    files = as_subject(read_folder(lock)).files
    core = {name: digest for name, digest in files.items() if name != "pandas"}
    admit(evidence_of(lock, core=core), lock.parent)
    (root / "environment.yml.in").write_text(REQUEST)

    def stands(requirements):
        (lock / "requirements.txt").write_text(requirements)
        first, *_ = standings(root)
        return first.gpus, first.changed, first.note.partition("; since it ran on ")[2]

    assert stands(f"{pins}pandas==2.3.2 --hash=sha256:{'2' * 64}\npolars==1.30.0 --hash=sha256:{'3' * 64}\n") == (
        {"NVIDIA H200": "verified (core)"},
        {"NVIDIA H200": ("pandas 2.3.1 became 2.3.2", "polars 1.30.0 came")},
        "NVIDIA H200, outside of what the run used: pandas 2.3.1 became 2.3.2 and polars 1.30.0 came",
    )
    assert stands(pins.replace("numpy==2.5.5", "numpy==2.5.4")) == ({"NVIDIA H200": "stale"}, {}, "")


def test_one_odd_file_ends_nothing_and_is_told(root, lock):
    """A record of another profile, a folder, a link, text and a record of nothing beside one that is fine."""
    admit(evidence_of(lock), lock.parent)
    folder = lock / "evidence"
    (folder / "a.json").write_bytes(encode(evidence_of(lock, profile="other")))
    (folder / "b.json").mkdir()
    (folder / "c.json").symlink_to("/etc/passwd")
    (folder / "d.json").write_text("[" * 100)
    (folder / "e.json").write_text("{}")
    assert gpu_states(root) == {"NVIDIA H200": "verified"}
    first, *_ = standings(root)
    assert first.note.split("; ")[-5:] == [
        "a.json is no evidence of this lock: it is of the profile other",
        "b.json: cannot be read: Is a directory",
        "c.json: this is no evidence: it is a link, and evidence is a file of its lock",
        "d.json: this is no evidence: Expected `object`, got `array`",
        "e.json: this is no evidence: Object missing required field `profile`",
    ]


def test_each_profile_stands_for_itself(root, lock):
    (root / "environment.yml.in").write_text(REQUEST)
    (lock.parent / "never-run.yaml").write_text(
        "version: 1\nreasons: {never: nobody had the time, full-py312: it did run}\n"
    )
    admit(evidence_of(lock), lock.parent)
    path = lock / "solution.yaml"
    path.write_text(path.read_text() + "conda: {channels: [conda-forge], inferred: 2}\n")
    first, *rest = standings(root)
    assert (first.profile, first.lock, first.gpus) == ("full-py312", "stale", {"NVIDIA H200": "verified"})
    assert first.note == (
        "run `interlock lock full-py312`: the request was changed; its solution.yaml was changed; "
        "2 conda records inferred, until a live channel clears that"
    )
    never = {"NVIDIA H200": "never"}
    assert rest == [
        Standing(
            profile="other", lock="stale", gpus=never, changed={}, note="run `interlock lock other`: it was never made"
        ),
        Standing(
            profile="never",
            lock="stale",
            gpus=never,
            changed={},
            note="run `interlock lock never`: it was never made; never run: nobody had the time",
        ),
    ]


def test_the_lock_of_a_profile_that_is_gone_stands_last(root, lock):
    (root / "environment.yml.in").write_text(REQUEST.replace('  full-py312: {python: "3.12"}\n', ""))
    assert standings(root)[-1] == Standing(
        profile="full-py312",
        lock="stale",
        gpus={},
        changed={},
        note="the request has no such profile any more; write it again, or remove the folder",
    )
