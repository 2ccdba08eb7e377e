"""The sets of a Dockerfile: what its stages install beside what their base images hold."""

import pytest
from limits import computing

from solver.audit.inputs import read_sets
from solver.core.answer import NOT_KNOWN
from solver.core.errors import BadInput
from solver.matrix.load import Matrices
from solver.matrix.rows import BaseImage, SystemPython

ROWS = Matrices(
    images=(
        BaseImage(
            id="image-own",
            source="made up",
            images=("own/tf",),
            tags=("{tensorflow}-gpu",),
            python="3.9",
            cuda="11.2.1",
            cudnn="8.1.0",
            libraries=("cudart",),
            packages={"tensorflow": "{tensorflow}"},
        ),
        BaseImage(id="image-bare", source="made up", images=("own/cuda",), tags=("*",), python="none", packages={}),
    ),
    systems=(
        SystemPython(id="system", source="made up", images=("own/cuda",), tags=("*-ubuntu22.04",), python="3.10"),
    ),
)
BASE = "FROM own/tf:2.9.0-gpu\n"


@pytest.fixture
def read(tmp_path):
    """The sets of a Dockerfile beside some files, by part: pins and unread sentences."""

    def sets(text, **files):
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/").replace("_txt", ".txt").replace("_yml", ".yml").replace(
                "_lock", ".lock"
            )
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
        (tmp_path / "Dockerfile").write_text(text)
        return {one.part: one for one in read_sets(tmp_path / "Dockerfile", matrices=ROWS)}

    return sets


def pins(package_set):
    return [package.pin for package in package_set.packages]


def test_the_base_image_says_cuda_python_and_framework(read):
    (one,) = read(BASE).values()
    assert (pins(one), one.python, one.packages[0].line) == (["tensorflow==2.9.0"], "3.9", 1)
    assert (one.base.image, one.base.row, one.base.cuda, one.base.cudnn) == (
        "own/tf:2.9.0-gpu",
        "image-own",
        "11.2.1",
        "8.1.0",
    )


def test_nothing_is_known_of_an_image_without_a_row(read):
    (one,) = read("FROM some/other:1\nRUN pip install a==1\n").values()
    assert (pins(one), one.base.row, one.base.cuda) == (["a==1"], None, NOT_KNOWN)


def test_lines_count_in_their_order(read):
    (one,) = read(
        BASE
        + "RUN pip install a==1 b c==1 && pip install a==2\n"
        + "RUN pip uninstall -y c\n"
        + "RUN pip install 'b<3' tensorflow\n"
    ).values()
    assert pins(one) == ["tensorflow==2.9.0", "a==2", "b<3"]


def test_what_is_installed_already_stays_unless_it_is_taken_anew(read):
    (one,) = read(BASE + "RUN pip install 'tensorflow>=2' && pip install -U x tensorflow\n").values()
    assert pins(one) == ["x", "tensorflow"]


def test_an_installed_local_version_is_the_one_that_is_asked_for(read):
    (one,) = read("FROM x\nRUN pip install torch==1.12.1+cu113\nRUN pip install torch==1.12.1\n").values()
    assert pins(one) == ["torch==1.12.1+cu113"]


def test_arguments_and_variables_are_put_in(read):
    (one,) = read(
        "ARG TF=2.9.0\nFROM own/tf:${TF}-gpu\nARG A=1\nARG TF\nENV B=2 C=$A\n"
        'RUN pip install "a==$A" "b==${B}" c==${C:-9} d==${D:-4} e==$TF\n'
    ).values()
    assert pins(one) == ["tensorflow==2.9.0", "a==1", "b==2", "c==1", "d==4", "e==2.9.0"]


def test_a_variable_without_a_value_leaves_the_version_open(read):
    (one,) = read("FROM x\nARG V\nRUN pip install torch==$V\n").values()
    assert (pins(one), one.unread) == (
        ["torch"],
        ("line 3: `pip install torch==…` asks for torch==…, whose variable has no value here",),
    )


@pytest.mark.parametrize(
    "copy",
    [
        "COPY req.txt /app/req.txt",
        "COPY req.txt /app/",
        "COPY . /app",
        "WORKDIR /app\nCOPY ./req.txt .",
        "COPY r*.txt other.txt /app/",
        'COPY ["req.txt", "/app/"]',
        "ADD --chown=a:b req.txt /app/",
        "COPY <<EOF /app/req.txt\na==1\nb\nEOF",
    ],
)
def test_a_list_that_is_copied_from_the_context_is_read(copy, read):
    (one,) = read(f"FROM x\n{copy}\nRUN pip install -r /app/req.txt\n", req_txt="a==1\nb\n").values()
    assert (pins(one), one.unread) == (["a==1", "b"], ())


