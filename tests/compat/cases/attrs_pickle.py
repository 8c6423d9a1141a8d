# /// script
# dependencies = ["attrs", "cloudpickle"]
#
# [tool.compat]
# kinds = ["pickle in another process"]
# ///
"""What is pickled here is loaded in a fresh interpreter."""

import subprocess
import sys

import attrs
import cloudpickle


@attrs.define
class Book:
    title: str


data = cloudpickle.dumps(Book("a"))
print(
    subprocess.run(
        [sys.executable, "-c", "import sys, pickle; print(pickle.load(sys.stdin.buffer))"],
        input=data,
        capture_output=True,
    ).stdout.decode()
)
