"""Interlock: lock PyTorch and TensorFlow into one GPU environment.

ARCHITECTURE.md tells the rooms. Read them from the ground up: ``core`` (the words), ``matrix`` (the facts and what they
mean), ``index`` (what exists), then the steps, which know nothing of each other: ``request``, ``solve``, ``audit``,
``lock``, ``proof``, ``refresh``. ``commands`` has one page a command and is where the steps meet; start with
``commands/lock.py``. ``cli`` parses and prints.
"""

__version__ = "0.1.0"
