"""A channel of real packages on disk: locked, installed in every format, and the python in it run."""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from channel_lock import Lock, run_python
from conda_own import installed_by_conda
from conda_repodata import write_channel
from conda_world import FULL, VERSION, build_wheel
from sealed import seal

from solver.core.answer import NOT_KNOWN
from solver.core.errors import BadInput, CheckFailed, IndexUnavailable
from solver.core.exchange import only_holder
from solver.core.scratch import UNFINISHED
from solver.index.conda_config import CondaSettings
from solver.index.rattler_names import as_build, as_subdir
from solver.lock.condalock import conda_lock_yml
from solver.lock.install import archives, prefix
from solver.lock.install.prefix import install_lock
from solver.lock.pixi import pixi_lock

CODE = "import demo, sys; print(demo.ANSWER, sys.prefix)"
BOTH = "import demo, tiny, setuptools; print(demo.ANSWER, tiny.VALUE, setuptools.__version__)"


@pytest.fixture
def lock(channel, tmp_path):
    return Lock(channel, tmp_path)


def assert_nothing_left(tmp_path, prefix):
    assert not prefix.exists()
    assert [path.name for path in tmp_path.rglob(".interlock-*")] == []


# --- what works -------------------------------------------------------------------------------------


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_both_halves_from_the_channel_and_python_runs_in_the_prefix(lock, tmp_path, installer):
    prefix = tmp_path / "prefix"
    made = install_lock(lock.folder, prefix, installer=installer, folder=None if installer == "pip" else lock.channel)
    assert (made.conda, made.pip, made.python) == (5, 1, prefix / "bin/python")
    assert run_python(prefix, BOTH) == ["42", "7", "80.0"]
    assert run_python(prefix, CODE)[1] == str(prefix)
    assert not (prefix / UNFINISHED).exists()
    assert list(tmp_path.glob(".interlock-*")) == []


def test_conda_knows_each_package_of_the_prefix_by_its_channel(lock, tmp_path):
    prefix = tmp_path / "prefix"
    install_lock(lock.folder, prefix, folder=lock.channel)
    known = installed_by_conda(prefix)
    assert {(r.name, r.url, r.channel.base_url, r.sha256, r.md5) for r in known.values()} == {
        (r.name, r.url, r.channel, r.sha256, r.md5) for r in lock.records
    }
    assert {file for record in known.values() for file in record.files} >= {"bin/demo", "lib/libdemo.txt"}
    assert (prefix / "conda-meta" / "history").is_file()
    assert json.loads((prefix / "conda-meta" / "state").read_text()) == {"env_vars": {"DEMO": "1"}}


def test_no_record_of_the_prefix_names_the_folder_that_it_was_linked_from(lock, tmp_path):
    install_lock(lock.folder, tmp_path / "prefix", folder=lock.channel)
    records = [json.loads(path.read_text()) for path in (tmp_path / "prefix" / "conda-meta").glob("*.json")]
    assert len(records) == 5
    assert {"extracted_package_dir", "package_tarball_full_path", "link"} & set().union(*records) == set()


def test_a_conda_flavour_installs_without_a_pip_half(channel, tmp_path):
    lock = Lock(channel, tmp_path, flavour="conda")
    made = install_lock(lock.folder, tmp_path / "prefix")
    assert (made.conda, made.pip) == (5, 0)
    assert run_python(tmp_path / "prefix", CODE)[0] == "42"


def test_a_plain_venv_of_an_interpreter_takes_the_pip_half_alone(lock, tmp_path, built_channel):
    import sys

    made = install_lock(lock.folder, tmp_path / "venv", python=Path(sys.executable), folder=lock.channel)
    assert (made.conda, made.pip) == (0, 1)
    assert run_python(tmp_path / "venv", "import tiny; print(tiny.VALUE)") == ["7"]
    assert (tmp_path / "venv" / "pyvenv.cfg").is_file()
    script = '. "$0"; . "$1"; printf %s "$DEMO"'
    files = [tmp_path / "venv" / "bin" / name for name in ("activate", "activate-variables.sh")]
    done = subprocess.run(["sh", "-c", script, *files], capture_output=True, text=True, check=True, env={})
    assert done.stdout == "1"


