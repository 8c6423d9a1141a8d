"""How far this machine's clock is from a store's, for who is told that its signatures are refused."""

from __future__ import annotations

import ssl
import time
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, Request, build_opener

SECONDS = 5.0


def ahead_by_date(endpoint: str, ca_bundle: bytes | None) -> float | None:
    """Seconds that this machine is ahead of the server at ``endpoint``; None where that does not tell its time.

    By the Date of its answer (RFC 9110 §6.6.1) to an unsigned question.
    """
    context = ssl.create_default_context()
    try:
        if ca_bundle is not None:
            context.load_verify_locations(cadata=ca_bundle.decode("ascii", "ignore"))
        opener = build_opener(HTTPSHandler(context=context))  # it follows the proxy variables
        try:
            with opener.open(Request(endpoint, method="HEAD"), timeout=SECONDS) as answer:
                said = answer.headers["Date"]
        except HTTPError as error:
            said = error.headers["Date"]
        return time.time() - parsedate_to_datetime(said).timestamp()
    except (OSError, ValueError, TypeError):
        return None
