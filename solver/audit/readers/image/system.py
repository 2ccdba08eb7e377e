"""What a distribution's package manager adds to an image: CUDA and cuDNN outside of any python package, a python."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import structs

from solver.audit.package_set import Base
from solver.core.answer import NOT_KNOWN, NotKnown

# libcudnn8=8.6.0.163-1+cuda11.8, libcudnn9-cuda-12=9.5.1.17-1, cudnn9-cuda-12.
_CUDNN = re.compile(r"(lib)?cudnn\d*(-(dev|cuda-\d+|jit|static))*(=(?P<version>[0-9][0-9.]*).*)?")
# cuda-toolkit-12-4, cuda-libraries-11-8=…, libcublas-12-4, libnccl2, nvidia-cuda-toolkit.
_CUDA = re.compile(
    r"(nvidia-)?cuda(-.*)?|lib(cublas|cufft|curand|cusolver|cusparse|nccl|nvjitlink|npp)[0-9]*(-.*)?(=.*)?"
)
_PYTHON = re.compile(r"python(?P<version>3\.\d+)(-.*)?")
# Whatever is made for the distribution's python brings it: python3-pip, python-is-python3.
_OF_THE_SYSTEM = re.compile(r"python3([-=].*)?|python-is-python3(=.*)?")


def with_system_packages(
    base: Base, words: Iterable[str], of_system: str | NotKnown
) -> tuple[Base, str | NotKnown | None]:
    """``base`` after what was installed into it, and the python (major.minor) that came with it; None: none did.

    ``of_system`` is the python of the distribution, where that is known.

    A cuDNN whose version is said is known. Which libraries of a CUDA such packages bring nobody reads here, so that
    what the base image lacked is not known from there on.
    """
    python: str | NotKnown | None = None
    for word in words:
        cudnn, named = _CUDNN.fullmatch(word), _PYTHON.fullmatch(word)
        if cudnn is not None:
            base = structs.replace(base, cudnn=cudnn["version"] or NOT_KNOWN)
        elif _CUDA.fullmatch(word):
            cuda = NOT_KNOWN if base.cuda == "none" else base.cuda
            libraries: tuple[str, ...] | NotKnown = NOT_KNOWN
            base = structs.replace(base, cuda=cuda, libraries=libraries)
        elif named is not None:
            python = named["version"]
        elif _OF_THE_SYSTEM.fullmatch(word) and python is None:
            python = of_system
    return base, python
