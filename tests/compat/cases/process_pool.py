# /// script
# dependencies = ["pydantic", "numpy"]
#
# [tool.compat]
# kinds = ["concurrent.futures", "fork while threads run"]
# ///
"""Workers forked from a process that has imported and has threads."""

import concurrent.futures
import multiprocessing

import numpy


def work(n):
    import pydantic

    return pydantic.TypeAdapter(int).validate_python(str(n)) + int(numpy.int64(1))


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        print(list(pool.map(work, range(6))))
