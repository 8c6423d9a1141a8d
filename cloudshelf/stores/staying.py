"""S3 clients go to no host but their endpoint's, whatever a server answers.

reqwest follows redirects, and takes a session's token along; obstore has no setting against it. So all other hosts are
said to be behind a proxy that nobody can be: a redirect to one of them ends as a failed connection. Another port of the
same host is not told apart. Where the environment names a proxy for the endpoint, that proxy decides who is reached.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from obstore.store import ClientConfig

_NOWHERE = "http://127.0.0.1:0"  # port 0 is none (RFC 6335, section 6)
_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")


def stay_at(endpoint: str) -> ClientConfig:
    """The options of a client that stays at ``endpoint``."""
    if _has_proxy(endpoint):
        return {}
    return {"proxy_url": _NOWHERE, "proxy_excludes": str(urlsplit(endpoint).hostname)}


def _has_proxy(endpoint: str) -> bool:
    if not any(name.lower() in _VARIABLES for name in os.environ):
        return False
    from .reachability import find_proxy  # which loads ssl

    return find_proxy(endpoint, os.environ) is not None
