"""Lines of Amazon S3 server access logs: which object was read, when, and how many bytes were sent.

Amazon S3 user guide, "Amazon S3 server access log format": fields with spaces between, the time in brackets, the
request in quotes; further fields may follow at any time.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote

_LINE = re.compile(
    r"(?P<owner>\S+) (?P<bucket>\S+) \[(?P<time>[^\]]+)\] (?P<ip>\S+) (?P<requester>\S+) (?P<id>\S+) "
    r'(?P<operation>\S+) (?P<key>\S+) (?:"(?:[^"\\]|\\.)*"|-) (?P<status>\d{3}|-) (?P<error>\S+) (?P<sent>\d+|-)(?: |$)'
)


class Access(NamedTuple):
    """An object that was read; ``day`` is UTC as the log has it. Who read it is not kept."""

    bucket: str
    key: str
    day: str
    sent: int


def parse_access(line: str) -> Access | None:
    """The read that a line tells of; None for other requests, for those that failed, and for what is no such line."""
    found = _LINE.match(line)
    if found is None or found["operation"] != "REST.GET.OBJECT" or found["status"] not in ("200", "206"):
        return None
    try:
        day = datetime.strptime(found["time"], "%d/%b/%Y:%H:%M:%S %z").strftime("%Y-%m-%d")
    except ValueError:
        return None
    sent = 0 if found["sent"] == "-" else int(found["sent"])
    return Access(found["bucket"], unquote(found["key"]), day, sent)
