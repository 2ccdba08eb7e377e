"""Which packages of a lock are needed on a target, where the lock names markers of dependencies alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping


def needed(names: Mapping[int, str], asks: Mapping[int, Iterable[tuple[str, bool]]]) -> list[int]:
    """The numbers in ``names`` without the packages that others ask for, but none on this target.

    ``asks`` says for each number which names it asks for, and whether on this target. A package that nobody
    asks for is a root. Linear in the number of asks: after each round only what lost an asker is looked at again.
    """
    askers, holding = Counter[str](), Counter[str]()
    of_name: dict[str, list[int]] = {}
    for number, name in names.items():
        of_name.setdefault(name, []).append(number)
        for other, holds in asks[number]:
            askers[other] += 1
            holding[other] += holds
    left = dict(names)
    concerned = set(askers)
    while concerned:
        unneeded = {name for name in concerned if askers[name] and not holding[name]}
        concerned = set()
        for number in [number for name in unneeded for number in of_name.pop(name, ())]:
            del left[number]
            for other, holds in asks[number]:
                askers[other] -= 1
                holding[other] -= holds
                concerned.add(other)
    return list(left)
