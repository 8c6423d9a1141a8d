"""Where the fault proxy was before it became a tool; for branches that are under way."""

from tools.fault_proxy import *  # noqa: F403
from tools.fault_proxy import Handler as _Handler  # noqa: F401
