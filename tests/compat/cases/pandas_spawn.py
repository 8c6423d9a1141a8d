# /// script
# dependencies = ["pandas"]
#
# [tool.compat]
# kinds = ["multiprocessing spawn"]
# ///
"""A spawned child starts from nothing and imports what the parent has."""

import multiprocessing


def work(n):
    import pandas as pd

    return int(pd.Series(range(n)).sum())


if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(work, [10, 100, 1000]))
