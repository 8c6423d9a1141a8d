# /// script
# dependencies = ["rasterio"]
#
# [tool.compat]
# kinds = ["data read by C++"]
# ///
"""GDAL and PROJ find their data in the wheel."""

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.transform import from_origin
from rasterio.warp import transform

with rasterio.open(
    "a.tif",
    "w",
    driver="GTiff",
    height=3,
    width=4,
    count=1,
    dtype="uint8",
    crs="EPSG:32633",
    transform=from_origin(5e5, 6e6, 10, 10),
) as file:
    file.write(np.arange(12, dtype="uint8").reshape(3, 4), 1)
with rasterio.open("a.tif") as file:
    print(file.crs, file.read(1).sum(), file.bounds)
print(
    [round(v[0], 3) for v in transform(CRS.from_epsg(32633), "EPSG:4326", [500000], [6000000])],
    CRS.from_epsg(3857).to_wkt()[:30],
)
