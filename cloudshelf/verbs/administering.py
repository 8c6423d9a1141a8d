"""Verbs of a shelf's administrator: settings, usage."""

from __future__ import annotations

from ..errors import UsageError
from ..shelf_settings import SETTINGS, change_settings, check_setting, find_setting
from .common import Args, Progress, Result, shelf_of


def settings(args: Args, progress: Progress) -> Result:
    """What the shelf's settings are; ``name`` with ``value`` sets one, with ``unset`` takes it away."""
    shelf, name, value = shelf_of(args), args.get("name"), args.get("value")
    message = ""
    if name and (value is not None or args.get("unset")):
        if value is not None and args.get("unset"):
            raise UsageError(f"settings {name} takes a value or --unset, not both.")
        checked = None if value is None else check_setting(str(name), str(value))
        known = change_settings(shelf.store, {find_setting(str(name)).field: checked})
        message = f"{name} is not set any more." if checked is None else f"{name} is now {checked}"
    elif args.get("unset"):
        raise UsageError("Which setting? settings NAME --unset")
    else:
        known = dict(shelf.repository.info().settings)
    shown = [str(name)] if name else list(SETTINGS)
    rows = [
        {"setting": each, "value": known.get(find_setting(each).field), "meaning": find_setting(each).meaning}
        for each in shown
    ]
    return {"shelf": shelf.url, "settings": rows, "message": message}
