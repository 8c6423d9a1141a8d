# /// script
# dependencies = ["rich"]
#
# [tool.compat]
# kinds = ["importlib.metadata"]
# quick = true
# ///
"""Everything importlib.metadata tells of a closure, before anything of it is imported."""

import sys
from importlib import metadata

names = sorted(d.name.lower() for d in metadata.distributions())
print(names, metadata.version("rich"), "rich" in sys.modules)
print(metadata.metadata("rich")["License-Expression"] or metadata.metadata("rich")["License"])
files = [f for f in metadata.files("rich") if f.suffix == ".py"]
print(len(files), all(f.locate().is_file() for f in files), metadata.requires("rich"))
print({k: v for k, v in sorted(metadata.packages_distributions().items()) if not k.startswith("_")})
