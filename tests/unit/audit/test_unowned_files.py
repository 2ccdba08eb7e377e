"""Files of a prefix that no package brought."""

import json

from solver.audit.unowned_files import unowned_files


def prefix_in(folder):
    """An environment with a package of conda's and one of pip's, in a folder that is reached by a link."""
    (folder / "real").mkdir()
    (folder / "link").symlink_to(folder / "real")
    prefix = folder / "link" / "env"
    site = prefix / "lib" / "python3.12" / "site-packages"
    for path in (site / "tiny" / "__init__.py", prefix / "bin" / "tiny", prefix / "bin" / "activate"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (site / "tiny-1.0.dist-info").mkdir()
    (site / "tiny-1.0.dist-info" / "RECORD").write_text("tiny/__init__.py,,\n../../../bin/tiny,,\n")
    (prefix / "share").mkdir()
    (prefix / "share" / "demo.txt").touch()
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta" / "demo-1-0.json").write_text(json.dumps({"name": "demo", "files": ["share/demo.txt"]}))
    return prefix, site


def test_what_conda_and_pip_brought_and_what_python_made_is_nobody_s_to_miss(tmp_path):
    prefix, site = prefix_in(tmp_path)
    (site / "tiny" / "__pycache__").mkdir()
    (site / "tiny" / "__pycache__" / "x.cpython-312.pyc").touch()
    assert unowned_files(prefix) == ()


def test_everything_else_is_told_links_to_folders_too(tmp_path):
    prefix, site = prefix_in(tmp_path)
    (site / "mine.py").touch()
    (prefix / "bin" / "activate-mine").touch()
    (prefix / "data").symlink_to(tmp_path)
    assert unowned_files(prefix) == ("bin/activate-mine", "data", "lib/python3.12/site-packages/mine.py")


def test_the_files_of_a_package_whose_record_is_none_are_told(tmp_path):
    prefix, site = prefix_in(tmp_path)
    (site / "tiny-1.0.dist-info" / "RECORD").write_bytes(b"\xff")
    (prefix / "conda-meta" / "demo-1-0.json").write_text("no record")
    assert unowned_files(prefix) == ("bin/tiny", "lib/python3.12/site-packages/tiny/__init__.py", "share/demo.txt")
