"""Where tests lie: a reader who knows a module finds its tests by its name."""

from paths import ROOT, TESTS

UNIT = TESTS / "unit"
ACROSS = {"scenarios", "every_format"}
"""Files of claims about a whole room, or about several of its modules alike."""


def modules(room):
    return {path.stem.strip("_") for path in (ROOT / "solver" / room).glob("*.py")}


def test_a_file_of_tests_is_named_after_a_module_of_its_room_and_perhaps_a_topic():
    strays = []
    for path in sorted(UNIT.rglob("test_*.py")):
        room, name = path.parent.relative_to(UNIT), path.stem.removeprefix("test_")
        if name not in ACROSS and not any(f"{name}_".startswith(f"{module}_") for module in modules(room)):
            strays.append(path.relative_to(TESTS).as_posix())
    assert strays == []


def test_what_several_files_of_tests_share_lies_in_support():
    shared = [path for path in UNIT.rglob("*.py") if not path.name.startswith("test_") and path.name != "conftest.py"]
    assert shared == []
