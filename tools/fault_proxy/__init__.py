"""A proxy in front of an HTTP server that fails where a rule says so: for tests of what speaks HTTP, above all to S3.

    with faulty(server.endpoint) as proxy:
        proxy.fail(DropReply(), method="PUT", path="/head", nth=2)
        ...  # the client speaks to proxy.endpoint
        assert proxy.count("GET") == 3

As a command: ``python -m tools.fault_proxy --help``. Both are described in docs/fault-proxy.md. Standard library only.
"""

from .faults import (
    Answer,
    Corrupt,
    Delay,
    Drip,
    DropReply,
    Endless,
    Fault,
    Hold,
    Reset,
    Stall,
    Truncate,
    WholeForRange,
    WrongRange,
)
from .messages import Reply, Request
from .proxy import FaultProxy, Handler, faulty
from .rules import Rule, parse_rule

__all__ = [
    "Answer",
    "Corrupt",
    "Delay",
    "Drip",
    "DropReply",
    "Endless",
    "Fault",
    "FaultProxy",
    "Handler",
    "Hold",
    "Reply",
    "Request",
    "Reset",
    "Rule",
    "Stall",
    "Truncate",
    "WholeForRange",
    "WrongRange",
    "faulty",
    "parse_rule",
]