def test_a_list_that_is_mounted_is_read(read):
    mount = "RUN --mount=type=bind,source=req.txt,target=/tmp/req.txt pip install -r /tmp/req.txt\n"
    (one,) = read("FROM x\n" + mount + "RUN pip install -r /tmp/req.txt\n", req_txt="a==1\n").values()
    assert (pins(one), len(one.unread)) == (["a==1"], 1)


def test_an_environment_of_conda_is_read_from_its_file(read):
    (one,) = read(
        "FROM x\nCOPY environment.yml /tmp/\nRUN conda env create -f /tmp/environment.yml\n"
        "ENV PATH=/opt/conda/envs/own/bin:$PATH\nRUN pip install c==3\n",
        environment_yml="name: own\ndependencies: [python=3.10, a=1, {pip: [b==2]}]\n",
    ).values()
    assert (pins(one), one.python) == (["python==3.10", "a==1", "b==2", "c==3"], "3.10")


def test_a_lock_that_is_copied_is_read(read):
    lock = 'version = 1\n[[package]]\nname = "own"\nversion = "0"\nsource = { virtual = "." }\n'
    lock += 'dependencies = [{ name = "a" }]\n'
    lock += '[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "https://example.com/simple" }\n'
    (one,) = read(
        "FROM x\nWORKDIR /app\nCOPY uv.lock ./\nRUN uv sync --frozen\nENV PATH=/app/.venv/bin:$PATH\n", uv_lock=lock
    ).values()
    assert pins(one) == ["a==1"]


def test_a_stage_goes_on_with_the_one_that_it_begins_with(read):
    (one,) = read(
        BASE.replace("gpu\n", "gpu AS Base\n") + "RUN pip install a==1\nFROM base\nRUN pip install b==2\n"
    ).values()
    assert (pins(one), one.base.cuda) == (["tensorflow==2.9.0", "a==1", "b==2"], "11.2.1")


def test_packages_that_are_copied_from_another_stage_count(read):
    (one,) = read(
        "FROM x AS build\nRUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\nRUN pip install a==1\n"
        + BASE
        + "COPY --from=build /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n"
    ).values()
    assert (pins(one), one.base.image) == (["a==1"], "own/tf:2.9.0-gpu")


def test_a_stage_that_nothing_takes_up_is_a_set_of_its_own(read):
    sets = read("FROM x AS test\nRUN pip install a==1\nFROM y\nRUN pip install b==2\n")
    assert {part: pins(one) for part, one in sets.items()} == {"": ["b==2"], "stage test": ["a==1"]}


def test_environments_are_sets_of_their_own(read):
    sets = read(
        BASE + "RUN pip install z==1\nRUN conda create -n one python=3.10 a=1\nRUN conda run -n one pip install b==2\n"
        'SHELL ["conda", "run", "-n", "one", "/bin/bash", "-c"]\nRUN pip install c==3\n'
    )
    assert {part: (pins(one), one.python) for part, one in sets.items()} == {
        "": (["python==3.10", "a==1", "b==2", "c==3"], "3.10"),
        "environment base": (["tensorflow==2.9.0", "z==1"], "3.9"),
    }


def test_where_packages_come_from_counts(read):
    (one,) = read(
        "FROM x\nENV PIP_EXTRA_INDEX_URL=https://example.com/simple\nRUN pip install a==1 -i https://example.org/simple\n"
    ).values()
    assert one.packages[0].sources == ("https://example.org/simple", "https://example.com/simple")


def test_markers_are_those_of_the_images_python(read):
    (one,) = read(BASE + "RUN pip install \"a==1; python_version<'3.10'\" \"b==1; python_version>='3.10'\"\n").values()
    assert pins(one) == ["tensorflow==2.9.0", "a==1"]


def test_cuda_of_the_distributions_packages_counts(read):
    (one,) = read(
        BASE + "RUN apt-get update && apt-get install -y libcudnn8=8.6.0.163-1+cuda11.8 libcublas-11-2\n"
    ).values()
    assert (one.base.cudnn, one.base.cuda, one.base.libraries) == ("8.6.0.163", "11.2.1", NOT_KNOWN)


