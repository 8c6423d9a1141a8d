# /// script
# dependencies = ["numpy"]
#
# [tool.compat]
# kinds = ["data in package"]
# ///
"""Headers that a C compiler would read: not needed by any import."""

from pathlib import Path

import numpy as np

header = Path(np.get_include()) / "numpy" / "ndarrayobject.h"
print(len(header.read_text().splitlines()) > 50, (Path(np.get_include()) / "numpy" / "npy_math.h").exists())
