"""Prove the locks of this bundle on a GPU machine without a network: ``verify.py`` of every bundle.

    python3 verify.py --parts DIR --out OUT [--profiles NAME …]     join the parts in DIR, then prove
    python3 verify.py --bundle DIR --out OUT [--profiles NAME …]    a bundle that was never cut

Standard library only, for the bare python of the target (3.9 or newer; interlock itself needs 3.11,
which may come from the path or from the bundle). DIR holds the folders c000, c001 …, in any order and
from any number of media. Exit status: that of ``interlock verify``; 2 where something is missing or
damaged, with its name.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

BLOCK = 1 << 22
PART = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.][A-Za-z0-9._+!~\-]*"
"""One folder or file of a path in a bundle."""
MOST_PARTS = 100_000
LARGEST = 1 << 24
"""Bytes of a file of JSON."""
OLDEST = (3, 11)
START = time.monotonic()
START_INTERLOCK = """
import ctypes, sys
libc = ctypes.CDLL(None)
if hasattr(libc, "prctl"):
    libc.prctl(1, 15)  # PR_SET_PDEATHSIG, SIGTERM: what ends verify.py ends this, too
from solver.cli.program import main
sys.exit(main())
"""


class Refused(Exception):
    """Why the bundle cannot be used."""


def say(text: str) -> None:
    """Tell people how far it is."""
    print(f"verify.py {time.monotonic() - START:6.1f} s: {text}", flush=True)


def sha256(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def safe(root: Path, name: object) -> Path:
    """The path of ``name`` below ``root``; refuses one that leads out of it, or is none."""
    if not isinstance(name, str) or not re.fullmatch(f"{PART}(?:/{PART})*", name):
        raise Refused(f"{name!a} is no path within the bundle")
    return root / PurePosixPath(name)


def below(root: Path, name: str) -> Path:
    """The path of ``name``, which a wheel's RECORD tells, below ``root``; refuses one that leads out of it."""
    pure = PurePosixPath(name)
    if not name.isprintable() or "\\" in name or pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise Refused(f"{name!a} leads out of the bundle")
    return root / pure


def is_count(value: object, least: int = 0) -> bool:
    """Whether ``value`` is a whole number of at least ``least``."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_digest(value: object) -> bool:
    """Whether ``value`` is a sha256 as 64 lower-case hex digits."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def is_minor(value: object) -> bool:
    """Whether ``value`` is a version of python as 3.12."""
    return isinstance(value, str) and re.fullmatch(r"3\.[0-9]{1,2}", value) is not None


def is_prefix(value: object) -> bool:
    """Whether ``value`` is a whole path of plain names."""
    return isinstance(value, str) and re.fullmatch(r"(/[A-Za-z0-9_.+\-]+)+", value) is not None and ".." not in value


def expect(good: bool, path: Path, what: str) -> None:
    """Refuse the file ``path`` where ``what`` it holds is not what it must be."""
    if not good:
        raise Refused(f"{path} is damaged: {what} is not what it must be")


