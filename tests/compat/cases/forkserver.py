# /// script
# dependencies = ["numpy"]
#
# [tool.compat]
# kinds = ["multiprocessing forkserver"]
# ///
"""The fork server starts as its own process."""

import multiprocessing


def work(n):
    import numpy as np

    return int(np.arange(n).sum())


if __name__ == "__main__":
    with multiprocessing.get_context("forkserver").Pool(2) as pool:
        print(pool.map(work, [3, 5]))
