"""audit --fix: which file is written, and which wheels lie beside it."""

from __future__ import annotations

import pytest
from audit_stubs import pinned
from paths import ROOT

from solver.audit.fix.changes import Fixed, PackageChange
from solver.commands.audit import Given
from solver.commands.fix import OTHER_FILE, fix_file
from solver.core.errors import BadInput
from solver.core.model import pypi_name

SOUND = "six==1.17.0\n"
# Where TensorFlow 2.21 does not look lies cusolver alone, or cusparse too.
TWO_LOADERS = (
    {"tensorflow": "2.21.0", "nvidia-cusolver-cu12": "11.7.3.90"},
    {"tensorflow": "2.21.0", "nvidia-cusolver-cu12": "11.7.3.90", "nvidia-cusparse-cu12": "12.5.8.93"},
)


def test_a_set_that_passes_is_left_as_it_is(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text(SOUND)
    repair = fix_file(ROOT, Given(file), {})
    assert repair.file is None
    assert (repair.fixed.changes, repair.fixed.left) == ((), ())
    assert file.read_text() == SOUND
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("name", "text", "written"),
    [
        ("requirements.txt", "protobuf==5.28.0\ntensorflow==2.20.0\n", "requirements.txt"),
        (
            "environment.yml",
            "dependencies:\n- pip:\n  - protobuf==5.28.0\n  - tensorflow==2.20.0\n",
            OTHER_FILE,
        ),
    ],
)
def test_a_requirements_file_is_written_over_and_any_other_stays(name, text, written, tmp_path):
    file = tmp_path / name
    file.write_text(text)
    repair = fix_file(ROOT, Given(file), {"python": "3.12", "driver": "none"}, in_place=True)
    assert repair.file == tmp_path / written
    (protobuf,) = [change for change in repair.fixed.changes if change.name == "protobuf"]
    assert protobuf.before.version == "5.28.0"
    lines = repair.file.read_text().splitlines()
    if name != written:
        assert lines[0] == f"# written by `interlock audit --fix {name}`"
    assert any(line.startswith(protobuf.after.pin) for line in lines)
    assert (file.read_text() == text) == (name != written)
    assert not (tmp_path / "wheels").exists()


BROKEN = "protobuf==5.28.0\ntensorflow==2.20.0\n"
PROTOBUF = "protobuf-runtime/protobuf+tensorflow"
WHY_NOT = "we load no message of it"