def read(path: Path) -> Any:  # noqa: ANN401 - JSON, whose fields are checked where they are used
    """A JSON file of version 1."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise Refused(f"{path} cannot be read: it is larger than {LARGEST >> 20} MiB")
        value = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        raise Refused(f"{path} cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise Refused(f"{path} cannot be read: it holds no object")
    if value.get("version") != 1:
        raise Refused(f"{path} is of version {value.get('version')!a}, this verify.py reads version 1")
    return value


# --- parts ------------------------------------------------------------------------------------------


def read_manifest(path: Path) -> Any:  # noqa: ANN401
    """The manifest, each of its entries looked at."""
    manifest = read(path)
    files, tool = manifest.get("files"), manifest.get("tool")
    expect(isinstance(files, list) and isinstance(tool, dict), path, "its list of files or of tools")
    for entry in files:
        expect(isinstance(entry, dict), path, "an entry of a file")
        safe(path.parent, entry.get("path"))
        expect(is_digest(entry.get("sha256")) and is_count(entry.get("size")), path, "the hash or size of a file")
    for wheels in tool.values():
        expect(isinstance(wheels, list), path, "a list of wheels")
        for wheel in wheels:
            safe(path.parent, wheel)
    pythons = manifest.get("pythons", [])
    expect(isinstance(pythons, list), path, "its list of pythons")
    for python in pythons:
        expect(isinstance(python, dict), path, "an entry of a python")
        safe(path.parent, python.get("path"))
        expect(is_minor(python.get("python")), path, "the version of a python")
        prefix = python.get("prefix")
        expect(prefix is None or is_prefix(prefix), path, "the folder of a python")
    return manifest


def read_part(path: Path) -> Any:  # noqa: ANN401
    """The description of one part, each of its pieces looked at."""
    part = read(path)
    count = part.get("count")
    expect(is_count(count, 1) and count <= MOST_PARTS, path, "the number of parts")
    expect(is_count(part.get("number")) and part["number"] < count, path, "the part's number")
    expect(is_digest(part.get("bundle")) and isinstance(part.get("pieces"), list), path, "its bundle or its pieces")
    for piece in part["pieces"]:
        expect(isinstance(piece, dict), path, "a piece")
        safe(path.parent, piece.get("name"))
        safe(path.parent, piece.get("path"))
        expect(is_digest(piece.get("sha256")) and is_count(piece.get("offset")), path, "the hash or place of a piece")
    return part


def find_parts(folder: Path) -> tuple[Path, dict[int, tuple[Path, Any]]]:
    """The manifest and the parts, by number, below ``folder``; refuses what is missing, by number."""
    parts: dict[int, tuple[Path, Any]] = {}
    names = set()
    for description in sorted(folder.glob("*/part.json")) or sorted(folder.glob("part.json")):
        part = read_part(description)
        names.add((part["bundle"], part["count"]))
        parts[part["number"]] = (description.parent, part)
    if not parts:
        raise Refused(f"{folder} holds no part of a bundle")
    if len(names) > 1:
        raise Refused(f"{folder} holds parts of {len(names)} different bundles")
    ((bundle, count),) = names
    missing = sorted(set(range(count)) - set(parts))
    if missing:
        shown = ", ".join(f"c{number:03d}" for number in missing)
        raise Refused(f"{len(missing)} of {count} parts are missing: {shown}")
    manifest = parts[0][0] / "manifest.json"
    if sha256(manifest) != bundle:
        raise Refused(f"{manifest} is damaged")
    return manifest, parts


def join_file(path: Path, entry: Any, pieces: list[tuple[int, Path, Any]]) -> str:  # noqa: ANN401
    """Write one file out of its pieces; returns its path where the result is not what it must be."""
    digest, offset = hashlib.sha256(), 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        for start, piece, _ in sorted(pieces, key=lambda one: one[0]):
            if start != offset:
                return f"{entry['path']}: bytes {offset} to {start} are in no part"
            with piece.open("rb") as source:
                while block := source.read(BLOCK):
                    digest.update(block)
                    out.write(block)
                    offset += len(block)
    if digest.hexdigest() == entry["sha256"]:
        return ""
    damaged = [str(piece) for _, piece, expected in pieces if sha256(piece) != expected]
    return f"{entry['path']} is damaged" + (f" by {', '.join(damaged)}" if damaged else "")


def join(folder: Path, bundle: Path) -> None:
    """Put the parts below ``folder`` together as ``bundle``; what is there and whole is kept."""
    manifest, parts = find_parts(folder)
    for name in ("locks", "matrices"):  # of another bundle that was joined here before
        shutil.rmtree(bundle / name, ignore_errors=True)
    pieces: dict[str, list[tuple[int, Path, Any]]] = {}
    for place, part in parts.values():
        for piece in part["pieces"]:
            run = (piece["offset"], safe(place, piece["name"]), piece["sha256"])
            pieces.setdefault(piece["path"], []).append(run)
    entries = sorted(read_manifest(manifest)["files"], key=lambda one: -one["size"])

    def one(entry: Any) -> str:  # noqa: ANN401
        path = safe(bundle, entry["path"])
        if path.exists() and path.stat().st_size == entry["size"] and sha256(path) == entry["sha256"]:
            return ""
        return join_file(path, entry, pieces.get(entry["path"], []))

    check_all(one, entries)
    (bundle / "wheels").mkdir(exist_ok=True)  # installers want to find it, even empty
    shutil.copyfile(manifest, bundle / "manifest.json")


def check(bundle: Path) -> None:
    """Refuse a bundle with a missing or damaged file."""

    def one(entry: Any) -> str:  # noqa: ANN401
        path = safe(bundle, entry["path"])
        if not path.is_file():
            return f"{entry['path']} is missing"
        return "" if sha256(path) == entry["sha256"] else f"{entry['path']} is damaged"

    entries = read_manifest(bundle / "manifest.json")["files"]
    check_all(one, entries)
    check_unnamed(bundle, {entry["path"] for entry in entries})


def check_unnamed(bundle: Path, named: set[str]) -> None:
    """Refuse locks and rows that the manifest does not name; wheels of an earlier bundle are told, and never used."""
    there = {path.relative_to(bundle).as_posix() for path in bundle.glob("*/**/*") if not path.is_dir()}
    unnamed = sorted(there - named)
    read = [name for name in unnamed if name.startswith(("locks/", "matrices/"))]
    if read:
        raise Refused(f"{read[0]!a} is not named by the manifest")
    if unnamed:
        say(f"{len(unnamed)} files are not named by the manifest and not used, such as {unnamed[0]!a}")


def check_all(one: Any, entries: list[Any]) -> None:  # noqa: ANN401
    """Run ``one`` over all entries, in threads (hashing lets go of the interpreter)."""
    with ThreadPoolExecutor(min(16, (os.cpu_count() or 1) + 1)) as pool:
        faults = [fault for fault in pool.map(one, entries) if fault]
    if faults:
        raise Refused("; ".join(faults))


# --- the tool ---------------------------------------------------------------------------------------


def minor_of(python: str) -> tuple[int, int] | None:
    """(major, minor) of an interpreter; None where it does not run."""
    code = "import sys; print(sys.version_info[0], sys.version_info[1])"
    try:
        done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=60)
        major, minor = done.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def unpack_pythons(bundle: Path, manifest: Any, work: Path) -> list[str]:  # noqa: ANN401
    """The pythons that the bundle carries, unpacked."""
    return [unpack_python(bundle, one, work) for one in manifest.get("pythons", [])]


def unpack_python(bundle: Path, entry: Any, work: Path) -> str:  # noqa: ANN401
    """One of them, unpacked whole or not at all."""
    name = f"python{entry['python']}"
    target = Path(entry["prefix"]) if entry.get("prefix") else work / name
    program = target / "bin" / name
    if minor_of(str(program)) is None:
        if target.exists() and entry.get("prefix"):
            raise Refused(f"{name} runs in {target} alone, and something else lies there")
        part = target.with_name(target.name + ".part")
        for stale in (part, target):
            shutil.rmtree(stale, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(safe(bundle, entry["path"])) as archive:
            if hasattr(tarfile, "data_filter"):
                archive.extractall(part, filter="data")
            else:  # its hash is in the manifest, so it holds what the maker of the bundle put there
                archive.extractall(part)
        part.replace(target)
        say(f"{name} unpacked to {target}")
    if minor_of(str(program)) is None:
        raise Refused(f"{name} of the bundle does not start on this machine")
    return str(program)


def choose_python(manifest: Any, carried: list[str]) -> tuple[str, str]:  # noqa: ANN401
    """An interpreter for interlock that the bundle has wheels for, and its major.minor."""
    names = [f"python{minor}" for minor in sorted(manifest["tool"], reverse=True)]
    on_path = [python for python in map(shutil.which, [*names, "python3"]) if python]
    for python in [sys.executable, *carried, *on_path]:
        minor = minor_of(python)
        if minor and minor >= OLDEST and f"{minor[0]}.{minor[1]}" in manifest["tool"]:
            return python, f"{minor[0]}.{minor[1]}"
    raise Refused(
        f"interlock needs one of python {', '.join(sorted(manifest['tool']))}, and there is none here; "
        "make the bundle with --python to carry one"
    )


def record_of(wheel: Path, archive: zipfile.ZipFile) -> list[str]:
    """The lines of a wheel's one RECORD."""
    records = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD") and name.count("/") == 1]
    if len(records) != 1:
        raise Refused(f"{wheel.name} has {len(records)} RECORDs, expected one")
    try:
        return archive.read(records[0]).decode().splitlines()
    except UnicodeDecodeError:
        raise Refused(f"{wheel.name}: its RECORD is no text") from None


