# /// script
# dependencies = ["greenlet"]
#
# [tool.compat]
# kinds = ["extension", "headers"]
# ///
"""Switches stacks; its header is in the environment's include folder or not, as installed."""

import glob
import os
import sys

import greenlet

print(greenlet.greenlet(lambda: greenlet.getcurrent().parent.switch(42)).switch())
print([os.path.relpath(p, sys.prefix) for p in glob.glob(sys.prefix + "/include/**/greenlet*.h", recursive=True)])
