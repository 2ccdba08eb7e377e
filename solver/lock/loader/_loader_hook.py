"""Let TensorFlow find the CUDA libraries that were installed beside it.

Interlock puts this module into an environment whose TensorFlow does not look for
all of its CUDA libraries where pip installs them. A line in interlock_loader.pth
imports it when python starts; it then waits. When tensorflow is imported, it
loads the libraries listed in _interlock_loader.json by their full paths, so that
TensorFlow's own search, which goes by their sonames, finds them loaded already.

It never makes an import fail: what went wrong is told in ``report``, which
``python -m interlock_loader`` prints. INTERLOCK_LOADER=off turns it off.
It needs nothing but python 3.9 or newer, and imports nothing at start but
what python has loaded by then.
"""

from __future__ import annotations

import sys
from _thread import get_ident

TYPE_CHECKING = False  # what typing calls so, without importing it
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path
    from types import ModuleType
    from typing import Any

    Calls = dict[str, list[Callable[[ModuleType], None]]]

before: Calls = globals().get("before") or {}
"""What to call before a module is executed, by the module's name."""
after: Calls = globals().get("after") or {}
"""What to call after a module was executed, by the module's name."""

report: dict[str, Any] = globals().get("report") or {
    "ran": False,
    "loaded": [],  # paths, in the order of loading
    "there": [],  # sonames that something else had loaded already
    "missing": [],  # sonames that lie nowhere
    "errors": [],
    "xla": None,  # what became of XLA_FLAGS
}