def test_archives_come_from_a_web_server_through_a_mirror(lock, tmp_path, server):
    address = lock.records[0].channel
    settings = CondaSettings(mirrors={address: (f"{server.url}/gone", server.serve("channel", lock.channel))})
    made = install_lock(lock.folder, tmp_path / "prefix", settings=settings)
    assert made.conda == 5
    assert run_python(tmp_path / "prefix", BOTH) == ["42", "7", "80.0"]


def test_a_prefix_that_was_never_finished_is_built_anew(lock, tmp_path):
    prefix = tmp_path / "prefix"
    (prefix / "half").mkdir(parents=True)
    (prefix / UNFINISHED).write_text(str(prefix))
    install_lock(lock.folder, prefix, folder=lock.channel)
    assert not (prefix / "half").exists()


def test_a_folder_whose_mark_is_of_another_place_is_not_taken_for_ours(lock, tmp_path):
    prefix = tmp_path / "prefix"
    (prefix / "mine").mkdir(parents=True)
    (prefix / UNFINISHED).write_text(str(tmp_path / "elsewhere"))
    with pytest.raises(BadInput) as caught:
        install_lock(lock.folder, prefix, folder=lock.channel)
    assert str(caught.value) == f"{prefix}: is there already and not empty; choose another place, or remove it"
    assert (prefix / "mine").is_dir()


def test_a_prefix_that_another_process_builds_is_left_alone(lock, tmp_path):
    prefix = tmp_path / "prefix"
    (prefix / "half").mkdir(parents=True)
    (prefix / UNFINISHED).write_text(str(prefix))
    with only_holder(prefix / UNFINISHED) as hold:
        assert hold.alone
        with pytest.raises(BadInput) as caught:
            install_lock(lock.folder, prefix, folder=lock.channel)
    assert str(caught.value) == (
        f"{prefix}: is being installed by another process; wait for it, or choose another place"
    )
    assert (prefix / "half").is_dir()


def test_of_two_that_begin_at_one_moment_the_second_is_told(lock, tmp_path, monkeypatch):
    """The first one's mark comes after the second one has looked, and before it writes its own."""
    place = tmp_path / "prefix"
    clear = prefix._clear_unfinished

    def meanwhile(folder, work):
        clear(folder, work)
        (folder / UNFINISHED).write_text(str(folder))

    monkeypatch.setattr(prefix, "_clear_unfinished", meanwhile)
    with pytest.raises(BadInput, match="is being installed by another process"):
        install_lock(lock.folder, place, folder=lock.channel)
    assert (place / UNFINISHED).read_text() == str(place)


