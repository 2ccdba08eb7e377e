"""What of a prefix is nobody's; packages of older times have no RECORD."""

from __future__ import annotations

import pytest

from solver.audit.inputs import read_set
from solver.audit.unowned_files import unowned_files

SITE = "lib/python3.9/site-packages"
METADATA = "Metadata-Version: 1.1\nName: Old_Tool\nVersion: 1.5\n"
PACKAGES = {
    "old_tool-1.5-py3.9.egg-info/installed-files.txt": {
        "old_tool-1.5-py3.9.egg-info/installed-files.txt": "../old_tool.py\n../../../../bin/old-tool\nPKG-INFO\n",
        "old_tool-1.5-py3.9.egg-info/PKG-INFO": METADATA,
        "old_tool.py": "",
        "../../../bin/old-tool": "",
    },
    "old_tool-1.5-py3.9.egg-info/top_level.txt": {
        "old_tool-1.5-py3.9.egg-info/top_level.txt": "old_tool\n_old\n",
        "old_tool-1.5-py3.9.egg-info/PKG-INFO": METADATA,
        "old_tool/deep/part.py": "",
        "_old.cpython-39-x86_64-linux-gnu.so": "",
    },
    "old_tool-1.5-py3.9.egg-info": {"old_tool-1.5-py3.9.egg-info": METADATA},
    "old_tool-1.5-py3.9.egg": {
        "easy-install.pth": "./old_tool-1.5-py3.9.egg\n",
        "old_tool-1.5-py3.9.egg/EGG-INFO/PKG-INFO": METADATA,
        "old_tool-1.5-py3.9.egg/old_tool/__init__.py": "",
    },
    "old-tool.egg-link": {
        "easy-install.pth": "{sources}\n",
        "old-tool.egg-link": "{sources}\n.",
    },
}


@pytest.mark.parametrize("kind", PACKAGES)
def test_what_a_package_of_older_times_brought_is_its_own_and_it_is_told(kind, tmp_path):
    sources, prefix = tmp_path / "sources", tmp_path / "env ö"
    (sources / "old_tool.egg-info").mkdir(parents=True)
    (sources / "old_tool.egg-info" / "PKG-INFO").write_text(METADATA)
    for name, text in {**PACKAGES[kind], "mine.py": "", "mine.pth": "", "old_tool_notes.txt": ""}.items():
        path = prefix / SITE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(sources=sources))
    assert unowned_files(prefix) == tuple(f"{SITE}/{name}" for name in ("mine.pth", "mine.py", "old_tool_notes.txt"))
    assert [package.pin for package in read_set(prefix).packages] == ["old-tool==1.5"]


def test_where_the_notes_of_a_package_cannot_be_read_its_files_are_told(tmp_path):
    site = tmp_path / SITE
    (site / "old.egg-info").mkdir(parents=True)
    (site / "old.egg-info" / "installed-files.txt").write_bytes(b"\xff")
    (site / "gone.egg-link").write_text("")
    (site / "old.py").touch()
    assert unowned_files(tmp_path) == (f"{SITE}/old.py",)
    assert read_set(tmp_path).packages == ()
