"""Which lock a word of the command line names: that of a profile, the one in a folder, one of a git revision."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from solver.commands.locked import LockedProfile
from solver.commands.project import REQUEST_FILE, Project, locks_dir, open_facts, open_project, project_root
from solver.core.errors import BadInput
from solver.core.model import Profile
from solver.core.names import one_line
from solver.index import Index
from solver.lock.folder import LockFolder, intact_folder, is_lock, lock_folders
from solver.lock.solution import FILE
from solver.request.interop import with_interop

WORDS = "a profile, a folder such as locks/gpu, or REVISION:PROFILE of git"


@dataclass(frozen=True)
class Revision:
    """A commit of the repository that holds the project."""

    text: str
    """As it was named."""
    commit: str
    root: Path
    """The project's folder."""

    def files(self, folder: str) -> dict[str, str]:
        """Object by path below ``folder``, which is relative to the project."""
        listing = _git(self.root, "ls-tree", "-r", "-z", self.commit, "--", f"{folder.rstrip('/')}/")
        entries = [entry.partition("\t") for entry in listing.decode("utf-8", "replace").split("\0") if entry]
        blobs = {path: kind.split() for kind, _, path in entries}
        return {path: words[2] for path, words in blobs.items() if words[0] in ("100644", "100755")}

    def write(self, folder: str, place: Path) -> bool:
        """Write what ``folder`` held into ``place``; whether there was anything."""
        files = self.files(folder)
        for path, blob in files.items():
            file = place / PurePosixPath(path).relative_to(folder)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_git(self.root, "cat-file", "blob", blob))
        return bool(files)


class NamedLocks:
    """Opens locks by the words that name them; what is of a revision is put into ``scratch`` to be read."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self.root, self._scratch = project_root(root), scratch
        self._project: Project | None = None
        self._index: Index | None = None

    def open(self, *texts: str) -> list[LockedProfile]:
        """The locks that ``texts`` name; raises ``BadInput`` where one of them is none."""
        folders = [self._place(text) for text in texts]
        return [self._locked(intact_folder(folder), folder.name) for folder in folders]

    def _place(self, text: str) -> Path:
        revision, colon, name = text.rpartition(":")
        if colon and not Path(text).is_dir():
            return self._of_revision(text, self.revision(revision), name)
        return self._folder(text)

    def revision(self, text: str) -> Revision:
        """The commit that ``text`` names; raises ``BadInput``."""
        commit = (
            "" if text.startswith("-") else _said(self.root, "rev-parse", "--verify", "--quiet", f"{text}^{{commit}}")
        )
        if not commit:
            raise BadInput(f"git knows no revision {one_line(text)}", key="diff", fix=f"name {WORDS}")
        return Revision(text, commit, self.root)

    def names(self, revision: Revision | None) -> tuple[str, ...]:
        """The locks of a revision, or those that lie here, by name."""
        if revision is None:
            return tuple(folder.name for folder in lock_folders(locks_dir(self.root)))
        paths = map(PurePosixPath, revision.files("locks"))
        return tuple(sorted({path.parent.name for path in paths if path.name == FILE and len(path.parts) == 3}))

    def _of_revision(self, text: str, revision: Revision, name: str) -> Path:
        folder = name.rstrip("/") if "/" in name else f"locks/{name}"
        place = self._scratch / revision.commit / folder.replace("/", "-") / PurePosixPath(folder).name
        if not name or ".." in PurePosixPath(folder).parts or folder.startswith("/"):
            raise BadInput(f"{one_line(text)} names no lock", key="diff", fix=f"name {WORDS}")
        if not place.is_dir() and not revision.write(folder, place):
            there = ", ".join(self.names(revision)) or "no lock"
            raise BadInput(f"{revision.text} has no {folder}", key="diff", fix=f"it has {there}")
        return place

    def _folder(self, text: str) -> Path:
        """The folder of the profile called ``text``, or ``text`` itself."""
        if not text or self._has_request() or not Path(text).is_dir():
            project = self._opened()
            if any(profile.name == text for profile in project.request.profiles):
                return project.locks / text
            if not text or not Path(text).is_dir():
                project.profile(text)  # raises, with the profiles that there are
        if not is_lock(Path(text)):
            raise BadInput(f"no lock lies in {one_line(text)}", key="diff", fix=f"name {WORDS}")
        return Path(text).resolve()

    def _has_request(self) -> bool:
        return (self.root / REQUEST_FILE).is_file()

    def _opened(self) -> Project:
        self._project = self._project or open_project(self.root)
        return self._project

    def _locked(self, folder: LockFolder, name: str) -> LockedProfile:
        return LockedProfile(folder, self._request(name), self._facts())

    def _request(self, name: str) -> Profile:
        """What the request says of the profile now; a plain profile where it has none of the name."""
        if self._has_request():
            project = self._opened()
            for profile in project.request.profiles:
                if profile.name == name:
                    return with_interop(profile, project.matrices)
        return Profile(name=name)

    def _facts(self) -> Index:
        if self._index is None:
            self._index = open_facts(self.root)[1]
        return self._index


def _said(root: Path, *words: str) -> str:
    """What git says; empty where it fails."""
    try:
        return _git(root, *words).decode("utf-8", "replace").strip()
    except BadInput:
        if not _is_repository(root):
            raise BadInput(f"{root.resolve()} is in no git repository", key="diff", fix=f"name {WORDS}") from None
        return ""


def _is_repository(root: Path) -> bool:
    try:
        return bool(_git(root, "rev-parse", "--git-dir"))
    except BadInput:
        return False


def _git(root: Path, *words: str) -> bytes:
    try:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise BadInput("git is not on this machine", key="diff", fix="install it, or name folders") from None
    except subprocess.CalledProcessError as error:
        said = one_line(error.stderr.decode("utf-8", "replace").strip())[:200]
        raise BadInput(f"git {words[0]} says: {said}", key="diff", fix=f"name {WORDS}") from None