def test_a_prefix_that_is_a_link_is_built_where_it_leads(lock, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(IndexUnavailable):
        install_lock(lock.folder, tmp_path / "link", folder=tmp_path / "nothing")
    assert list((tmp_path / "real").iterdir()) == []
    made = install_lock(lock.folder, tmp_path / "link", folder=lock.channel)
    assert made.prefix == tmp_path / "real" and (tmp_path / "link").is_symlink()
    assert run_python(tmp_path / "real", BOTH) == ["42", "7", "80.0"]


# --- every format, by readers that are not ours -----------------------------------------------------


def install_with_rattler(records, prefix, cache):
    from rattler import install as rattler_install

    work = rattler_install(records, prefix, cache_dir=cache, platform=as_subdir("linux-64"), show_progress=False)
    asyncio.run(work)
    return run_python(prefix, CODE)


@pytest.mark.parametrize("form", ["pixi6", "pixi7", "conda-lock"])
def test_lock_files_install_through_rattlers_own_reader(channel, tmp_path, form):
    from rattler import LockFile

    lock = Lock(channel, tmp_path, flavour="conda")
    text = {
        "pixi6": lambda: pixi_lock(lock.profile, lock.records, (), "linux-64", version=6),
        "pixi7": lambda: pixi_lock(lock.profile, lock.records, (), "linux-64"),
        "conda-lock": lambda: conda_lock_yml(lock.profile, lock.records, (), "linux-64"),
    }[form]()
    path = tmp_path / ("pixi.lock" if form.startswith("pixi") else "conda-lock.yml")
    path.write_text(text)
    found = LockFile.from_path(path)
    packages = found.default_environment().packages(found.platforms()[0])
    assert {(p.name, p.location, p.hashes.sha256.hex(), p.hashes.md5.hex()) for p in packages} == {
        (r.name, r.url.removeprefix("file://"), r.sha256, r.md5) for r in lock.records
    }
    records = [package.repo_data_record() for package in packages]
    assert install_with_rattler(records, tmp_path / "prefix", tmp_path / "cache")[0] == "42"


def test_the_explicit_file_installs_address_by_address(channel, tmp_path):
    from rattler import RepoDataRecord
    from rattler.explicit_environment.environment import ExplicitEnvironmentSpec

    lock = Lock(channel, tmp_path, flavour="conda")
    spec = ExplicitEnvironmentSpec.from_path(lock.folder / "linux-64.lock")
    urls = [entry.url.partition("#sha256:") for entry in spec.packages]
    assert str(spec.platform) == "linux-64"
    assert {(url, sha256) for url, _, sha256 in urls} == {(r.url, r.sha256) for r in lock.records}
    for url, _, sha256 in urls:
        path = Path(url.removeprefix("file://"))
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256

    async def records():
        return [await RepoDataRecord.from_package_archive(url.removeprefix("file://")) for url, _, _ in urls]

    assert install_with_rattler(asyncio.run(records()), tmp_path / "prefix", tmp_path / "cache")[0] == "42"


def solved_elsewhere(dependencies, *channels):
    """What py-rattler's own solver makes of the entries of an environment.yml, as any channel may be configured."""
    from rattler import ChannelPriority, GenericVirtualPackage, MatchSpec, PackageName, Version, solve

    specs = [MatchSpec(entry, strict=False) for entry in dependencies if isinstance(entry, str)]
    glibc = GenericVirtualPackage(PackageName("__glibc"), Version("2.28"), as_build("0"))
    return asyncio.run(
        solve(
            channels,
            specs,
            platforms=["linux-64", "noarch"],
            virtual_packages=[glibc],
            channel_priority=ChannelPriority.Disabled,
        )
    )


def test_no_other_channel_can_bring_a_package_of_environment_yml(lock, tmp_path):
    """One of the same name and build lies in a channel of the user's own, and no more where the lock has it from."""
    from rattler.exceptions import SolverError

    data = yaml.safe_load((lock.folder / "environment.yml").read_text())
    left = shutil.copytree(lock.channel, tmp_path / "left")
    listing = left / "linux-64" / "repodata.json"
    repodata = json.loads(listing.read_text())
    taken = "libdemo-1.1-h1_0.conda"
    other = write_channel(tmp_path / "other", [(taken, repodata["packages.conda"].pop(taken))])
    listing.write_text(json.dumps(repodata))
    here = [str(entry).replace(lock.channel.as_uri(), left.as_uri()) for entry in data["dependencies"][:-1]]
    with pytest.raises(SolverError, match=r"libdemo 1\.1 is excluded because candidate not in requested channel"):
        solved_elsewhere(here, left.as_uri(), other.as_uri())
    anywhere = [entry.rpartition("::")[2] for entry in here]
    found = {r.name.normalized: r.channel for r in solved_elsewhere(anywhere, left.as_uri(), other.as_uri())}
    assert found["libdemo"].rstrip("/") == other.as_uri()


def test_environment_yml_gives_a_foreign_solver_the_same_set(lock, tmp_path):
    data = yaml.safe_load((lock.folder / "environment.yml").read_text())
    found = solved_elsewhere(data["dependencies"], lock.channel.as_uri())
    assert {(r.name.normalized, str(r.version), str(r.build)) for r in found} == {
        (r.name, r.version, r.build) for r in lock.records
    }
    prefix = tmp_path / "prefix"
    assert install_with_rattler(found, prefix, tmp_path / "cache")[0] == "42"
    # The pip block is a requirements file that lies beside environment.yml.
    block = tmp_path / "locks" / "demo" / "condaenv.requirements.txt"
    block.write_text("\n".join(data["dependencies"][-1]["pip"]) + "\n")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    done = subprocess.run(
        [prefix / "bin/python", "-m", "pip", "install", "--isolated", "--no-index", "-r", block.name],
        cwd=block.parent,
        capture_output=True,
        text=True,
        env={**environ, "PIP_CONFIG_FILE": os.devnull},
    )
    assert done.returncode == 0, done.stderr
    assert run_python(prefix, BOTH) == ["42", "7", "80.0"]


# --- what fails, each with nothing left -------------------------------------------------------------


def change_a_byte(path):
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(bytes(body))


def test_a_changed_byte_in_a_package(lock, tmp_path):
    change_a_byte(lock.channel / "linux-64" / "libdemo-1.1-h1_0.conda")
    for folder in (lock.channel, None):
        with pytest.raises(CheckFailed, match=r"libdemo-1.1-h1_0.conda is not the file that the lock names"):
            install_lock(lock.folder, tmp_path / "prefix", folder=folder)
        assert_nothing_left(tmp_path, tmp_path / "prefix")


@pytest.mark.parametrize(
    ("settings", "kind", "told"),
    [
        ({"offline": True}, IndexUnavailable, r"cannot be fetched from \S+, since conda's configuration says offline"),
        ({"denylist": ("own",)}, BadInput, "denylist_channels of conda's configuration does not allow the channel"),
    ],
)
def test_what_conda_s_configuration_forbids_is_not_asked(lock, tmp_path, server, settings, kind, told):
    custom, mirror = {"own": server.url}, server.serve("own", lock.channel)
    mirrors = {lock.records[0].channel: (mirror,), "own": (lock.records[0].channel,)}
    with pytest.raises(kind, match=told):
        install_lock(
            lock.folder, tmp_path / "prefix", settings=CondaSettings(custom=custom, mirrors=mirrors, **settings)
        )
    assert server.authorizations == []
    assert_nothing_left(tmp_path, tmp_path / "prefix")


def test_a_package_that_is_not_there(lock, tmp_path):
    (lock.channel / "linux-64" / "libdemo-1.1-h1_0.conda").unlink()
    with pytest.raises(IndexUnavailable, match=r"libdemo-1.1-h1_0.conda is not in .*channel"):
        install_lock(lock.folder, tmp_path / "prefix", folder=lock.channel)
    with pytest.raises(IndexUnavailable, match=r"libdemo-1.1-h1_0.conda cannot be fetched from file://"):
        install_lock(lock.folder, tmp_path / "prefix")
    assert_nothing_left(tmp_path, tmp_path / "prefix")


@pytest.mark.parametrize("fields", [{"sha256": "0" * 64}, {"md5": "0" * 32}, {"size": 1}])
def test_a_wrong_hash_in_the_lock(lock, tmp_path, fields):
    lock.change("demo", **fields)
    with pytest.raises(CheckFailed, match=r"demo-2.0-.* is not the file that the lock names"):
        install_lock(lock.folder, tmp_path / "prefix")
    assert_nothing_left(tmp_path, tmp_path / "prefix")


def test_a_channel_that_breaks_off_in_the_middle(lock, tmp_path, server):
    server.cut["pip-24.0-pyh_0.conda"] = 5000
    settings = CondaSettings(mirrors={lock.records[0].channel: (server.serve("channel", lock.channel),)})
    with pytest.raises(IndexUnavailable, match=r"pip-24.0-pyh_0.conda cannot be fetched from http://127.0.0.1"):
        install_lock(lock.folder, tmp_path / "prefix", settings=settings)
    assert_nothing_left(tmp_path, tmp_path / "prefix")


def test_an_archive_without_end_is_broken_off(lock, tmp_path, server, monkeypatch):
    monkeypatch.setattr(archives, "_LEAST", 4 << 20)
    plain = server.answer

    def endless(request):
        if not request.path.endswith("pip-24.0-pyh_0.conda"):
            return plain(request)
        request.send_response(200)
        request.end_headers()
        request.close_connection = True
        while True:
            request.wfile.write(bytes(1 << 20))

    monkeypatch.setattr(server, "answer", endless)
    address = server.serve("channel", lock.channel)
    settings = CondaSettings(mirrors={lock.records[0].channel: (address,)})
    with pytest.raises(IndexUnavailable) as caught:
        install_lock(lock.folder, tmp_path / "prefix", settings=settings)
    assert str(caught.value) == (
        f"pip-24.0-pyh_0.conda cannot be fetched from {address}/noarch/pip-24.0-pyh_0.conda: "
        "it sends more than is read of it"
    )
    assert_nothing_left(tmp_path, tmp_path / "prefix")


def test_an_archive_that_cannot_be_unpacked(lock, tmp_path):
    path = lock.channel / "linux-64" / "libdemo-1.1-h1_0.conda"
    path.write_bytes(b"no archive")
    body = path.read_bytes()
    lock.change("libdemo", sha256=hashlib.sha256(body).hexdigest(), md5=hashlib.md5(body).hexdigest(), size=len(body))
    with pytest.raises(CheckFailed, match="the conda half cannot be linked"):
        install_lock(lock.folder, tmp_path / "prefix")
    assert_nothing_left(tmp_path, tmp_path / "prefix")


def test_a_changed_byte_in_a_wheel(lock, tmp_path):
    change_a_byte(lock.wheel)
    with pytest.raises(BadInput, match="its files were changed after the lock was made; restore the folder"):
        install_lock(lock.folder, tmp_path / "prefix", folder=lock.channel)
    seal(lock.folder)
    with pytest.raises(CheckFailed, match=r"tiny-1.0-py3-none-any.whl is not the file that the lock names"):
        install_lock(lock.folder, tmp_path / "prefix", folder=lock.channel)
    assert_nothing_left(tmp_path, tmp_path / "prefix")


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_pip_half_that_fails_takes_the_conda_half_with_it(lock, tmp_path, installer):
    _, digest = build_wheel(lock.folder / "wheels", requires=["not-in-any-lock"])
    lock.lines[1] = f"tiny==1.0 --hash=sha256:{digest}"
    lock.write()
    with pytest.raises(CheckFailed, match=rf"(?s)the pip half failed, {installer} says: .*not-in-any-lock"):
        install_lock(lock.folder, tmp_path / "deep" / "down" / "prefix", folder=lock.channel, installer=installer)
    assert_nothing_left(tmp_path, tmp_path / "deep")


def test_a_missing_wheel_is_told_before_the_installer_starts(lock, tmp_path):
    lock.wheel.unlink()
    seal(lock.folder)
    with pytest.raises(IndexUnavailable, match=r"no wheel of tiny==1.0 is in .*bundle the lock anew"):
        install_lock(lock.folder, tmp_path / "prefix", folder=lock.channel)
    assert_nothing_left(tmp_path, tmp_path / "prefix")


def test_an_interrupt_leaves_nothing(lock, tmp_path):
    def stop(name):
        raise KeyboardInterrupt

    settings = CondaSettings()
    with pytest.raises(KeyboardInterrupt):
        install_lock(lock.folder, tmp_path / "prefix", settings=settings, progress=stop)
    assert_nothing_left(tmp_path, tmp_path / "prefix")


def test_a_full_folder_is_left_alone(lock, tmp_path):
    (tmp_path / "prefix").mkdir()
    (tmp_path / "prefix" / "mine.txt").write_text("mine")
    with pytest.raises(BadInput, match="is there already and not empty"):
        install_lock(lock.folder, tmp_path / "prefix", folder=lock.channel)
    assert (tmp_path / "prefix" / "mine.txt").read_text() == "mine"


def test_a_lock_that_disagrees_with_itself(lock, tmp_path):
    path = lock.folder / "environment.yml"
    path.write_text(path.read_text().replace("libdemo=1.1=h1_0", "libdemo=1.0=h0_0"))
    seal(lock.folder)
    with pytest.raises(BadInput, match=r"environment.yml: has libdemo=1.0=h0_0, and solution.yaml says otherwise"):
        install_lock(lock.folder, tmp_path / "prefix", folder=lock.channel)
    assert_nothing_left(tmp_path, tmp_path / "prefix")


@pytest.mark.parametrize(
    ("driver", "message"),
    [(None, "none answers here"), ("470.82.01", "this machine has 470.82.01"), ("550.54.14", None)],
)
def test_the_driver_is_asked_first(lock, tmp_path, driver, message):
    path = lock.folder / "solution.yaml"
    path.write_text(path.read_text().replace("driver: null", "driver: 525.60.13"))
    seal(lock.folder)
    if message is None:
        install_lock(lock.folder, tmp_path / "prefix", folder=lock.channel, driver=lambda: driver)
        return
    shutil.rmtree(lock.channel)
    with pytest.raises(CheckFailed, match=rf"needs an NVIDIA driver >= 525.60.13 and {message}"):
        install_lock(lock.folder, tmp_path / "prefix", driver=lambda: driver)
    assert_nothing_left(tmp_path, tmp_path / "prefix")


@pytest.mark.parametrize(
    ("here", "refused"),
    [("x86-64-v2", True), ("x86-64-v3", False), ("x86-64-v4", False), (NOT_KNOWN, False)],
)
def test_the_processor_is_asked_too(lock, tmp_path, monkeypatch, here, refused):
    monkeypatch.setattr(prefix, "this_processor", lambda: here)
    path = lock.folder / "solution.yaml"
    path.write_text(path.read_text().replace("  driver: null\n", "  driver: null\n  cpu: x86-64-v3\n"))
    seal(lock.folder)
    if not refused:
        install_lock(lock.folder, tmp_path / "prefix", folder=lock.channel)
        return
    with pytest.raises(CheckFailed) as caught:
        install_lock(lock.folder, tmp_path / "prefix", folder=lock.channel)
    assert str(caught.value) == (
        "demo needs a processor of x86-64-v3 or newer and this one is x86-64-v2; install it on a machine that has one, "
        "or skip this check with --no-driver-check"
    )
    assert_nothing_left(tmp_path, tmp_path / "prefix")
    install_lock(lock.folder, tmp_path / "prefix", folder=lock.channel, check_driver=False)


def test_a_venv_of_another_python_is_refused(lock, tmp_path):
    path = lock.folder / "solution.yaml"
    path.write_text(path.read_text().replace(f"python: '{VERSION}'", "python: '3.99'"))
    seal(lock.folder)
    import sys

    with pytest.raises(BadInput, match=rf"is python {VERSION}, the lock is for python 3.99"):
        install_lock(lock.folder, tmp_path / "venv", python=Path(sys.executable))
    assert_nothing_left(tmp_path, tmp_path / "venv")


def test_the_python_of_the_channel_is_the_one_that_runs_the_tests(lock):
    assert [r.version for r in lock.records if r.name == "python"] == [FULL]