def unpack_wheel(wheel: Path, site: Path, scripts: Path) -> None:
    """Install a wheel by unpacking it, each file checked against its RECORD."""
    with zipfile.ZipFile(wheel) as archive:
        for line in record_of(wheel, archive):
            name, _, rest = line.rpartition(",")[0].rpartition(",")
            name = name.strip('"')
            if not name or name.endswith("/"):
                continue
            try:
                content = archive.read(name)
            except KeyError:
                raise Refused(f"{wheel.name}: {name!a} is missing") from None
            if rest.startswith("sha256="):
                seen = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                if seen != rest[len("sha256=") :]:
                    raise Refused(f"{wheel.name}: {name} is damaged")
            parts = PurePosixPath(name).parts
            script = len(parts) > 2 and parts[0].endswith(".data") and parts[1] == "scripts"
            place = "/".join(parts[2:]) if parts[0].endswith(".data") else name
            path = below(scripts if script else site, place)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            if script:
                path.chmod(0o755)


def install_tool(bundle: Path, manifest: Any, python: str, minor: str, work: Path) -> Path:  # noqa: ANN401
    """A fresh environment with interlock; returns its python."""
    tool = work / "tool"
    shutil.rmtree(tool, ignore_errors=True)
    subprocess.run([python, "-I", "-m", "venv", "--without-pip", str(tool)], check=True)
    site = tool / "lib" / f"python{minor}" / "site-packages"
    for wheel in manifest["tool"][minor]:
        unpack_wheel(safe(bundle, wheel), site, tool / "bin")
    return tool / "bin" / "python"


