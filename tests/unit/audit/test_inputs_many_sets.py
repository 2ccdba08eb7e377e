"""A lock of absurdly many sets is refused in a sentence, unless somebody chooses one."""

import pytest

from solver.audit.inputs import read_sets
from solver.audit.readers import parts
from solver.audit.readers.parts import Choice
from solver.core.errors import BadInput

SETS, PACKAGES = 4, 3
UV = """\
version = 1
requires-python = ">=3.12"
[[package]]
name = "root"
source = { virtual = "." }
[package.optional-dependencies]
""" + "".join(f'e{n} = [{{ name = "p0" }}]\n' for n in range(SETS - 1))
POETRY = '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.12"\ncontent-hash = "x"\n[extras]\n' + "".join(
    f'e{n} = ["p0"]\n' for n in range(SETS - 1)
)
PDM = f"""\
[metadata]
groups = ["default", {", ".join(f'"g{n}"' for n in range(SETS - 1))}]
lock_version = "4.5.0"
content_hash = "x"
[[metadata.targets]]
requires_python = ">=3.12"
"""
PYLOCK = 'lock-version = "1.0"\ncreated-by = "x"\nextras = ["e0", "e1", "e2"]\n'
SDIST = '[packages.sdist]\nurl = "https://h.invalid/p{n}-1.tar.gz"\nhashes = {{sha256 = "{digest}"}}\n'
LOCKS = {
    "uv.lock": UV
    + "".join(
        f'[[package]]\nname = "p{n}"\nversion = "1"\nsource = {{ registry = "https://h.invalid/simple" }}\n'
        for n in range(PACKAGES - 1)
    ),
    "poetry.lock": "".join(
        f'[[package]]\nname = "p{n}"\nversion = "1"\noptional = false\npython-versions = "*"\nfiles = []\n'
        for n in range(PACKAGES)
    )
    + POETRY,
    "pylock.toml": PYLOCK
    + "".join(
        f'[[packages]]\nname = "p{n}"\nversion = "1"\n{SDIST.format(n=n, digest="a" * 64)}' for n in range(PACKAGES)
    ),
    "pdm.lock": PDM
    + "".join(
        f'[[package]]\nname = "p{n}"\nversion = "1"\ngroups = ["default"]\nfiles = []\n' for n in range(PACKAGES)
    ),
}


@pytest.mark.parametrize("name", LOCKS)
def test_every_set_is_looked_at_up_to_a_bound(tmp_path, monkeypatch, name):
    (tmp_path / name).write_text(LOCKS[name])
    monkeypatch.setattr(parts, "MOST_LOOKS", SETS * PACKAGES)
    assert len(read_sets(tmp_path / name)) == SETS
    monkeypatch.setattr(parts, "MOST_LOOKS", SETS * PACKAGES - 1)
    with pytest.raises(BadInput) as caught:
        read_sets(tmp_path / name)
    assert str(caught.value) == (
        f"{tmp_path / name}: has 4 sets of up to 3 packages, which are too many to look at each of them; "
        "choose one with --extra or --group"
    )
    chosen = Choice(groups=("g0",)) if name == "pdm.lock" else Choice(extras=("e0",))
    assert len(read_sets(tmp_path / name, choice=chosen)) == 1
