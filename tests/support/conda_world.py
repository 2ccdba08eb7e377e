"""A conda channel of small real packages on disk, a python among them that is a real interpreter."""

import asyncio
import hashlib
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
FULL = ".".join(str(part) for part in sys.version_info[:3])
SITE = f"lib/python{VERSION}/site-packages"


def build_package(
    folder,
    name,
    version,
    build="0",
    *,
    subdir="linux-64",
    depends=(),
    constrains=(),
    noarch=None,
    files=None,
    links=None,
    old=False,
):
    """Write one .conda (or .tar.bz2) archive below ``folder``/``subdir`` and return its path."""
    index = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "subdir": subdir,
        "depends": list(depends),
        "constrains": list(constrains),
    }
    if noarch:
        index["noarch"] = noarch
    files, links = files or {}, links or {}
    paths = [
        {
            "_path": place,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(body).hexdigest(),
            "size_in_bytes": len(body),
        }
        for place, (body, _) in files.items()
    ]
    paths += [
        {"_path": place, "path_type": "softlink", "sha256": hashlib.sha256(b"").hexdigest(), "size_in_bytes": 0}
        for place in links
    ]
    info = {
        "info/index.json": json.dumps(index),
        "info/about.json": "{}",
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
        "info/files": "\n".join([*files, *links]),
    }
    if noarch == "python":
        info["info/link.json"] = json.dumps({"noarch": {"type": "python"}, "package_metadata_version": 1})
    target = Path(folder, subdir)
    target.mkdir(parents=True, exist_ok=True)
    stem = f"{name}-{version}-{build}"
    if old:
        with tarfile.open(target / f"{stem}.tar.bz2", "w:bz2") as archive:
            _fill(archive, info, files, links)
        return target / f"{stem}.tar.bz2"
    from conda_package_streaming.create import conda_builder

    with conda_builder(stem, target, compression_level=1) as archive:
        _fill(archive, info, files, links)
    return target / f"{stem}.conda"


def _fill(archive, info, files, links):
    def add(place, body, mode=0o644):
        entry = tarfile.TarInfo(place)
        entry.size, entry.mode = len(body), mode
        archive.addfile(entry, io.BytesIO(body))

    for place, text in info.items():
        add(place, text.encode())
    for place, (body, mode) in files.items():
        add(place, body, mode)
    for place, target in links.items():
        entry = tarfile.TarInfo(place)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        archive.addfile(entry)


def build_channel(folder):
    """python, pip, and packages that depend on each other; indexed by py-rattler."""
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve().parent
    home = f"home = {base}\ninclude-system-site-packages = false\nversion = {FULL}\n".encode()
    build_package(
        folder,
        "python",
        FULL,
        "0_cpython",
        depends=["libdemo >=1"],
        files={"pyvenv.cfg": (home, 0o644)},
        links={f"bin/python{VERSION}": str(base / f"python{VERSION}"), "bin/python": f"python{VERSION}"},
    )
    build_package(
        folder,
        "pip",
        "24.0",
        "pyh_0",
        subdir="noarch",
        noarch="python",
        depends=["python", "setuptools"],
        files=_pip_files(),
    )
    for version in ("80.0", "81.0"):
        build_package(
            folder,
            "setuptools",
            version,
            "pyh_0",
            subdir="noarch",
            noarch="python",
            depends=["python"],
            files=_distribution("setuptools", version, "site-packages"),
        )
    build_package(folder, "libdemo", "1.0", "h0_0", files={"lib/libdemo.txt": (b"old", 0o644)}, old=True)
    build_package(folder, "libdemo", "1.1", "h1_0", files={"lib/libdemo.txt": (b"new", 0o644)})
    build_package(
        folder,
        "demo",
        "2.0",
        f"py{VERSION.replace('.', '')}_0",
        depends=[f"python {VERSION}.*", "libdemo >=1"],
        constrains=["libdemo <2"],
        files={f"{SITE}/demo.py": (b"ANSWER = 42\n", 0o644), "bin/demo": (b"#!/bin/sh\necho demo\n", 0o755)},
    )
    (Path(folder) / "noarch").mkdir(exist_ok=True)
    index_channel(folder)
    return folder


def index_channel(folder):
    from rattler.index import index_fs

    asyncio.run(index_fs(folder, write_zst=False, write_shards=False))


def _pip_files():
    """pip as python itself carries it."""
    import ensurepip

    wheel = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        return {
            f"site-packages/{name}": (archive.read(name), 0o644)
            for name in archive.namelist()
            if not name.endswith("/") and ".dist-info/RECORD" not in name
        }


def _distribution(name, version, site):
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    return {
        f"{site}/{name}/__init__.py": (f"__version__ = '{version}'\n".encode(), 0o644),
        f"{site}/{name}-{version}.dist-info/METADATA": (metadata, 0o644),
        f"{site}/{name}-{version}.dist-info/INSTALLER": (b"conda\n", 0o644),
    }


def build_wheel(folder, name="tiny", version="1.0", body="VALUE = 7\n", requires=()):
    """Write a wheel of one module and return its path and sha256."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {each}\n" for each in requires)
    files = {
        f"{name}.py": body,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{place},,\n" for place in (*files, f"{info}/RECORD"))
    path = Path(folder, f"{name}-{version}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(place, (2020, 1, 1, 0, 0, 0)), text)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()
