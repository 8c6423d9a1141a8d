# /// script
# dependencies = ["eigenpy"]
#
# [tool.compat]
# kinds = ["nested site-packages"]
# ///
"""A .pth file leads to a nested prefix with libraries that are found through ORIGIN."""

import os
import sys

import eigenpy
import numpy as np

print(
    os.path.relpath(eigenpy.__file__, sys.prefix).split(os.sep)[-5:],
    eigenpy.AngleAxis(0.0, np.array([0.0, 0.0, 1.0])).matrix().tolist(),
)