@pytest.mark.parametrize(
    ("text", "accept"),
    [(BROKEN, {PROTOBUF: WHY_NOT}), (f"# interlock accepts {PROTOBUF}: {WHY_NOT}\n{BROKEN}", {})],
    ids=["by the command", "by the file"],
)
def test_what_somebody_accepts_is_not_mended(text, accept, tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text(text)
    repair = fix_file(ROOT, Given(file), {"python": "3.12", "driver": "none"}, accept=accept)
    assert repair.file is None
    assert [(one.code, one.accepted) for one in repair.fixed.left if one.severity == "error"] == [
        ("protobuf-runtime", WHY_NOT)
    ]


def test_cpu_builds_stay_cpu_builds_although_nobody_named_a_target(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("protobuf==5.28.0\ntensorflow-cpu==2.20.0\n")
    given = [
        change for change in fix_file(ROOT, Given(file), {"python": "3.12"}).fixed.changes if change.before is not None
    ]
    assert [change.name for change in given] == ["protobuf"]
    fixed = (tmp_path / OTHER_FILE).read_text()
    assert any(line.startswith("tensorflow-cpu==2.20.0") for line in fixed.splitlines())


def test_only_the_loader_wheel_of_the_mended_set_is_written(tmp_path, monkeypatch):
    def choosing_the_first(package_set, matrices, index, target, search, loader_for, accepted):
        first, second = (loader_for({pypi_name(name): version for name, version in one.items()}) for one in TWO_LOADERS)
        assert first.version != second.version
        change = PackageChange(name=first.name, before=None, after=first, why="w")
        return Fixed(package_set=pinned(packages=(first,)), changes=(change,), left=())

    monkeypatch.setattr("solver.commands.fix.fix", choosing_the_first)
    file = tmp_path / "requirements.txt"
    file.write_text("tensorflow==2.21.0\n")
    repair = fix_file(ROOT, Given(file), {"platform": "linux-64"})
    (wheel,) = (tmp_path / "wheels").iterdir()
    (package,) = repair.fixed.package_set.packages
    assert wheel.name == f"interlock_loader-{package.version}-py3-none-any.whl"
    assert "--find-links ./wheels" in (tmp_path / OTHER_FILE).read_text().splitlines()


def test_what_cannot_be_read_is_not_written_over(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("torch==\n")
    with pytest.raises(BadInput, match=r"expected a requirement such as name==1\.2, found 'torch=='"):
        fix_file(ROOT, Given(file), {})
    assert file.read_text() == "torch==\n"


def test_of_an_open_list_what_it_would_install_is_mended(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text((ROOT / "tests/data/cases/kohya-cudnn-8-and-9/requirements.txt").read_text())
    repair = fix_file(ROOT, Given(file), {})
    changed = {
        one.name: (one.before.version, one.after and one.after.version) for one in repair.fixed.changes if one.before
    }
    # xformers 0.0.30 and newer ask for a torch that no TensorFlow 2.15 goes with.
    assert changed == {
        "tensorboard": ("2.15.2", "2.19.0"),
        "tensorflow": ("2.15.0.post1", "2.19.1"),
        "torch": ("2.7.0+cu128", "2.7.1"),
        "torchvision": ("0.22.0+cu128", "0.22.1"),
        "xformers": ("0.0.30", "0.0.31.post1"),
    }
    lines = (tmp_path / OTHER_FILE).read_text().splitlines()
    assert {"--extra-index-url https://download.pytorch.org/whl/cu128", "onnxruntime-gpu==1.19.2"} <= set(lines)
    assert "numpy>=1.26,<2" in lines


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("tensorflow==2.18.0\ntorch==2.7.0\nprotobuf==3.19.6\n", {"protobuf": ("3.19.6", "3.20.3")}),
        (
            "tensorflow==2.18.0\ntorch==2.6.0\nnvidia-cudnn-cu12==9.1.0.70\n",
            {"torch": ("2.6.0", "2.7.0"), "nvidia-cudnn-cu12": ("9.1.0.70", "9.5.1.17")},
        ),
        # Bounds that leave no sound version are what is mended, of one line alone.
        ("torch>=2.6,<2.7\ntensorflow>=2.18,<2.19\n", {"torch": ("2.6.0", "2.7.0")}),
    ],
)
def test_what_has_to_move_moves_as_little_as_it_can(text, moved, tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text(text)
    changes = fix_file(ROOT, Given(file), {"python": "3.12"}).fixed.changes
    both = {change.name: (change.before.version, change.after.version) for change in changes if change.before}
    assert both == moved


RIVALS = "# gui\nopencv-contrib-python==4.10.0.84\nopencv-python==4.10.0.84\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [(RIVALS, "opencv-python"), ("tensorflow-cpu==2.20.0\ntensorflow==2.20.0\ntorch==2.9.1\n", "tensorflow-cpu")],
)
def test_of_two_that_write_the_same_files_one_is_taken_out(text, name, tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text(text)
    repair = fix_file(ROOT, Given(file), {"python": "3.12"})
    assert [change.name for change in repair.fixed.changes if change.after is None] == [name]
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name}==")]
    mended = (tmp_path / OTHER_FILE).read_text().splitlines()
    (place,) = [at for at, one in enumerate(mended) if one.startswith(f"# {line} was taken out: clobber: ")]
    kept = text.splitlines()
    assert [*mended[:place], line, *mended[place + 1 :]][: len(kept)] == kept
