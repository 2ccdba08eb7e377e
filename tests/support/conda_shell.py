"""Run as a script: what `conda shell.SHELL activate PREFIX` prints, by the conda 24.7 that conda-lock carries."""

import importlib
import sys
import warnings

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of what it still uses of older python
    importlib.import_module("conda_lock._vendor.conda")
    activate = importlib.import_module("conda_lock._vendor.conda.activate")
    shell, *words = sys.argv[1:]
    print(activate.activator_map[shell](words).execute(), end="")
