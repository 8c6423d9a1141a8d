# /// script
# dependencies = ["numpy"]
#
# [tool.compat]
# kinds = ["extension with bundled libraries"]
# quick = true
# ///
"""BLAS through a bundled library, and its own folder."""

from pathlib import Path

import numpy as np

print(np.linalg.solve([[3.0, 1.0], [1.0, 2.0]], [9.0, 8.0]).round(9))
print(np.random.default_rng(7).integers(0, 100, 5))
print(np.fft.fft([1, 2, 3, 4]).round(6))
print(Path(np.__file__).is_file(), sorted(p.name for p in Path(np.__file__).parent.iterdir() if p.suffix == ".py")[:5])
print(sorted(p.name for p in (Path(np.__file__).parent.parent / "numpy.libs").iterdir()))
