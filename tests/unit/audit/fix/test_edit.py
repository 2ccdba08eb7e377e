"""A requirements file mended line by line: what no change is about stays word for word."""

from __future__ import annotations

import pytest
from audit_stubs import pinned

from solver.audit.fix.changes import Fixed, PackageChange
from solver.audit.fix.edit import edited
from solver.audit.package_set import Package
from solver.core.errors import BadInput
from solver.core.model import pypi_name

OLD, NEW = "a" * 64, "b" * 64
TEXT = f"""\
# mine
--index-url https://packages.example.com/simple
-r base.txt
-e git+https://host.example/me/numpy.git@deadbeef#egg=numpy
./local_pkg
other @ git+https://host.example/me/other@abc
\tsix  ==  1.17.0
Numpy[fast]==2.2.0 ; python_version >= "3.8"  # keep me
torch==2.6.0 \\
    --hash=sha256:{OLD}
"""


def package(name, version, **keys):
    return Package(name=pypi_name(name), version=version, **keys)


def fixed_by(*changes):
    after = tuple(change.after for change in changes if change.after is not None)
    return Fixed(package_set=pinned(packages=after), changes=changes, left=())


def change(name, before, after, **keys):
    one = None if before is None else package(name, before)
    other = None if after is None else package(name, after, **keys)
    return PackageChange(name=pypi_name(name), before=one, after=other, why="it broke")


def test_only_the_lines_of_changed_packages_change():
    changes = (
        change("numpy", "2.2.0", "1.26.4", extras=("fast",), hashes=(NEW,)),
        change("torch", "2.6.0", "2.8.0", hashes=(NEW,)),
        change("loader", None, "1", hashes=(NEW,)),
    )
    assert edited(TEXT, fixed_by(*changes), "r.txt", local_wheels=True).splitlines() == [
        "--find-links ./wheels",
        *TEXT.splitlines()[:7],
        "# was 2.2.0: it broke",
        'numpy[fast]==1.26.4 ; python_version >= "3.8" \\',
        f"    --hash=sha256:{NEW}  # keep me",
        "# was 2.6.0: it broke",
        "torch==2.8.0 \\",
        f"    --hash=sha256:{NEW}",
        "# is new: it broke",
        "loader==1 \\",
        f"    --hash=sha256:{NEW}",
    ]


def test_what_is_taken_out_leaves_its_reason():
    text = "six==1.17.0\ntorch==2.6.0  # gone\n"
    assert edited(text, fixed_by(change("torch", "2.6.0", None)), "r.txt") == (
        "six==1.17.0\n# torch==2.6.0 was taken out: it broke\n"
    )


def test_a_package_of_an_included_file_is_not_written_a_second_time():
    with pytest.raises(BadInput) as caught:
        edited("-r base.txt\n", fixed_by(change("torch", "2.6.0", "2.8.0")), "r.txt")
    assert str(caught.value) == (
        "r.txt: --fix: torch==2.6.0 stands in a file that this one includes, or comes with another line; "
        "mend the file that names it, or write it here"
    )


def test_where_a_hash_is_not_known_all_of_them_go_and_that_is_said():
    text = f"six==1.17.0 \\\n    --hash=sha256:{OLD} \\\n    --hash=sha256:{NEW}\ntorch==2.6.0 --hash=sha256:{OLD}\n"
    assert edited(text, fixed_by(change("torch", "2.6.0", "2.8.0")), "r.txt").splitlines() == [
        "# is without hashes, of which pip wants all or none: nobody recorded those of torch==2.8.0",
        "six==1.17.0",
        "# was 2.6.0: it broke",
        "torch==2.8.0",
    ]
