"""Files of a build: what is copied, mounted and run, and what of it another stage takes over."""

import pytest

from solver.audit.inputs import read_sets

BASE = "FROM x\n"


@pytest.fixture
def read(tmp_path):
    """The sets of a Dockerfile beside some files, by part: pins and what nobody can tell."""

    def sets(text, files=None, context=None):
        for name, content in ({"Dockerfile": text} | (files or {})).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        every = read_sets(tmp_path / "Dockerfile", context=None if context is None else tmp_path / context)
        return {one.part: ([package.pin for package in one.packages], list(one.unread)) for one in every}

    return sets


def test_a_mount_lies_in_workdir(read):
    mounted = "WORKDIR /app\nRUN --mount=type=bind,source=r.txt,target=list.txt pip install -r list.txt\n"
    assert read(BASE + mounted, {"r.txt": "a==1\n"}) == {"": (["a==1"], [])}


def test_a_command_works_where_cd_went_for_one_run(read):
    steps = "COPY r.txt /there/r.txt\nRUN cd /there && pip install -r r.txt\nRUN pip install -r r.txt\n"
    pins, unread = read(BASE + steps, {"r.txt": "a==1\n"})[""]
    assert pins == ["a==1"]
    assert unread == ["line 4: `pip install -r r.txt` reads r.txt, which the Dockerfile copies from nowhere"]


@pytest.mark.parametrize("sync", ["uv pip sync --system /r.txt", "pip-sync /r.txt"])
def test_a_sync_leaves_what_it_names_alone(read, sync):
    steps = f"RUN pip install a==1 b==1\nCOPY r.txt /r.txt\nRUN {sync}\n"
    assert read(BASE + steps, {"r.txt": "b==2\n"}) == {"": (["b==2"], [])}


def test_uv_takes_a_project_for_a_list(read):
    steps = "COPY pyproject.toml /p/pyproject.toml\nRUN uv pip install --system -r /p/pyproject.toml\n"
    project = "[project]\nname = 'own'\nversion = '1'\ndependencies = ['a==1']\n"
    assert read(BASE + steps, {"pyproject.toml": project}) == {"": (["a==1"], [])}


def test_what_a_copied_script_installs_counts(read):
    steps = "COPY s /s\nRUN bash -e /s/install.sh && . /s/install-too.sh\n"
    files = {
        "s/install.sh": "cd /s\n./more.sh\n",
        "s/more.sh": "pip install a==1\n",
        "s/install-too.sh": "pip install b==1",
    }
    assert read(BASE + steps, files) == {"": (["a==1", "b==1"], [])}


def test_a_script_that_runs_itself_ends(read):
    pins, unread = read(BASE + "COPY s.sh /s.sh\nRUN /s.sh\n", {"s.sh": "pip install a==1\n/s.sh\n"})[""]
    assert (pins, unread) == (["a==1"], ["line 3: `/s.sh` runs a script that nobody read"])


def test_scripts_that_are_not_there_are_told(read):
    steps = "RUN bash Miniconda3-latest-Linux-x86_64.sh -b && sh cuda_12.4.0_linux.run --toolkit && source setup.sh\n"
    assert read(BASE + steps) == {
        "": ([], ["line 2: `sh cuda_12.4.0_linux.run --toolkit` runs a script that nobody read"])
    }


def test_the_last_file_at_a_place_counts(read):
    steps = "RUN cat <<E > /r.txt\na==1\nE\nCOPY r.txt /r.txt\nRUN pip install -r /r.txt\n"
    assert read(BASE + steps, {"r.txt": "b==1\n"}) == {"": (["b==1"], [])}


@pytest.mark.parametrize(
    ("copies", "path"),
    [
        ("COPY --from=one /in /out", "/out/r.txt"),
        ("COPY --from=one /in/r.txt /out/", "/out/r.txt"),
        ("COPY --from=one in/r.txt /other.txt", "/other.txt"),
    ],
)
def test_files_of_another_stage_are_taken_over(read, copies, path):
    stages = f"FROM x AS one\nWORKDIR /elsewhere\nCOPY . /in\nFROM x\n{copies}\nRUN pip install -r {path}\n"
    assert read(stages, {"r.txt": "a==1\n"}) == {"": (["a==1"], [])}


def test_what_nobody_can_tell_of_an_environment_goes_with_it(read):
    one = 'FROM x AS one\nRUN python -m uv venv /v\nENV VIRTUAL_ENV=/v\nRUN uv pip install "$(ls /d/*.whl)[gpu]"\n'
    sets = read(one + "FROM x\nCOPY --from=one /v /v\nENV PATH=/v/bin:$PATH\n")
    assert sets == {
        "": ([], ["line 4: `uv pip install …[gpu]` asks for …[gpu], whose variable has no value here"]),
    }


def test_packages_of_an_image_that_is_no_stage_are_told(read):
    copies = "COPY --from=uv:1 /uv /bin/\nCOPY --from=some/image:1 /opt/conda /opt/conda\n"
    problem = "line 3: `COPY --from=some/image:1 /opt/conda` brings packages of another image, which nobody read"
    assert read(BASE + copies) == {"": ([], [problem])}


def test_a_lock_that_cannot_be_followed_leaves_the_rest(read):
    lock = "version = 1\n[[package]]\nname = 'own'\nsource = { virtual = '.' }\n"
    steps = "COPY uv.lock .\nRUN uv sync --group gone && pip install a==1\n"
    sets = read(BASE + steps, {"uv.lock": lock})
    assert sets[""] == (["a==1"], [])
    problem = "reads uv.lock, which cannot be followed (the lock has no group 'gone'; it has no group)"
    assert sets["environment /.venv"] == ([], [f"line 3: `uv sync --group gone` {problem}"])


def test_a_context_that_was_named_is_none_of_its_locks(read):
    own = "[[package]]\nname = 'own'\nsource = { virtual = '.' }\ndev-dependencies = { dev = [{ name = 'a' }] }\n"
    lock = f"version = 1\n{own}[[package]]\nname = 'a'\nversion = '1'\n"
    steps = "COPY uv.lock .\nENV UV_SYSTEM_PYTHON=1\nRUN uv sync --group dev\n"
    assert read(BASE + steps, {"c/uv.lock": lock}, "c") == {"": (["a==1"], [])}
