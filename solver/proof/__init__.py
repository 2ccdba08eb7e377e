"""What proves a lock: bundles, probes, evidence, predictions."""
