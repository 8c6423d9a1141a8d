# /// script
# dependencies = ["dask[array]", "distributed"]
#
# [tool.compat]
# kinds = ["processes", "data in package"]
# ///
"""Defaults come from YAML files in the package; workers are processes."""

import dask
import dask.array as da

if __name__ == "__main__":
    print(da.arange(1000, chunks=100).sum().compute(scheduler="processes", num_workers=2))
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        with Client(cluster) as client:
            print(
                client.submit(lambda x: x + 1, 41).result(), dask.config.get("distributed.scheduler.allowed-failures")
            )