@pytest.mark.parametrize(
    ("image", "words", "python", "unread"),
    [
        ("own/cuda:12-ubuntu22.04", "python3-pip", "3.10", ()),
        ("own/cuda:12-ubuntu22.04", "python3 python3.11-venv", "3.11", ()),
        ("own/cuda:12-ubuntu22.04", "curl", None, ()),
        (
            "own/cuda:12-rockylinux9",
            "python3",
            None,
            ("line 2: `apt-get install -y python3` installs a python whose version nobody read",),
        ),
        ("own/tf:2.9.0-gpu", "python3", "3.9", ()),
        ("somebody/else:1", "python3", None, ()),
    ],
)
def test_the_python_of_the_distribution_is_that_of_its_row(read, image, words, python, unread):
    (one,) = read(f"FROM {image}\nRUN apt-get install -y {words}\nRUN pip install a==1\n").values()
    assert (one.python, one.unread) == (python, unread)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ARG A=1\n", "Dockerfile: has no FROM; begin with FROM image"),
        ("ARG A=1\nRUN pip install a\nFROM x\n", "Dockerfile:2: RUN stands before any FROM; begin with FROM image"),
        ("FROM x\nRUN pip install a=1\n", "Dockerfile:2: expected a requirement such as name==1.2, found 'a=1'"),
    ],
)
def test_what_docker_or_pip_would_refuse_is_told_with_its_line(text, told, tmp_path):
    (tmp_path / "Dockerfile").write_text(text)
    with pytest.raises(BadInput) as caught:
        read_sets(tmp_path / "Dockerfile")
    assert str(caught.value).replace(f"{tmp_path}/", "") == told


LACKING = (
    "FROM x\nCOPY req.txt env.yml /app/\nRUN pip install -r /app/req.txt a==1 && conda env create -f /app/env.yml\n"
)


def test_a_file_that_the_context_lacks_is_named_and_the_rest_is_read(read, tmp_path):
    (one,) = read(LACKING).values()
    of = f"which is not in the build's context {tmp_path} (--context names another folder)"
    assert (pins(one), one.unread) == (
        ["a==1"],
        (
            f"line 3: `pip install -r /app/req.txt a==1` reads req.txt, {of}",
            f"line 3: `conda env create -f /app/env.yml` reads env.yml, {of}",
        ),
    )


def test_the_context_may_be_another_folder_than_the_dockerfiles(tmp_path):
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "Dockerfile").write_text(LACKING)
    (tmp_path / "req.txt").write_text("b==2\n")
    (one,) = read_sets(tmp_path / "docker" / "Dockerfile", context=tmp_path)
    assert (pins(one), one.unread) == (
        ["b==2", "a==1"],
        (f"line 3: `conda env create -f /app/env.yml` reads env.yml, which is not in the build's context {tmp_path}",),
    )


def test_nothing_but_a_dockerfile_is_built_in_a_context(tmp_path):
    (tmp_path / "r.txt").write_text("a==1\n")
    with pytest.raises(BadInput) as caught:
        read_sets(tmp_path / "r.txt", context=tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/r.txt: --context: requirements.txt or pip freeze output is built in no context"
    )


def test_nothing_outside_of_the_context_is_read(read):
    (one,) = read("FROM x\nCOPY ../secret.txt /app/\nRUN pip install -r /app/secret.txt\n").values()
    assert (one.packages, len(one.unread)) == ((), 1)


def test_a_name_that_no_file_can_have_is_no_folder(read):
    (one,) = read(f"{BASE}COPY {'9' * 5000} /app/\nRUN pip install six==1.17.0\n").values()
    assert pins(one) == ["tensorflow==2.9.0", "six==1.17.0"]


@pytest.mark.parametrize(
    "script",
    ["RUN pip install torch==$A60", "RUN " + "A60=$A60$A60; " * 60 + "pip install torch==$A60"],
    ids=["of the file", "of a script"],
)
def test_variables_that_double_one_another_are_not_known_in_the_end(read, script):
    doubled = "ARG A0=a\n" + "".join(f"ARG A{n + 1}=$A{n}$A{n}\n" for n in range(60))
    with computing(5):
        (one,) = read(f"{BASE}{doubled}{script}\n").values()
    problem = "line 63: `pip install torch==…` asks for torch==…, whose variable has no value here"
    assert (pins(one), one.unread) == (["tensorflow==2.9.0", "torch"], (problem,))


@pytest.mark.parametrize("line", ["RUN pip install $A", 'RUN sh -c "echo $A"', "COPY $A /app/"])
def test_however_often_a_long_variable_is_used_a_file_has_an_end(read, line):
    with computing(30):
        (one,) = read(f"{BASE}ENV A='{'a ' * 2000}'\n" + f"{line}\n" * 3000).values()
    over = "RUN is no shell script (with its variables there are more than 512 KiB of scripts)"
    assert any(over in sentence for sentence in one.unread) is line.startswith("RUN")
