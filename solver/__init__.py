"""Interlock: lock PyTorch and TensorFlow into one GPU environment.

Read the package in this order: ``errors`` and ``model`` (the words, no imports
of ours), ``yamlfile``, ``decode``, ``matrix`` (the facts), ``target`` and ``request`` (what
is asked for), ``index`` (what exists), ``solve`` (the search), ``closure``,
``audit``, ``lock`` (what is written), ``probes``, ``bundle``, ``verify``,
``pipeline`` (the only module that knows more than one step) and ``cli``.
"""

__version__ = "0.1.0"
