"""Logical lines as pip joins them, and the pins of a lock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import DATA
from pip._internal.req.req_file import preprocess

from solver.core.errors import BadInput
from solver.core.lines import Line, has_own_wheels, logical_lines, read_pins


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a==1\n\n  b==2  # why\n#c==3\n", [Line("a==1", 1), Line("b==2", 3)]),
        ("a==1 \\\n    --hash=x \\\n    --hash=y\nb", [Line("a==1     --hash=x     --hash=y", 1), Line("b", 4)]),
        ("a==1 \\\n# one\nb==2", [Line("a==1", 1), Line("b==2", 3, "# one")]),
        ("a==1 # hides \\\nb==2\nc==3", [Line("a==1", 1), Line("c==3", 3)]),
        ("a==1 \\", [Line("a==1", 1)]),
        ("a@https://x.example/a.whl#sha256=1", [Line("a@https://x.example/a.whl#sha256=1", 1)]),
    ],
)
def test_lines_are_joined_as_pip_joins_them(text, lines):
    logical = list(logical_lines(text))
    assert [(line.text, line.number) for line in logical] == [(line.text, line.number) for line in lines]


def test_a_line_knows_the_comment_above_it():
    text = "# first\n# Editable install (a==1)\n-e ./a\nb==2\n"
    assert list(logical_lines(text)) == [Line("-e ./a", 3, "# Editable install (a==1)"), Line("b==2", 4)]


@given(st.text(alphabet="ab=# \\\n\t-", max_size=60))
def test_pip_reads_the_same_lines(text):
    assert [line.text for line in logical_lines(text)] == [line.strip() for _, line in preprocess(text)]


def test_reading_takes_time_in_proportion_to_the_text():
    text = ("a" + " " * 200_000 + "x \\\n") * 5 + "b \\\n" * 100_000
    (line,) = logical_lines(text)
    assert line.text.count("b") == 100_000


def requirements(tmp_path, *lines):
    path = tmp_path / "lock" / "requirements.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_requirements_are_read_with_all_their_hashes(tmp_path):
    path = requirements(
        tmp_path,
        "# a comment",
        "--find-links ./wheels",
        "Num_Py[extra]==2.1.0 \\",
        f"    --hash=sha256:{'a' * 64} \\",
        f"    --hash=sha256:{'b' * 64}",
        f"torch @ https://w.example/torch-2.11.0%2Bcu128-cp312-cp312-linux_x86_64.whl --hash=sha256:{'c' * 64}",
    )
    pins = read_pins(path)
    assert [(each.name, each.text, sorted(h[0] for h in each.hashes)) for each in pins] == [
        ("num-py", "Num_Py[extra]==2.1.0", ["a", "b"]),
        ("torch", "torch @ https://w.example/torch-2.11.0%2Bcu128-cp312-cp312-linux_x86_64.whl", ["c"]),
    ]


def test_an_option_that_no_lock_has_is_refused():
    """What a listing's "hash" with line ends once wrote into a lock."""
    with pytest.raises(BadInput) as caught:
        read_pins(DATA / "broken" / "smuggled-requirements.txt")
    assert caught.value.problem == "--index-url is no option that a lock may have"


OPTIONS = [
    "--no-binary :all:",
    "--no-binary a,b",
    "--find-links /x",
    "-f ./wheels",
    "--pre",
    "-r other.txt",
    "--find-links ./wheels -i x",
]


@pytest.mark.parametrize("option", OPTIONS)
def test_of_options_only_that_of_own_wheels_is_taken(tmp_path, option):
    path = requirements(tmp_path, option, f"numpy==2.1.0 --hash=sha256:{'a' * 64}")
    with pytest.raises(BadInput) as caught:
        read_pins(path)
    assert caught.value.problem == f"{option.split()[0]} is no option that a lock may have"


def test_an_address_is_one_of_the_package(tmp_path):
    url = "https://w.example/torch-2.11.0-cp312-cp312-linux_x86_64.whl"
    path = requirements(tmp_path, f"numpy @ {url} --hash=sha256:{'a' * 64}")
    with pytest.raises(BadInput, match=r"torch-2\.11\.0-\S+ is a wheel of torch, not of numpy; lock the profile again"):
        read_pins(path)


@pytest.mark.parametrize("digest", ["a" * 65, "A" * 64, "a" * 64 + "x", "a" * 63])
def test_a_hash_is_whole(tmp_path, digest):
    path = requirements(tmp_path, f"numpy==2.1.0 --hash=sha256:{digest}")
    with pytest.raises(BadInput, match="has no sha256"):
        read_pins(path)


def test_a_requirement_without_a_hash_is_refused(tmp_path):
    path = requirements(tmp_path, "numpy==2.1.0")
    with pytest.raises(
        BadInput, match=r"requirements.txt:1: 'numpy==2.1.0' is no locked package: it has no sha256; lock the profile"
    ):
        read_pins(path)


def test_the_folder_of_own_wheels_is_an_option_and_no_pin(tmp_path):
    line = f"numpy==2.1.0 --hash=sha256:{'a' * 64}"
    assert has_own_wheels(requirements(tmp_path, "--find-links ./wheels", line))
    assert not has_own_wheels(requirements(tmp_path, line))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("a==1", "it has no sha256"),
        (f"a>=1 --hash=sha256:{'1' * 64}", "it names no single version"),
        (f"!! --hash=sha256:{'1' * 64}", "is no locked package"),
    ],
)
def test_a_line_that_locks_nothing_is_refused(tmp_path, line, problem):
    path = tmp_path / "requirements.txt"
    path.write_text(f"b==1 --hash=sha256:{'1' * 64}\n{line}\n")
    with pytest.raises(BadInput, match=problem) as caught:
        read_pins(path)
    assert caught.value.line == 2


def test_lines_that_an_index_once_smuggled_in_are_refused():
    path = DATA / "broken" / "smuggled-requirements.txt"
    with pytest.raises(BadInput) as caught:
        read_pins(path)
    assert str(caught.value) == f"{path}:6: --index-url is no option that a lock may have; lock the profile again"


def test_a_lock_may_build_what_it_pins_and_nothing_else(tmp_path):
    line = f"a==1 --hash=sha256:{'1' * 64}"
    assert [pin.name for pin in read_pins(requirements(tmp_path, "--no-binary a", line))] == ["a"]
    with pytest.raises(BadInput) as refused:
        read_pins(requirements(tmp_path, line, "--no-binary b"))
    assert str(refused.value).endswith(":2: builds what is not locked; lock the profile again")
