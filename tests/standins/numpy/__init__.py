"""A stand-in; torch's own tensors answer what the probe asks."""
