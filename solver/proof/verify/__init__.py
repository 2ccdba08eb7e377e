"""Prove locks on a GPU: install each, look at it, run its probes, keep what they saw.

``gpus`` asks the driver, ``runner`` runs one probe in a process of its own, ``one`` proves one lock,
``report`` is what came of all of them. Installing and auditing are handed in by the pipeline.
"""
