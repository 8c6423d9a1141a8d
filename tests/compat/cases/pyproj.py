# /// script
# dependencies = ["pyproj"]
#
# [tool.compat]
# kinds = ["C reads data"]
# quick = true
# ///
"""PROJ reads its database file by itself, with no Python hook."""

import pyproj

print([round(v, 4) for v in pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform(2.35, 48.85)])
print(pyproj.CRS.from_epsg(2154).name)
