# /// script
# dependencies = ["click"]
#
# [tool.compat]
# kinds = ["importlib.util.LazyLoader"]
# ///
"""LazyLoader around our loader."""

import importlib.util
import sys

spec = importlib.util.find_spec("click")
loader = importlib.util.LazyLoader(spec.loader)
spec.loader = loader
module = importlib.util.module_from_spec(spec)
sys.modules["click"] = module
loader.exec_module(module)
print("click.core" in sys.modules, module.echo.__name__, "click.core" in sys.modules)
