"""Where to ask for what is not on a shelf: the template of a URL that its settings name, and its filling in.

Whoever may write a shelf's settings decides what a reader's browser opens, so only http, https and mailto do, and
nothing that is filled in can reach the host. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from .errors import UsageError

FIELDS = ("name", "version", "python", "platform", "why", "shelf")
_EXAMPLE = "https://tickets.example/new?title={name}+{version}&text={why}+{python}+{platform}"
_FIELD = re.compile(r"\{([^{}]*)\}")
_LONGEST = 2000


def check_template(text: str) -> str:
    """``text``, a template that may be opened. Raises UsageError that says what is accepted."""
    if len(text) > _LONGEST or not re.fullmatch(r"[!-~]+", text):
        raise _refused("it has spaces or characters that no URL has (write them as %20 and the like)")
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError as error:
        raise _refused(str(error)) from None
    if parts.scheme not in ("http", "https", "mailto"):
        raise _refused(f"it begins with {parts.scheme or text[:20]}: and not with http, https or mailto")
    if parts.scheme == "mailto":
        if "@" not in parts.path or _FIELD.search(parts.path):
            raise _refused("it has no address")
    elif not host or "@" in parts.netloc or _FIELD.search(parts.netloc):
        raise _refused("its host is missing, is filled in, or has credentials")
    unknown = [field for field in _FIELD.findall(text) if field not in FIELDS]
    if unknown or re.search(r"[{}]", _FIELD.sub("", text)):
        raise _refused(f"of {{…}} it may have {', '.join(FIELDS)}, not {', '.join(unknown) or 'single braces'}")
    return text


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """The URL with ``values`` percent-encoded in their places. Raises UsageError for a template that is not allowed."""
    check_template(template)
    return _FIELD.sub(lambda found: quote(values.get(found[1], ""), safe=""), template)


def _refused(reason: str) -> UsageError:
    return UsageError(f"The URL for requests cannot be used: {reason}. Write it like {_EXAMPLE}")
