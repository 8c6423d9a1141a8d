# /// script
# dependencies = ["scipy"]
#
# [tool.compat]
# kinds = ["multiprocessing fork", "child imports more"]
# ///
"""Fork after a cold import; the children import what the parent never touched."""

import multiprocessing

import numpy as np


def work(name):
    import importlib

    module = importlib.import_module(f"scipy.{name}")
    return name, len(module.__all__) > 5, float(np.arange(4).sum())


if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for row in pool.map(work, ["stats", "signal", "ndimage", "interpolate"]):
            print(row)
