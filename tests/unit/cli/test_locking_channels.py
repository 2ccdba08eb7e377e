"""lock where a conda channel cannot be read: pip's half goes on with the recorded base; what is missing is named."""

from __future__ import annotations

import pytest
from conda_repodata import write_channel
from own_index import REQUEST, files

from solver.commands.project import built_in_snapshot
from solver.index.conda_record import repodata_fields
from solver.index.conda_snapshot import CondaSnapshot

NOBODY = "http://127.0.0.1:9"
"""A proxy that does not answer; channels are asked by https, the index of the tests is not."""
DEAD = "channel conda-forge at https://conda.anaconda.org/conda-forge did not answer: Connection refused"

CURE = "name a channel that can be read, or move them under pip:"


@pytest.fixture
def dead(index, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", NOBODY)
    monkeypatch.setenv("CONDARC", "/dev/null")
    return index


def test_a_dead_channel_does_not_stop_the_pip_half(dead, interlock, tmp_path):
    assert interlock("lock", "--no-pylock")[0] == 0
    recorded = (tmp_path / "locks/gpu/environment.yml").read_bytes()
    code, _, err = interlock("lock", "--no-pylock", "--live")
    assert (code, err.splitlines()[0]) == (
        0,
        f"interlock: gpu: {DEAD}; below pip lies the base that was recorded",
    )
    assert (tmp_path / "locks/gpu/environment.yml").read_bytes() == recorded


@pytest.fixture
def configure(tmp_path, monkeypatch):
    """A function that gives conda a configuration; ``{channel}`` in it is a folder with a newer tzdata than the record.

    It has all else that the record has.
    """

    def configure(text):
        recorded = CondaSnapshot(built_in_snapshot())
        records = [*recorded.records("conda-forge", "linux-64"), *recorded.records("conda-forge", "noarch")]
        entries = [(record.filename, repodata_fields(record)) for record in records]
        old = next(fields for name, fields in entries if name.startswith("tzdata-"))
        newer = {**old, "version": "2099a", "build": "h_0", "build_number": 0, "sha256": "a" * 64, "md5": "b" * 32}
        channel = write_channel(tmp_path / "channel", [*entries, ("tzdata-2099a-h_0.conda", newer)])
        (tmp_path / "condarc").write_text(text.replace("{channel}", channel.as_uri()))
        monkeypatch.setenv("CONDARC", str(tmp_path / "condarc"))
        return channel.as_uri()

    return configure


def test_a_lock_of_live_channels_is_the_same_without_them(index, interlock, tmp_path, monkeypatch, configure):
    configure("mirrored_channels: {conda-forge: ['{channel}']}\n")
    assert interlock("lock", "--no-pylock", "--live")[0] == 0
    made = files(tmp_path / "locks")
    assert b"conda-forge::tzdata=2099a=h_0" in made["gpu/environment.yml"]
    monkeypatch.setenv("HTTPS_PROXY", NOBODY)
    monkeypatch.setenv("CONDARC", "/dev/null")
    index.close()
    assert interlock("lock", "--no-pylock", "--offline")[0] == 0
    assert files(tmp_path / "locks") == made
    assert sorted(files(tmp_path / "matrices" / "snapshot" / "kept" / "conda")) != []


@pytest.mark.parametrize(
    ("package", "channel", "words", "why"),
    [
        (
            "pandas",
            "conda-forge",
            ["--live"],
            f"since {DEAD}; {CURE}",
        ),
        (
            "pandas",
            "rapidsai",
            ["--live"],
            f"since {DEAD.replace('conda-forge', 'rapidsai')}; {CURE}",
        ),
        (
            "pandas",
            "rapidsai",
            [],
            "since the snapshot holds nothing for linux-64 of this channel: rapidsai; "
            "ask the channels with --live, or move them under pip:",
        ),
    ],
)
def test_packages_that_a_channel_would_have_brought_are_named(dead, interlock, tmp_path, package, channel, words, why):
    request = REQUEST.replace("  - pip\n", f"  - {package}\n  - pip\n").replace(
        "name: mine", f"name: mine\nchannels: [{channel}]"
    )
    (tmp_path / "environment.yml.in").write_text(request)
    code, out, err = interlock("lock", "--no-pylock", *words)
    assert (code, out, err.splitlines()[0]) == (4, "", f"interlock: gpu: {package} would be missing, {why}")
    assert not (tmp_path / "locks").exists()


def test_a_channel_that_is_not_among_them_is_told_with_its_place(dead, interlock, tmp_path):
    request = tmp_path / "environment.yml.in"
    request.write_text(REQUEST.replace("profiles:", "channels: [conda-forge]\nprofiles:"))
    text = request.read_text().rstrip()
    request.write_text(text + "\n  other: {conda-packages: ['mine::zstd']}\n")
    line = text.splitlines().index("channels: [conda-forge]") + 1
    code, _, err = interlock("lock", "other", "--no-pylock")
    assert (code, err.splitlines()[0]) == (
        2,
        f"interlock: environment.yml.in:{line}: channels: zstd is wanted from the channel mine, which is not among "
        "conda-forge; add mine to them, or leave it out before zstd",
    )


def test_what_comes_from_conda_alone_is_named(dead, interlock, tmp_path):
    conda = REQUEST.replace('"2.9.1"', '"2.9.1", flavour: conda').replace("own-tool>=1", "pandas")
    (tmp_path / "environment.yml.in").write_text(conda)
    code, out, err = interlock("lock", "--no-pylock", "--live")
    assert (code, out, err.splitlines()[0]) == (
        4,
        "",
        f"interlock: gpu: torch and pandas would be missing, since {DEAD}; name a channel that can be read, or "
        "leave out --live",
    )


def test_what_the_recorded_channel_lacks_may_come_by_pip(dead, interlock, tmp_path):
    (tmp_path / "environment.yml.in").write_text(REQUEST.replace("  - pip\n", "  - pandas\n  - pip\n"))
    assert interlock("lock", "--no-pylock")[2].splitlines()[3] == (
        "  (there is no record of the conda package pandas; with --live the channels themselves are asked; "
        "under pip: the package index is asked)"
    )


def test_conda_s_offline_is_kept_to_and_its_ban_on_a_channel_told(index, interlock, tmp_path, configure):
    configure("offline: true\n")
    code, _, err = interlock("lock", "--no-pylock", "--live")
    assert (code, err.splitlines()[0]) == (
        0,
        "interlock: gpu: channel conda-forge was not asked: conda's configuration says offline; "
        "below pip lies the base that was recorded",
    )
    configure("denylist_channels: [conda-forge]\n")
    # Neither where the channel would be asked, nor where what was recorded of it serves.
    for words in (["--live"], [], ["--offline"]):
        code, _, err = interlock("lock", "--no-pylock", *words)
        assert (code, err.splitlines()[0]) == (
            2,
            "interlock: denylist_channels of conda's configuration does not allow the channel conda-forge; "
            "name another channel, or ask whoever wrote that",
        )


def test_a_name_of_several_channels_is_what_conda_s_configuration_says(index, interlock, tmp_path, configure):
    first = write_channel(tmp_path / "first", []).as_uri()
    address = configure(f"custom_multichannels: {{corp: ['{first}', '{{channel}}']}}\nallowlist_channels: [corp]\n")
    (tmp_path / "environment.yml.in").write_text(REQUEST.replace("name: mine", "name: mine\nchannels: [corp]"))
    assert interlock("lock", "--no-pylock", "--live")[0] == 0
    text = (tmp_path / "locks/gpu/environment.yml").read_text()
    assert (f"- {address}::tzdata=2099a=h_0\n" in text, "channels:\n- corp\n" in text) == (True, True)
    assert interlock("lock", "--check")[:2] == (0, "gpu: fresh\n")


def test_a_channel_that_gave_a_lock_nothing_is_known_as_such(index, interlock, tmp_path, configure):
    other = write_channel(tmp_path / "other", []).as_uri()
    configure(f"mirrored_channels: {{conda-forge: ['{{channel}}'], nvidia: ['{other}']}}\n")
    (tmp_path / "environment.yml.in").write_text(
        REQUEST.replace("name: mine", "name: mine\nchannels: [nvidia, conda-forge]")
    )
    assert interlock("lock", "--no-pylock", "--live")[0] == 0
    made = files(tmp_path)
    (tmp_path / "condarc").write_text("")
    assert interlock("lock", "--check")[:2] == (0, "gpu: fresh\n")
    assert interlock("lock", "--no-pylock", "--offline")[0] == 0
    kept = "matrices/snapshot/kept/conda/nvidia/linux-64.jsonl"
    assert (files(tmp_path)[kept], files(tmp_path / "locks")) == (
        made[kept],
        {name.removeprefix("locks/"): body for name, body in made.items() if name.startswith("locks/")},
    )


def test_a_lock_of_a_folder_is_the_same_without_asking_it(index, interlock, tmp_path, configure):
    configure("{}\n")
    request = REQUEST.replace("name: mine", f"name: mine\nchannels: [{tmp_path}/channel]")
    (tmp_path / "environment.yml.in").write_text(request)
    assert interlock("lock", "--no-pylock", "--live")[0] == 0
    made = files(tmp_path / "locks")
    assert f"file://{tmp_path}/channel::tzdata=2099a=h_0".encode() in made["gpu/environment.yml"]
    assert interlock("lock", "--check")[:2] == (0, "gpu: fresh\n")
    assert interlock("lock", "--no-pylock", "--offline")[0] == 0
    assert files(tmp_path / "locks") == made


ALIEN = "https://conda.example/mine"
UNHEARD = f"nothing for linux-64 of this channel: {ALIEN}"


def channels(folder, *names, package=None):
    text = REQUEST.replace("name: mine", f"name: mine\nchannels: [{', '.join(names)}]")
    pip = "  - pip\n" if package is None else f"  - {package}\n  - pip\n"
    (folder / "environment.yml.in").write_text(text.replace("  - pip\n", pip))


def test_without_any_channel_that_was_read_no_lock_goes_without_python_and_pip(dead, interlock, tmp_path):
    channels(tmp_path, ALIEN)
    said = f"interlock: gpu: python and pip would be missing, since the snapshot holds {UNHEARD}; "
    cure = "ask the channels with --live, name a channel that can be read, or take flavour: pip"
    code, out, err = interlock("lock", "--no-pylock")
    assert (code, out, err.splitlines()[0]) == (4, "", said + cure)
    assert not (tmp_path / "locks").exists()


@pytest.mark.parametrize(
    ("names", "package"),
    [(("conda-forge", ALIEN), None), ((ALIEN, "conda-forge"), None), (("conda-forge", ALIEN), "numpy")],
)
def test_recorded_channels_serve_where_another_was_not_read_and_that_is_told(dead, interlock, tmp_path, names, package):
    channels(tmp_path, *names, package=package)
    code, out, err = interlock("lock", "--no-pylock")
    told = f"gpu: nothing is recorded of the channel {ALIEN}, so that the recorded others serve; "
    assert (code, err.splitlines()[0]) == (0, f"{told}--live asks all of them")
    assert ("packages by conda" in out, f"  unread:\n  - {ALIEN}\n" in solution(tmp_path)) == (True, True)
    assert interlock("lock", "--check") == (0, "gpu: fresh\n", "")


def solution(folder):
    return (folder / "locks" / "gpu" / "solution.yaml").read_text()


@pytest.mark.parametrize(("names", "package"), [(("conda-forge", ALIEN), "pandas"), ((ALIEN, "conda-forge"), "numpy")])
def test_what_a_channel_that_was_not_read_would_have_brought_is_named(dead, interlock, tmp_path, names, package):
    channels(tmp_path, *names, package=package)
    why = f"since the snapshot holds {UNHEARD}; ask the channels with --live, or move them under pip:"
    code, out, err = interlock("lock", "--no-pylock")
    assert (code, out, err.splitlines()[0]) == (4, "", f"interlock: gpu: {package} would be missing, {why}")


def test_a_conda_package_that_is_misspelt_gets_a_near_name(dead, interlock, tmp_path):
    channels(tmp_path, "conda-forge", package="scikit-lern")
    assert interlock("lock", "--no-pylock")[2].splitlines()[3] == (
        "  (there is no record of the conda package scikit-lern (did you mean scikit-learn?); with --live the channels "
        "themselves are asked; under pip: the package index is asked)"
    )
