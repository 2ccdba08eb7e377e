"""The other loader wheel: scripts that conda's activation runs, which name the CUDA libraries' folders in variables.

No code of ours runs in python then. conda runs each script of ``etc/conda/activate.d`` whose name ends as its shell's
do (conda/activate.py: .sh for sh, bash, zsh and xonsh, .csh, .fish), and those of ``deactivate.d`` before it leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_TEMPLATES = Path(__file__).with_name("activation.d")
SCRIPTS = ("sh", "csh", "fish")
_EACH = {"sh": ("$__interlock_site/{}", ":"), "fish": ('"$site/{}"', " "), "csh": ("", "")}
"""How a script names one folder, and what stands between two; that for csh asks the one for sh."""


def activation_files(folders: Sequence[str], xla: str | None, python: str) -> dict[str, str]:
    """The scripts by their path below the prefix.

    ``folders`` and ``xla`` lie below the site-packages of ``python`` (major.minor).
    """
    texts = {}
    for when in ("activate", "deactivate"):
        for shell in SCRIPTS:
            text = (_TEMPLATES / f"{when}.{shell}").read_text(encoding="utf-8")
            one, between = _EACH[shell]
            text = text.replace("@SITE@", f"lib/python{python}/site-packages").replace("@XLA@", xla or "")
            named = between.join(one.format(folder) for folder in folders)
            texts[f"etc/conda/{when}.d/interlock-loader.{shell}"] = text.replace("@FOLDERS@", named)
    return texts
