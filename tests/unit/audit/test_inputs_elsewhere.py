"""What a file includes from another folder is read, and told by its place alone where it cannot be."""

import pytest

from solver.audit.inputs import read_set
from solver.core.errors import BadInput

SECRET = "token: s3cret value\n"
INCLUDING = {
    "requirements.txt": "-r {secret}\n",
    "constraints.txt": "numpy==2.0\n-c {secret}\n",
    "environment.yml": "dependencies:\n  - pip:\n    - -r {secret}\n",
    "compose.yaml": "services:\n  a:\n    build: {{context: .., dockerfile: secret}}\n",
    "link.txt": "-r link\n",
}


def error(path):
    with pytest.raises(BadInput) as caught:
        read_set(path)
    return str(caught.value)


@pytest.mark.parametrize("name", INCLUDING)
def test_nothing_of_a_file_of_another_folder_is_quoted(tmp_path, name):
    secret, project = tmp_path / "secret", tmp_path / "project"
    secret.write_text(SECRET)
    project.mkdir()
    (project / "link").symlink_to(secret)
    (project / name).write_text(INCLUDING[name].format(secret=secret))
    told = {"compose.yaml": project / ".." / "secret", "link.txt": secret}.get(name, secret)
    assert error(project / name) == (
        f"{told}:1: cannot be read as what it is included for; what it holds is not shown, as it lies in another "
        "folder; look at it there, or include another file"
    )


def test_a_file_of_the_same_folder_is_quoted(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "other.txt").write_text("two words\n")
    (tmp_path / "requirements.txt").write_text("-r deep/other.txt\n")
    assert error(tmp_path / "requirements.txt") == (
        f"{tmp_path / 'deep' / 'other.txt'}:1: expected a requirement such as name==1.2, found 'two words'"
    )


def test_a_file_of_another_folder_that_is_well_is_read(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "common.txt").write_text("numpy==2.0\n")
    (tmp_path / "project" / "requirements.txt").write_text("-r ../common.txt\n")
    assert [package.pin for package in read_set(tmp_path / "project" / "requirements.txt").packages] == ["numpy==2.0"]
