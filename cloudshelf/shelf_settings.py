"""The settings of a shelf: which there are, what they may be, and how they change.

They stand in shelf.json. An administrator replaces that under the condition that nobody else did; readers ignore those
that they do not know.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from .chains.backoff import pause
from .chains.chain import Chain, next_stamp, put_immutable
from .codecs.names import SHELF, settings_history_key, sha256
from .codecs.shelf import format_shelf, parse_shelf
from .errors import AccessDenied, Conflict, ObjectMissing, OutcomeUnknown, ShelfMissing, UsageError
from .internal import check_internal
from .request_url import check_template
from .stores.protocols import GetTagged, PutNew, Replace
from .usage_place import check_place
from .visible import brief

ATTEMPTS = 20
LONGEST = 200  # characters of a contact
_TOLD = 80  # characters of a value in the history


class Setting(NamedTuple):
    """A setting: ``field`` of shelf.json, what it is for, and what makes a value right (or raises UsageError)."""

    field: str
    meaning: str
    check: Callable[[str], str]


class SettingsStore(GetTagged, PutNew, Replace, Protocol):
    """What changing them needs of a store."""


def check_contact(text: str) -> str:
    """``text``, which is shown in messages: one line. Raises UsageError."""
    if not text.strip() or len(text) > LONGEST or not text.isprintable():
        raise UsageError(
            f"A contact is one line of at most {LONGEST} characters, such as: the data platform, data@example.org"
        )
    return text.strip()


def check_policy(text: str) -> str:
    """``text``, a policy with a rule at least (TOML). Raises UsageError."""
    from .vetting.policy import parse_policy

    if parse_policy(text, "of the shelf") == parse_policy("", "of the shelf"):
        raise UsageError("This policy has no rule. For none at all: cloudshelf settings publish-policy off")
    return text.strip()


SETTINGS = {
    "contact": Setting("contact", "whom to ask for a grant, in the words of messages", check_contact),
    "request-url": Setting("request_url", "what `request` opens for something that is not here", check_template),
    "internal": Setting("internal", "names that `publish` takes from files alone: acme-*, ours", check_internal),
    "publish-policy": Setting("publish_policy", "what every publish is held to: a file of rules, or off", check_policy),
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


def change_settings(
    store: SettingsStore, changes: Mapping[str, str | None], *, by: str = "", action: str = ""
) -> dict[str, Any]:
    """Set fields of shelf.json, or take them away (None); what it then says. What else it says stays.

    What it said before is kept, with who changed it and when (``action`` is for people), create-only and before it is
    replaced, so that ``log`` leads back to all of it. Doing it twice changes nothing more, so a lost reply needs no
    search. Raises ShelfMissing, and Conflict when others are always faster.
    """
    write_id = uuid.uuid4().hex
    for attempt in range(ATTEMPTS):
        try:
            data, etag = store.get_tagged(SHELF)
        except ObjectMissing:
            raise ShelfMissing(store.url) from None
        before = parse_shelf(data, SHELF)
        after = {name: value for name, value in {**before.settings, **changes}.items() if value is not None}
        if after == before.settings:
            return after
        known = before if before.seq else None  # a state that says nothing of who wrote it begins no history
        stamp = next_stamp(known, data, write_id, by, action or _describe(changes))
        try:
            if known is not None:
                put_immutable(store, settings_history_key(known.seq, sha256(data)), data)
            store.replace(SHELF, format_shelf(replace(before, settings=after, **stamp.fields())), etag=etag)
            return after
        except AccessDenied:
            raise AccessDenied("shelf.json, or to settings/, which keeps what it said before", store.url) from None
        except (Conflict, OutcomeUnknown):
            pause(attempt, 0)
    raise Conflict(SHELF)


def _describe(changes: Mapping[str, str | None]) -> str:
    """What a change says of itself in ``log``: values that are long are cut."""
    said = []
    for field, value in changes.items():
        name = field.replace("_", "-")
        said.append(f"unset {name}" if value is None else f"set {name} to {brief(' '.join(value.split()), _TOLD)}")
    return "settings: " + "; ".join(said)


SETTINGS_CHAIN = Chain(key=SHELF, history_key=settings_history_key, format=format_shelf, parse=parse_shelf)
