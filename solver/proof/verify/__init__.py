"""Prove locks on a GPU: install each, look at it, run its probes, keep what they saw.

``runner`` runs one probe in a process of its own, ``pip_check`` asks pip, ``one`` proves one lock,
``cluster`` many on other machines, ``report`` is what came of all of them. Installing and auditing
are handed in by the page of the command.
"""
