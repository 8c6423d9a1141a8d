# /// script
# dependencies = ["shapely"]
#
# [tool.compat]
# kinds = ["bundled libraries"]
# ///
"""GEOS, bundled."""

import shapely

print(shapely.Point(0, 0).buffer(1).area.__round__(6), shapely.from_wkt("POLYGON((0 0,1 0,1 1,0 0))").centroid.wkt)
print(shapely.union_all([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)]).area)
