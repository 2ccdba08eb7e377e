"""The probe: what torch, tensorflow and jax can really do in the environment that runs it.

A folder of plain scripts that import the standard library, each other and the frameworks they are
asked for, and nothing else of this project: the verifier copies the folder as ``interlock_probe``
and runs it with the python of the locked environment, which is 3.9 or newer. Reference values are
computed by the same framework on the CPU in double precision; errors are relative to the norm,
because TF32 (10 bits of mantissa) gives large absolute errors that are no fault.
"""
