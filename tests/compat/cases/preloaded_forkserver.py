# /// script
# dependencies = ["numpy", "pyyaml"]
#
# [tool.compat]
# kinds = ["forkserver with preload"]
# ///
"""The fork server imports modules before it forks; a child imports more."""

import multiprocessing


def work(n):
    import sys

    import numpy.linalg
    import numpy.polynomial
    import yaml

    return "numpy" in sys.modules, int(numpy.linalg.det(numpy.eye(n))), yaml.safe_load(f"[{n}]")


if __name__ == "__main__":
    multiprocessing.set_forkserver_preload(["numpy", "yaml"])
    with multiprocessing.get_context("forkserver").Pool(2) as pool:
        print(pool.map(work, [3, 5]))
