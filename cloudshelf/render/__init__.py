"""Results of verbs as plain text, HTML or JSON; one description of each verb's page serves all. Standard library only.

A page is a list of blocks: a line of text, or a Table. HTML takes its colours from the page around it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

from .blocks import Block, Result, message
from .formats import block_text, blocks_html

LONG = 160  # characters of a line; two lines of a notebook

# Where the page of a verb is; all others are a message, or shown field by field.
_PAGES = {
    "use": "pinning.pinned",
    "drop": "pinning.dropped",
    "sync": "pinning.pinned",
    "history": "pinning.history",
    "freeze": "pinning.freeze",
    "list": "session.list_",
    "status": "session.status",
    "profile": "session.profile",
    "ls": "looking.ls",
    "search": "looking.search",
    "show": "looking.show",
    "why": "looking.why",
    "log": "looking.log",
    "request": "looking.request",
    "lock": "locks.lock",
    "locks": "locks.locks",
    "diff": "locks.diff",
    "kernelspec": "locks.kernelspec",
    "env": "workspaces.env",
    "bootstrap": "workspaces.bootstrap",
    "blocks": "recalling.blocks",
    "mount": "mounting.mount",
    "publish": "curating.publish",
    "collect": "collecting.collect",
    "purge": "collecting.purge",
    "export": "curating.export",
    "import": "curating.import_",
    "verify": "upkeep.verify",
    "cache": "upkeep.cache",
    "doctor": "upkeep.doctor",
    "settings": "upkeep.settings",
    "usage": "upkeep.usage",
    "policy": "upkeep.policy",
    "completion": "upkeep.completion",
    "key": "trusting.key",
    "trust": "trusting.trust",
    "traceback": "upkeep.traceback",
}


def to_text(verb: str, result: Result) -> str:
    """The page as plain text."""
    return "\n".join(block_text(block) for block in describe(verb, result))


def to_html(verb: str, result: Result) -> str:
    """The page as HTML, every value escaped."""
    return blocks_html(describe(verb, result))


def to_json(result: Result) -> str:
    return json.dumps(result, indent=2, sort_keys=True, default=str)


class Answer(dict[str, Any]):
    """A verb's result for programs, which shows itself to people as the verb's page."""

    def __init__(self, verb: str, result: Result) -> None:
        super().__init__(result)
        self.verb = verb

    def __repr__(self) -> str:
        return to_text(self.verb, self)

    def _repr_html_(self) -> str | None:
        """Tables as HTML, and lines so long that JupyterLab would break them within a word; else None: text is best."""
        blocks = describe(self.verb, self)
        rich = any(not isinstance(b, str) or (len(b) > LONG and "\n" not in b) for b in blocks)
        return to_html(self.verb, self) if rich else None


def describe(verb: str, result: Result) -> list[Block]:
    """The blocks of a verb's page."""
    if verb not in _PAGES:
        return message(result)
    module, _, name = _PAGES[verb].partition(".")
    page: Callable[[Result], list[Block]] = getattr(import_module(f".{module}", __name__), name)
    return page(result)
