"""An index that a project of a user's own asks, for tests of the command line: own-tool, and a helper that it needs."""

import gzip
import io
import tarfile

from fault_server import make_wheel

REQUEST = """\
name: mine
dependencies:
  - python=${python}
  - pip
  - pip:
      - torch==${torch}
      - own-tool>=1
profiles:
  gpu: {python: "3.12", torch: "2.9.1"}
"""


def add(server, name, versions, **keys):
    stem = name.replace("-", "_")
    files = {}
    for version, requires in versions.items():
        filename = f"{stem}-{version}-py3-none-any.whl"
        server.add_wheel(filename, make_wheel(stem, version, requires))
        files[filename] = {"upload-time": "2026-01-01T00:00:00Z", **keys}
    server.add_project(name, files)


def add_source(server, name, versions, **keys):
    """``versions``: version -> requirements as setuptools keeps what a build found (``requires.txt``)."""
    files = {}
    for version, requires in versions.items():
        filename, top = f"{name}-{version}.tar.gz", f"{name}-{version}"
        texts = {
            f"{top}/PKG-INFO": f"Metadata-Version: 1.1\nName: {name}\nVersion: {version}\n",
            f"{top}/{name}.egg-info/requires.txt": requires,
        }
        server.add_wheel(filename, make_tar(texts))
        files[filename] = {"upload-time": "2026-01-01T00:00:00Z", **keys}
    server.add_project(name, files)


def make_tar(texts):
    body = io.BytesIO()
    # Without the time of day, by which tests of one run would differ between two processes.
    with gzip.GzipFile(fileobj=body, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return body.getvalue()


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
