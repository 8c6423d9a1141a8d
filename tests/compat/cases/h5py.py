# /// script
# dependencies = ["h5py"]
#
# [tool.compat]
# kinds = ["bundled libraries"]
# ///
"""HDF5 in memory."""

import h5py
import numpy as np

with h5py.File("x.h5", "w", driver="core", backing_store=False) as file:
    file.create_dataset("d", data=np.arange(100).reshape(10, 10), compression="gzip")
    print(file["d"].shape, int(file["d"][:, 3].sum()), file["d"].compression)