class Finder:
    """Finds nothing itself: has the other finders find a module, and puts our calls around its execution."""

    interlock = True

    def __init__(self) -> None:
        self.searching: set[tuple[int, str]] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that the finders after this one give, its loader wrapped; None for all other modules."""
        if name not in before and name not in after:
            return None
        search = (get_ident(), name)
        if search in self.searching:  # another hook asks every finder, this one too
            return None
        self.searching.add(search)
        try:
            spec = self._others(name, path, target)
            if spec is not None:
                _wrap(name, spec)
            return spec
        except Exception as error:
            # python asks the same finders next, and raises whatever is really wrong
            _note("finding " + name, error)
            return None
        finally:
            self.searching.discard(search)

    def _others(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find is not None and finder is not self else None
            if spec is not None:
                return spec
        return None


def _wrap(name: str, spec: ModuleSpec) -> None:
    """Put our calls around ``exec_module`` of this one loader, until it is called.

    Finding a module is not importing it: many a package looks whether tensorflow
    is there and leaves it at that.
    """
    loader = spec.loader
    if loader is None or isinstance(loader, type) or "exec_module" in vars(loader):
        return  # a namespace package, python's own modules, or wrapped already
    execute = getattr(loader, "exec_module", None)
    if execute is None:
        return  # a loader of the old kind

    def exec_module(module: ModuleType) -> None:
        if module.__name__ != name:  # one loader serves all modules of a zip file
            execute(module)
            return
        vars(loader).pop("exec_module", None)
        _call(before, name, module)
        execute(module)
        _call(after, name, module)

    loader.exec_module = exec_module  # type: ignore[method-assign]


def _call(calls: Calls, name: str, module: ModuleType) -> None:
    for call in calls.get(name, ()):
        try:
            call(module)
        except Exception as error:
            _note(name, error)


def _note(what: str, error: BaseException) -> None:
    report["errors"].append(what + ": " + type(error).__name__ + ": " + str(error))


def preload(module: ModuleType | None = None) -> None:
    """Load what _interlock_loader.json lists and tell XLA where its data is; the first call does it all."""
    if report["ran"] or not sys.platform.startswith(("linux", "win32")):
        return
    report["ran"] = True
    import json
    from pathlib import Path

    here = Path(__file__).absolute().parent
    wanted = json.loads(read(here / "_interlock_loader.json", __spec__))
    roots = list(dict.fromkeys([here, *(Path(entry).absolute() for entry in sys.path)]))
    try:
        _set_xla(wanted["xla"], roots)
    except Exception as error:
        _note("XLA_FLAGS", error)
    (_load_all if sys.platform.startswith("linux") else _add_folders)(wanted["preload"], roots)


def read(path: Path, spec: ModuleSpec) -> str:
    """The text at ``path``, by the loader of the module of ``spec``, which may read out of a zip file."""
    text: bytes = spec.loader.get_data(str(path))  # type: ignore[union-attr]
    return text.decode("utf-8")


def _load_all(libraries: list[dict[str, Any]], roots: list[Path]) -> None:
    waiting = []
    for library in libraries:
        if _is_loaded(library["sonames"][0]):
            # torch imported first may carry its own: its parts must come from where it came from,
            # or two versions of one library are mixed
            report["there"].append(library["sonames"][0])
            continue
        for soname in library["sonames"]:
            places = (root / library["directory"] / soname for root in roots)
            path = next((place for place in places if place.is_file()), None)
            if _is_loaded(soname):
                report["there"].append(soname)
            elif path is None:
                report["missing"].append(soname)
            else:
                waiting.append(str(path))
    # They are listed in the order of their dependencies; some have theirs among
    # their own kind (cuDNN's parts), so go round as long as that loads anything.
    errors: dict[str, OSError] = {}
    while waiting:
        failed = [path for path in waiting if not _load(path, errors)]
        if len(failed) == len(waiting):
            break
        waiting = failed
    for path in waiting:
        _note(path, errors[path])


def _add_folders(libraries: list[dict[str, Any]], roots: list[Path]) -> None:
    """What Windows needs instead: its wheels keep the DLLs in bin, and TensorFlow looks for them on PATH."""
    import os

    folders = dict.fromkeys(library["directory"].rpartition("/")[0] + "/bin" for library in libraries)
    for folder in folders:
        path = next((root / folder for root in roots if (root / folder).is_dir()), None)
        if path is None:
            report["missing"].append(folder)
            continue
        os.add_dll_directory(str(path))  # type: ignore[attr-defined,unused-ignore]
        os.environ["PATH"] = str(path) + os.pathsep + os.environ.get("PATH", "")
        report["loaded"].append(str(path))


def _is_loaded(soname: str) -> bool:
    import ctypes
    import os

    flag = getattr(os, "RTLD_NOLOAD", None)
    if flag is None:
        return False
    try:
        ctypes.CDLL(soname, mode=flag)
    except OSError:
        return False
    return True


def _load(path: str, errors: dict[str, OSError]) -> bool:
    import ctypes

    try:
        # Local: a later dlopen by soname finds it all the same, and no symbol of
        # it gets in the way of another framework's.
        ctypes.CDLL(path, mode=ctypes.RTLD_LOCAL)
    except OSError as error:
        errors[path] = error
        return False
    report["loaded"].append(path)
    return True


def _set_xla(directory: str | None, roots: list[Path]) -> None:
    """Name the folder of libdevice and ptxas in XLA_FLAGS, unless the user names one."""
    import os

    if directory is None:
        return
    flags = os.environ.get("XLA_FLAGS", "").strip()
    if "xla_gpu_cuda_data_dir" in flags or (flags and not flags.startswith("-")):
        report["xla"] = "left as it was: " + flags  # a value without "-" names a file of flags
        return
    places = (root / directory for root in roots)
    found = next((place for place in places if (place / "nvvm" / "libdevice").is_dir()), None)
    if found is None:
        report["xla"] = "no libdevice in any " + directory
        return
    value = '"' + str(found) + '"' if any(letter.isspace() for letter in str(found)) else str(found)
    os.environ["XLA_FLAGS"] = (flags + " --xla_gpu_cuda_data_dir=" + value).strip()
    report["xla"] = str(found)


def register(when: Calls, name: str, call: Callable[[ModuleType], None]) -> None:
    """Have ``call(module)`` called ``before`` or ``after`` the module ``name`` is executed.

    Asked twice, as when this or the other module is reloaded, it is called once.
    """
    calls = when.setdefault(name, [])
    calls[:] = [known for known in calls if known.__name__ != call.__name__] + [call]


def is_off() -> bool:
    """Whether the user turned the loader off; site has imported os by then."""
    import os

    return os.environ.get("INTERLOCK_LOADER", "").strip().lower() == "off"


def install() -> None:
    """Put the finder first, in place of one that an earlier import of this module put there."""
    if is_off():
        report["off"] = True
        return
    sys.meta_path[:] = [finder for finder in sys.meta_path if not getattr(finder, "interlock", False)]
    sys.meta_path.insert(0, Finder())


register(before, "tensorflow", preload)
install()
