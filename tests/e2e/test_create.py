"""create: environments of a lock made by a stand-in for conda and by our own installer, and an old one moved to it."""

import json
import os
import shutil
import subprocess
import sys
import tomllib

import pytest
from channel_lock import Lock, run_python

from solver.commands.create import OWN, Move, carry_out, plan
from solver.core.errors import BadInput, CheckFailed

# Notes how it was called; "fails" beside it makes half an environment and ends with 1.
STANDIN = f"""#!{sys.executable}
import json, pathlib, sys
here = pathlib.Path(sys.argv[0]).parent
(here / "called").write_text(json.dumps(sys.argv[1:]))
if sys.argv[1:] == ["info", "--json"]:
    folders = [str(here / "envs"), str(here / "other")]
    print(json.dumps({{"envs_dirs": folders, "envs directories": folders[::-1]}}))
    sys.exit()
if sys.argv[1:3] == ["install", "--frozen"]:
    prefix = pathlib.Path(sys.argv[-1]).parent / ".pixi" / "envs" / "default"
else:
    prefix = pathlib.Path(sys.argv[sys.argv.index("--prefix") + 1])
(prefix / "conda-meta").mkdir(parents=True)
sys.exit(1 if (here / "fails").exists() else 0)
"""


@pytest.fixture
def lock(channel, tmp_path):
    return Lock(channel, tmp_path)


