"""Named random streams and keyed hashes: why one part of the simulation never shifts another.

Draws of a part come from its own child generator. Honest noise and ids do not draw at all: they are functions of a row's key, so
a row keeps its id and its fate whatever else is simulated beside it.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arr = NDArray[Any]
"""Any one-dimensional numpy array."""


def _salt(name: str) -> np.uint64:
    low, high = zlib.crc32(name.encode()), zlib.crc32(b"salt:" + name.encode())
    return np.uint64(low << 32 | high)


def mix(keys: Arr, name: str) -> Arr:
    """A well-mixed 64-bit hash (splitmix64) of 64-bit keys, different for every name; unsigned integers."""
    with np.errstate(over="ignore"):
        z = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + _salt(name)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def unit(keys: Arr, name: str) -> Arr:
    """Numbers in [0, 1) that belong to the keys: the fate of a row under `name`."""
    return (mix(keys, name) >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def digits(keys: Arr, name: str, places: int) -> Arr:
    """Non-negative integers of at most `places` decimal digits (up to 18) that belong to the keys."""
    return (mix(keys, name) % np.uint64(10**places)).astype(np.int64)


class Streams:
    """Child generators of one seed, each found by its name.

    Example:
        >>> a, b = Streams(7), Streams(7)
        >>> float(a.rng("births").random()) == float(b.rng("births").random())
        True
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def rng(self, name: str) -> np.random.Generator:
        """A fresh generator of the child stream `name`; the same name gives the same draws again."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, zlib.crc32(name.encode())])))

    def keys(self, name: str, count: int) -> Arr:
        """`count` 64-bit keys of the rows made under `name`."""
        base = np.arange(count, dtype=np.uint64) + (np.uint64(self.seed) << np.uint64(34))
        return mix(base, "key:" + name)