def hold(folder: Path) -> int:
    """A descriptor by which ``folder`` is this run's alone, for which an earlier run that still ends is waited."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"another run works in {folder}, its end is waited for")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:  # a network file system that holds nothing
        pass
    return descriptor


def prove(bundle: Path, python: Path, pythons: list[str], options: argparse.Namespace, held: int) -> int:
    """Start ``interlock verify`` on the bundle, with the unpacked ``pythons``, and return its exit status.

    ``held`` keeps the scratch folder for it, also where this process is killed first.
    """
    command = [str(python), "-I", "-c", START_INTERLOCK, "verify", *(options.profiles or [])]
    command += ["--bundle", str(bundle), "--out", str(options.out)]
    command += ["--keep"] if options.keep else []
    command += ["--timeout", str(options.timeout)] if options.timeout else []
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    folders = [str(python.parent), *(str(Path(one).parent) for one in pythons)]
    environment["PATH"] = os.pathsep.join([*folders, environment.get("PATH", os.defpath)])
    environment["TMPDIR"] = str(options.work / "tmp")
    # The cache lies on the same disk as the environments, so that uv links what two locks share.
    environment["UV_CACHE_DIR"] = str(options.work / "uv-cache")
    Path(environment["TMPDIR"]).mkdir(parents=True, exist_ok=True)
    return subprocess.run(command, env=environment, pass_fds=(held,)).returncode


def main() -> int:
    """Read the arguments and do it all."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--parts", type=Path, help="folder that holds the parts")
    source.add_argument("--bundle", type=Path, help="a whole bundle (default: where this file lies)")
    parser.add_argument("--out", type=Path, required=True, help="folder for evidence, report and log")
    parser.add_argument("--work", type=Path, help="scratch folder (default: OUT.work)")
    parser.add_argument("--profiles", nargs="*", help="only these locks")
    parser.add_argument("--keep", action="store_true", help="leave the environments in place")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="let no probe take longer")
    options = parser.parse_args()
    options.out = options.out.resolve()
    options.work = (options.work or options.out.with_name(options.out.name + ".work")).resolve()
    try:
        options.work.mkdir(parents=True, exist_ok=True)
        held = hold(options.work)
        bundle = (options.bundle or Path(__file__).parent).resolve()
        if options.parts:
            bundle = options.work / "bundle"
            join(options.parts.resolve(), bundle)
            say("parts joined")
        else:
            check(bundle)
            say("files checked")
        manifest = read_manifest(bundle / "manifest.json")
        pythons = unpack_pythons(bundle, manifest, options.work)
        python, minor = choose_python(manifest, pythons)
        tool = install_tool(bundle, manifest, python, minor, options.work)
        say(f"interlock installed for python {minor}")
    except (Refused, OSError, subprocess.SubprocessError) as error:
        print(f"verify.py: {error}", file=sys.stderr)
        return 2
    except Exception as error:  # whatever a damaged archive makes its reader raise
        print(f"verify.py: the bundle cannot be unpacked: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    status = prove(bundle, tool, pythons, options, held)
    say(f"interlock verify left with exit status {status}")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
