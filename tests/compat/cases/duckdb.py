# /// script
# dependencies = ["duckdb"]
#
# [tool.compat]
# kinds = ["one large native module"]
# ///
"""SQL over a list."""

import duckdb

print(duckdb.sql("select i % 3 as k, sum(i) as s from range(100) t(i) group by k order by k").fetchall())
