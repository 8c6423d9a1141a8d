# /// script
# dependencies = ["psutil"]
#
# [tool.compat]
# kinds = ["extension", "packages that share a name with the kernel's"]
# ///
"""The operating system's view of this process."""

import os

import psutil

process = psutil.Process()
print(process.pid == os.getpid(), process.memory_info().rss > 0, len(psutil.pids()) > 1)
