"""Write a pure-python wheel of our own, byte for byte the same from the same files."""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import zipfile
from collections.abc import Mapping

# The oldest time that a zip file can hold.
_TIME = (1980, 1, 1, 0, 0, 0)
_WHEEL = {"Wheel-Version": "1.0", "Generator": "interlock", "Root-Is-Purelib": "true", "Tag": "py3-none-any"}


def build_wheel(
    name: str, version: str, summary: str, files: Mapping[str, str], requires_python: str
) -> tuple[str, bytes]:
    """The file name and the bytes of a py3-none-any wheel of ``files`` (path below site-packages -> text).

    ``name`` and ``version`` must be in their normal forms. Raises ``ValueError`` for what a header
    or the RECORD cannot hold.
    """
    metadata = {
        "Metadata-Version": "2.1",
        "Name": name,
        "Version": version,
        "Summary": summary,
        "License": "Apache-2.0",
        "Requires-Python": requires_python,
    }
    contents = {path: text.encode() for path, text in sorted(files.items())}
    return pack_wheel(f"{name.replace('-', '_')}-{version}", contents, {"METADATA": _headers(metadata)})


def pack_wheel(stem: str, files: Mapping[str, bytes], info: Mapping[str, bytes]) -> tuple[str, bytes]:
    """The file name and the bytes of the py3-none-any wheel called ``stem`` (``<name>-<version>``).

    ``files`` (path below site-packages -> content) and then ``info``, the files of its .dist-info but
    WHEEL and RECORD, lie in it in their own order. Nothing is compressed, since what zlib writes
    depends on its version. Raises ``ValueError`` for a path that the RECORD cannot hold.
    """
    folder = f"{stem}.dist-info"
    contents = dict(files)
    contents |= {f"{folder}/{name}": content for name, content in {**info, "WHEEL": _headers(_WHEEL)}.items()}
    contents[f"{folder}/RECORD"] = _record(contents, f"{folder}/RECORD")
    return f"{stem}-py3-none-any.whl", _zip(contents)


def _headers(fields: Mapping[str, str]) -> bytes:
    for key, value in fields.items():
        if not value.isprintable():
            raise ValueError(f"a header cannot hold {value!a} as {key}: it would end the line")
    return "".join(f"{key}: {value}\n" for key, value in fields.items()).encode()


def _record(contents: Mapping[str, bytes], own_path: str) -> bytes:
    """PEP 376: path, urlsafe sha256 without padding and size of each file; nothing for RECORD itself."""
    lines = []
    for path, data in contents.items():
        if not path.isprintable() or {",", '"'} & set(path):
            raise ValueError(f"a RECORD cannot hold the path {path!a} without quotes")
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(data)}\n")
    return "".join([*lines, f"{own_path},,\n"]).encode()


def _zip(contents: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, data in contents.items():
            entry = zipfile.ZipInfo(path, _TIME)
            entry.create_system = 3  # Unix, on whichever system this runs
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, data)
    return buffer.getvalue()
