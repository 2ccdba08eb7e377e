"""Other formats of a lock that lies there, and of one that does not."""

from __future__ import annotations

import pytest
from lock_differences import diff_locks
from small_project import project_with, write

from solver.commands.export import export, write_export
from solver.core.acceptance import accepted_in
from solver.core.errors import BadInput


def test_a_lock_that_was_never_made_is_not_told_of(project):
    file = project.locks / "full" / "solution.yaml"
    sentence = f"{file}: this profile has no lock; make it with `interlock lock full`"
    for tell in (lambda: diff_locks(project, "full", "part"), lambda: export(project, "full", "explicit")):
        with pytest.raises(BadInput) as caught:
            tell()
        assert str(caught.value) == sentence


def test_a_lock_without_conda_packages_has_no_format_that_holds_them(project):
    write(project, "full")
    with pytest.raises(BadInput) as caught:
        export(project, "full", "explicit")
    assert str(caught.value).startswith("full: has no conda half: ")


def test_an_export_accepts_what_the_lock_does(tmp_path):
    profiles = {"full": {"python": "3.12", "accept": {"numpy-1": "it makes no array"}}}
    project = write(project_with(tmp_path, profiles=profiles), "full")
    (text,) = export(project, "full", "constraints.txt").values()
    locked = (project.locks / "full" / "requirements.txt").read_text()
    assert accepted_in(text) == accepted_in(locked) == {"test/numpy+tensorflow": "it makes no array"}


def test_files_are_written_into_the_projects_exports_or_where_it_is_said(project, tmp_path):
    write(project, "full")
    for folder, given in ((project.root / "exports" / "full", None), (tmp_path / "here", tmp_path / "here")):
        assert write_export(project, "full", "constraints.txt", given) == (folder / "constraints.txt",)
        (text,) = export(project, "full", "constraints.txt").values()
        assert (folder / "constraints.txt").read_text(encoding="utf-8") == text
