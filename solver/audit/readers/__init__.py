"""The readers of the audit: one module an input format, each giving a ``PackageSet``."""