@pytest.fixture
def programs(tmp_path):
    """A folder of the path in which ``add`` puts a stand-in."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def add(name):
        (folder / name).write_text(STANDIN)
        (folder / name).chmod(0o755)
        return folder

    return add


def planned(tmp_path, prefix=None, name=None, program=None, environ=None):
    environ = {"PATH": str(tmp_path / "bin")} if environ is None else environ
    return plan(tmp_path, "demo", name=name, prefix=prefix, program=program, environ=environ)


def test_our_own_installer_where_no_program_is_here(lock, tmp_path):
    made = planned(tmp_path, tmp_path / "env")
    assert (made.program, made.moves) == (None, None)
    carry_out(made)
    assert run_python(tmp_path / "env", "import demo, tiny; print(demo.ANSWER, tiny.VALUE)") == ["42", "7"]
    assert made.activation == f"export CONDA_PREFIX={tmp_path}/env PATH='{tmp_path}/env/bin':\"$PATH\" DEMO=1"
    script = f"{made.activation}\npython -c \"import sys, os; print(sys.prefix, os.environ['DEMO'])\""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(tmp_path / "env"), "1"]


@pytest.mark.parametrize(
    ("names", "chosen", "words"),
    [
        (("micromamba", "mamba", "conda"), "conda", ["env", "create", "--yes"]),
        (("micromamba", "mamba"), "mamba", ["env", "create", "--yes"]),
        (("micromamba",), "micromamba", ["create", "--yes"]),
    ],
)
def test_the_first_program_that_is_here_makes_it(lock, tmp_path, programs, names, chosen, words):
    for name in names:
        folder = programs(name)
    made = planned(tmp_path, tmp_path / "env")
    carry_out(made)
    file = str(lock.folder / "environment.yml")
    assert json.loads((folder / "called").read_text()) == [*words, "--file", file, "--prefix", str(tmp_path / "env")]
    assert made.activation == f"{chosen} activate {tmp_path}/env"


@pytest.fixture
def project(channel, tmp_path):
    """The lock of a project that asks for packages of conda alone."""
    request = (
        f'channels: [{channel}]\ndependencies: ["python=${{python}}", "pytorch=${{torch}}"]\n'
        "profiles:\n  demo: {flavour: conda}\n"
    )
    (tmp_path / "environment.yml.in").write_text(request)
    return Lock(channel, tmp_path, "conda")


def test_pixi_makes_the_environment_of_a_project_of_its_own(project, tmp_path, programs):
    folder, place = programs("pixi"), tmp_path / "my work"
    made = planned(tmp_path, place)
    assert (made.moves, made.environment) == (None, place / ".pixi" / "envs" / "default")
    carry_out(made)
    assert json.loads((folder / "called").read_text()) == [
        "install",
        "--frozen",
        "--manifest-path",
        str(place / "pixi.toml"),
    ]
    assert made.activation == f"eval \"$(pixi shell-hook --frozen --manifest-path '{place}'/pixi.toml)\""
    assert sorted(path.name for path in place.iterdir()) == [".pixi", "pixi.lock", "pixi.toml", "wheels"]
    manifest = tomllib.loads((place / "pixi.toml").read_text())
    assert manifest["workspace"] == {"name": "demo", "channels": [str(project.channel)], "platforms": ["linux-64"]}
    pins = {name: (entry["version"], entry["build"]) for name, entry in manifest["dependencies"].items()}
    assert pins == {record.name: (f"=={record.version}", record.build) for record in project.records}
    assert manifest["activation"]["env"] == {"DEMO": "1"}
    assert "version: 6" in (place / "pixi.lock").read_text()


def test_a_project_of_pixis_is_moved_and_one_with_work_in_it_left_alone(project, tmp_path, programs):
    programs("pixi")
    place = tmp_path / "env"
    carry_out(planned(tmp_path, place))
    comes = planned(tmp_path, place).moves
    assert comes == tuple(
        Move("conda", str(r.name), None, f"{r.version} {r.build}")
        for r in sorted(project.records, key=lambda r: r.name)
    )
    carry_out(planned(tmp_path, place))
    (place / "thesis.tex").touch()
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, place)
    assert str(caught.value) == f"{place}: is no environment; choose another place, or take it away"
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, name="mine")
    assert str(caught.value) == (
        "--name: pixi knows its environments by the folders of their projects, and none by a name; "
        "name the folder with --prefix"
    )


def test_a_program_is_taken_by_name_or_left_out(lock, tmp_path, programs):
    folder = programs("mamba")
    assert planned(tmp_path, tmp_path / "env", program=OWN).program is None
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, tmp_path / "env", program="conda")
    assert str(caught.value) == "--with: there is no conda on this machine; install it, or leave --with out"
    # conda is a function of the shell, which keeps the program's place in a variable.
    by_variable = planned(tmp_path, tmp_path / "env", environ={"PATH": "", "MAMBA_EXE": str(folder / "mamba")})
    assert by_variable.program.path == str(folder / "mamba")


@pytest.mark.parametrize(("there", "expected"), [(False, "envs"), (True, "other")])
def test_a_named_environment_lies_where_the_program_says(lock, tmp_path, programs, there, expected):
    folder = programs("conda")
    if there:
        (folder / "other" / "mine").mkdir(parents=True)
    made = planned(tmp_path, name="mine")
    assert (made.prefix, made.activation) == (folder / expected / "mine", "conda activate mine")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "create: expected one of --name and --prefix; name one place for the environment"),
        (
            {"name": "mine"},
            "--name: there is no conda, mamba or micromamba here, which would know where named environments lie; "
            "name the folder with --prefix",
        ),
    ],
)
def test_a_place_must_be_known(lock, tmp_path, options, message):
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, **options)
    assert str(caught.value) == message


def test_a_dry_run_plans_nothing_where_no_environment_can_lie(lock, tmp_path, interlock, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    for words in (("create", "demo", "--with", OWN, "--dry-run", "-p"), ("install", "demo")):
        refused = interlock(*words, "file/below")
        assert refused == (
            2,
            "",
            f"interlock: {tmp_path}/file/below: Not a directory; name a folder, or move the file away\n",
        )


@pytest.mark.parametrize("name", ["../up", "a b", "-n", "", "a#b"])
def test_what_conda_would_not_take_as_a_name(lock, tmp_path, programs, name):
    programs("conda")
    with pytest.raises(BadInput, match="is no name of an environment; use letters, digits, - and _"):
        planned(tmp_path, name=name)


def test_where_conda_makes_no_environment_is_told_beforehand(lock, tmp_path, programs):
    programs("conda")
    place = tmp_path / "an env"
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, place)
    assert str(caught.value) == (
        f'{place}: --prefix: conda makes no environment in a folder with " " in its name; choose another name, or add '
        "--with interlock"
    )
    assert planned(tmp_path, place, program=OWN).moves is None
    assert planned(tmp_path, place / "env").moves is None


def test_an_environment_that_is_there_is_told_package_by_package_and_moved(lock, tmp_path):
    prefix = tmp_path / "env"
    carry_out(planned(tmp_path, prefix))
    assert planned(tmp_path, prefix).moves == ()
    older = json.loads(next((prefix / "conda-meta").glob("libdemo-*.json")).read_text()) | {"version": "0.9"}
    next((prefix / "conda-meta").glob("libdemo-*.json")).write_text(json.dumps(older))
    next((prefix / "conda-meta").glob("demo-*.json")).unlink()
    (prefix / "conda-meta" / "extra-1.0-0.json").write_text(json.dumps({**older, "name": "extra", "version": "1.0"}))
    (wheel,) = prefix.glob("lib/*/site-packages/tiny-1.0.dist-info")
    # Its files are those of uv's cache: taken away here, never written to.
    shutil.rmtree(wheel)
    (wheel.with_name("other-2.0.dist-info")).mkdir()
    (wheel.with_name("other-2.0.dist-info") / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: other\nVersion: 2.0\n"
    )
    made = planned(tmp_path, prefix)
    (demo,) = (record for record in lock.records if record.name == "demo")
    assert made.moves == (
        Move("conda", "demo", None, f"2.0 {demo.build}"),
        Move("conda", "extra", f"1.0 {older['build']}", None),
        Move("conda", "libdemo", "0.9 h1_0", "1.1 h1_0"),
        Move("pip", "other", "2.0", None),
        Move("pip", "tiny", None, "1.0"),
    )
    carry_out(made)
    assert planned(tmp_path, prefix).moves == ()
    assert not list(tmp_path.glob("env.*"))


def test_what_no_package_brought_and_variables_that_go_are_told(lock, tmp_path, interlock, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prefix = tmp_path / "env"
    carry_out(planned(tmp_path, prefix))
    state = prefix / "conda-meta" / "state"
    assert json.loads(state.read_text()) == {"env_vars": {"DEMO": "1"}}
    state.write_text(json.dumps({"env_vars": {"DEMO": "0", "MINE": "x"}, "version": 1}))
    (prefix / "work").mkdir()
    for name in ("notes.txt", "work/a.csv", "work/b.csv", "work/c.csv"):
        (prefix / name).touch()
    (prefix / "work" / "data").symlink_to(tmp_path)
    (prefix / "bin" / "activate-mine").touch()
    made = planned(tmp_path, prefix)
    assert made.moves == (Move("variable", "DEMO", "0", "1"), Move("variable", "MINE", "x", None))
    assert made.unowned == ("bin/activate-mine", "notes.txt", "work/a.csv", "work/b.csv", "work/c.csv", "work/data")
    code, out, err = interlock("create", "demo", "--prefix", str(prefix), "--dry-run", "--with", OWN)
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == [
        "  changes: DEMO (variable) 0 -> 1",
        "  goes: MINE (variable) x",
        "  goes: 6 files that no package brought, such as bin/activate-mine, notes.txt and work/a.csv",
    ]


@pytest.mark.parametrize("program", ["conda", OWN])
def test_where_it_fails_the_old_environment_lies_there_again(lock, tmp_path, programs, program):
    folder = programs("conda")
    (folder / "fails").touch()
    prefix = tmp_path / "env"
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "mine").write_text("mine")
    made = planned(tmp_path, prefix, program=program)
    lock.wheel.unlink()
    with pytest.raises((CheckFailed, BadInput)):
        carry_out(made)
    assert (prefix / "mine").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("env")] == ["env"]


def test_what_is_no_environment_is_left_alone(lock, tmp_path):
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "thesis.tex").touch()
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, tmp_path / "env")
    assert str(caught.value) == f"{tmp_path}/env: is no environment; choose another place, or take it away"


def test_condas_own_environment_is_left_alone(lock, tmp_path):
    (tmp_path / "env" / "condabin").mkdir(parents=True)
    (tmp_path / "env" / "conda-meta").mkdir()
    with pytest.raises(BadInput, match="is the environment that conda itself runs in; choose another place"):
        planned(tmp_path, tmp_path / "env")


def test_the_command_says_what_it_would_do_asks_and_ends_with_the_activation(lock, tmp_path, programs):
    folder = programs("conda")
    environ = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    environ.pop("CONDA_EXE", None)

    def run(*words, answer=""):
        command = [sys.executable, "-m", "solver", "create", "demo", *words]
        done = subprocess.run(command, cwd=tmp_path, env=environ, input=answer, capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines(), done.stderr

    prefix = str(tmp_path / "env")
    new = f"{prefix}: a new environment of demo, by {folder}/conda"
    assert run("-p", prefix, "--dry-run") == (0, [new], "")
    assert run("-p", prefix) == (0, [new, f"conda activate {prefix}"], "")
    code, lines, _ = run("-p", prefix, answer="n\n")
    assert code == 0
    assert lines[0] == f"{prefix}: made anew of demo, by {folder}/conda; put back as it is should that fail"
    assert lines[-1] == "go on? [y/N]: nothing was changed"
    assert any(line.startswith("  comes: demo (conda) 2.0 ") for line in lines)
    assert run("-p", prefix, "--yes")[1][-1] == f"conda activate {prefix}"
