# /// script
# dependencies = ["pyarrow"]
#
# [tool.compat]
# kinds = ["large bundled libraries"]
# ///
"""Parquet in memory, compute, data sets."""

import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

table = pa.table({"x": list(range(100)), "y": [str(i % 3) for i in range(100)]})
buffer = io.BytesIO()
pq.write_table(table, buffer, compression="zstd")
print(pq.read_table(io.BytesIO(buffer.getvalue())).group_by("y").aggregate([("x", "sum")]).to_pydict())
print(pc.mean(table["x"]).as_py(), ds.dataset(table).count_rows(), len(pa.get_libraries()))
