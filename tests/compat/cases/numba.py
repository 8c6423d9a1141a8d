# /// script
# dependencies = ["numba"]
#
# [tool.compat]
# kinds = ["JIT", "cache beside the source"]
# ///
"""Compiles, and caches by the path of the source."""

import os

os.environ["NUMBA_CACHE_DIR"] = os.path.abspath("cache")
import numba
import numpy as np


@numba.njit(cache=True)
def total(values):
    result = 0.0
    for value in values:
        result += value
    return result


print(
    total(np.arange(1000.0)),
    total.stats.cache_misses,
    any(f.endswith(".nbi") for _, _, fs in os.walk("cache") for f in fs),
)
