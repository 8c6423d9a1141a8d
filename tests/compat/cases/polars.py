# /// script
# dependencies = ["polars"]
#
# [tool.compat]
# kinds = ["one large native module"]
# ///
"""A query in the lazy engine."""

import polars as pl

frame = pl.DataFrame({"a": [1, 2, 3, 4], "b": ["x", "y", "x", "y"]})
print(frame.lazy().group_by("b").agg(pl.col("a").sum()).sort("b").collect())
