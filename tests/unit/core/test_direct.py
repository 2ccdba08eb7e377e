"""What comes from elsewhere than an index, by the line that asks pip for it."""

import pytest

from solver.core.direct import Direct, afterwards, direct

LINES = {
    "torch==2.9.1": None,
    'pandas[performance]>=2; python_version < "3.13"': None,
    "proj.whl": None,
    "--index-url https://example.org/simple": None,
    "-e .": Direct.EDITABLE,
    "--editable=./proj": Direct.EDITABLE,
    "-e git+https://example.org/proj.git@0123456#egg=proj": Direct.EDITABLE,
    "git+https://example.org/proj.git@0123456789abcdef": Direct.COMMIT,
    "proj[extra] @ git+ssh://git@example.org/proj.git@0123456#subdirectory=x": Direct.COMMIT,
    "git+https://user@example.org/proj.git": Direct.BRANCH,
    "proj @ hg+https://example.org/proj@stable": Direct.BRANCH,
    f"https://example.org/proj-1-py3-none-any.whl#sha256={'0' * 64}": Direct.HASHED,
    f"proj@https://example.org/proj.tar.gz#egg=proj&sha256={'0' * 64}": Direct.HASHED,
    "https://example.org/proj-1-py3-none-any.whl": Direct.ADDRESS,
    "proj @ https://example.org/proj.zip#sha256=beef": Direct.ADDRESS,
    "./proj": Direct.FOLDER,
    "..": Direct.FOLDER,
    "libs/proj": Direct.FOLDER,
    "C:\\proj": Direct.FOLDER,
    "proj @ file:///home/me/proj": Direct.FOLDER,
}


@pytest.mark.parametrize("line", LINES)
def test_each_line_is_of_its_kind(line):
    assert direct(line) is LINES[line]


def test_the_command_for_afterwards_is_one_that_pip_reads():
    assert afterwards("-e ./proj") == "pip install --no-deps -e ./proj"
    assert afterwards("proj @ git+https://example.org/p") == 'pip install --no-deps "proj @ git+https://example.org/p"'
