"""Channels that are nothing but repodata: enough to solve against."""

import hashlib
import json
from pathlib import Path

from solver.index.conda_record import from_repodata


def entry(name, version, build="0", depends=(), **fields):
    """One record of repodata and its file name; the build number is what the build string ends with."""
    tail = build.rpartition("_")[2]
    filename = f"{name}-{version}-{build}.conda"
    record = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": int(tail) if tail.isdigit() else 0,
        "subdir": "linux-64",
        "depends": list(depends),
        "constrains": [],
        "sha256": hashlib.sha256(filename.encode()).hexdigest(),
        "md5": hashlib.md5(filename.encode()).hexdigest(),
        "size": len(filename),
        **fields,
    }
    return filename, record


def write_channel(folder, entries):
    """``entries`` (of ``entry``) as a channel in ``folder``, in the order given; returns the folder."""
    by_subdir = {"linux-64": {}, "noarch": {}}
    for filename, record in entries:
        by_subdir.setdefault(record["subdir"], {})[filename] = record
    for subdir, packages in by_subdir.items():
        path = Path(folder, subdir)
        path.mkdir(parents=True, exist_ok=True)
        (path / "repodata.json").write_text(
            json.dumps({"info": {"subdir": subdir}, "packages": {}, "packages.conda": packages})
        )
    return Path(folder)


def parse(lines):
    """Entries of ``{"pytorch 2.1 cuda120_0": [depends…]}``; a mapping as value holds further fields."""
    entries = []
    for text, value in lines.items():
        name, version, *build = text.split()
        fields = dict(value) if isinstance(value, dict) else {"depends": value or []}
        entries.append(entry(name, version, *build, **fields))
    return entries


def record(text):
    """``name version build`` as a record of the first channel."""
    filename, fields = entry(*text.split())
    return from_repodata(fields, ADDRESS, filename, inferred=False)


ADDRESS = "https://conda.anaconda.org/conda-forge"
ENTRIES = [
    entry("demo", "1.0", "h_3", depends=["lib >=2"], constrains=["other <3"], timestamp=1700000000000),
    entry("demo", "1.1", "7_llvm", depends=["lib >=3"], build_number=7),
    entry("lib", "2.0", "py_0", subdir="noarch", noarch="python", license="MIT"),
    entry("lib", "2.1", "py_1", subdir="noarch", noarch="python", track_features="a b"),
]


def records():
    """`ENTRIES` as records, one of which was inferred."""
    return [from_repodata(fields, ADDRESS, name, inferred=name.startswith("lib-2.0")) for name, fields in ENTRIES]
