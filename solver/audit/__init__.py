"""Findings: breakages that no package manager sees, one module a code."""
