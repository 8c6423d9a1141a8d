# /// script
# dependencies = ["sympy"]
#
# [tool.compat]
# kinds = ["threads"]
# ///
"""Many threads import one graph of modules at once. (One name: sympy itself fails when two of its cycles race.)"""

import importlib
import threading

NAMES = ["sympy.stats"]
found = []
threads = [threading.Thread(target=lambda n=n: found.append(importlib.import_module(n).__name__)) for n in NAMES * 30]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(found) == sorted(NAMES * 30), sorted(set(found)))
