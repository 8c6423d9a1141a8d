# /// script
# dependencies = ["joblib"]
#
# [tool.compat]
# kinds = ["loky", "processes"]
# ///
"""Tasks in worker processes, with functions of the main script."""

from joblib import Memory, Parallel, delayed


def square(n):
    return n * n


if __name__ == "__main__":
    print(Parallel(n_jobs=2)(delayed(square)(i) for i in range(8)))
    memory = Memory("cache", verbose=0)
    cached = memory.cache(square)
    print(cached(4), cached.check_call_in_cache(4))
