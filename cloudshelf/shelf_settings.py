"""The settings of a shelf: which there are, what they may be, and how they change.

They stand in shelf.json. An administrator replaces that under the condition that nobody else did; readers ignore those
that they do not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from .backoff import pause
from .codecs.envelope import format_object, parse_object
from .codecs.names import SHELF
from .errors import Conflict, ObjectMissing, OutcomeUnknown, ShelfMissing, UsageError
from .internal import check_internal
from .request_url import check_template
from .stores.protocols import GetTagged, Replace
from .usage_place import check_place

ATTEMPTS = 20
LONGEST = 200  # characters of a contact


class Setting(NamedTuple):
    """A setting: ``field`` of shelf.json, what it is for, and what makes a value right (or raises UsageError)."""

    field: str
    meaning: str
    check: Callable[[str], str]


class SettingsStore(GetTagged, Replace, Protocol):
    """What changing them needs of a store."""


def check_contact(text: str) -> str:
    """``text``, which is shown in messages: one line. Raises UsageError."""
    if not text.strip() or len(text) > LONGEST or not text.isprintable():
        raise UsageError(
            f"A contact is one line of at most {LONGEST} characters, such as: the data platform, data@example.org"
        )
    return text.strip()


SETTINGS = {
    "contact": Setting("contact", "whom to ask for a grant, in the words of messages", check_contact),
    "request-url": Setting("request_url", "what `request` opens for something that is not here", check_template),
    "internal": Setting("internal", "names that `publish` takes from files alone: acme-*, ours", check_internal),
    "usage-reports": Setting("usage_reports", "where fetchers put what `usage` sums up", check_place),
}


def check_setting(name: str, value: str) -> str:
    """The value as it is stored. Raises UsageError for a setting that there is not, or a value that it cannot have."""
    return find_setting(name).check(value)


def find_setting(name: str) -> Setting:
    """Raises UsageError with those that there are."""
    found = SETTINGS.get(name.replace("_", "-"))
    if found is None:
        raise UsageError(f"{name!r} is no setting of a shelf; there are: {', '.join(SETTINGS)}.")
    return found


def change_settings(store: SettingsStore, changes: Mapping[str, str | None]) -> dict[str, Any]:
    """Set fields of shelf.json, or take them away (None); what it then says. What else it says stays.

    Doing it twice changes nothing more, so a lost reply needs no search. Raises ShelfMissing, and Conflict when others
    are always faster.
    """
    for attempt in range(ATTEMPTS):
        try:
            data, etag = store.get_tagged(SHELF)
        except ObjectMissing:
            raise ShelfMissing(store.url) from None
        fields = parse_object(data, "shelf", SHELF)
        before = fields.mapping("settings")
        after = {name: value for name, value in (before | dict(changes)).items() if value is not None}
        if after == before:
            return after
        rest = {name: value for name, value in fields.raw.items() if name not in ("format", "kind")}
        try:
            store.replace(SHELF, format_object("shelf", rest | {"settings": after}), etag=etag)
            return after
        except (Conflict, OutcomeUnknown):
            pause(attempt, 0)
    raise Conflict(SHELF)
