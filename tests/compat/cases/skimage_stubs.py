# /// script
# dependencies = ["scikit-image"]
#
# [tool.compat]
# kinds = ["attributes from stub files"]
# ///
"""A package that reads its .pyi files when it is imported."""

import numpy as np
import skimage
import skimage as ski

print(skimage.filters.sobel(np.eye(4)).shape, sorted(dir(ski.data))[:3], ski.data.camera().shape)
print(ski.io.imread(ski.data.data_dir + "/astronaut.png").shape)
