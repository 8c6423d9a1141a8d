# /// script
# dependencies = ["tables"]
#
# [tool.compat]
# kinds = ["bundled libraries", "loads libraries by path"]
# ///
"""PyTables: blosc2 is found by its path."""

import tables

with tables.open_file("x.h5", "w") as file:
    array = file.create_carray("/", "a", obj=list(range(1000)), filters=tables.Filters(5, "blosc2"))
    print(
        array[10:13].tolist() if hasattr(array[10:13], "tolist") else array[10:13],
        tables.which_lib_version("blosc2") is not None,
    )
