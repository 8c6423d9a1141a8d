# /// script
# dependencies = ["werkzeug"]
#
# [tool.compat]
# kinds = ["pkgutil.walk_packages"]
# quick = true
# ///
"""pkgutil sees every module, imported or not."""

import pkgutil

import werkzeug

names = [m.name for m in pkgutil.walk_packages(werkzeug.__path__, "werkzeug.")]
print(len(names), names[:8], "werkzeug" in {m.name for m in pkgutil.iter_modules()})
