# /// script
# dependencies = ["imageio"]
#
# [tool.compat]
# kinds = ["plugins by name"]
# ///
"""Plugins are imported by their names when needed."""

import imageio.v3 as iio
import numpy as np

data = iio.imwrite("<bytes>", np.zeros((4, 5, 3), np.uint8), extension=".png")
print(iio.imread(data).shape, iio.improps(data).dtype, len(data))
