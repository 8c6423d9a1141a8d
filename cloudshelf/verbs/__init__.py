"""Every verb: JSON-able arguments in, a JSON-able result out.

The command runs them in its process, kernels in the fetcher. Common arguments: ``shelf`` (URL), ``python`` and
``platform`` (for another interpreter than this one). A verb's libraries load when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from .common import Args, Progress, Result

_PLACES = {
    "pinning": ("use", "lock", "freeze"),
    "restoring": ("sync", "why"),
    "filling": ("fill",),
    "completing": ("names", "submodules"),
    "looking": ("connect", "ls", "show", "search", "find-module", "log", "verify"),
    "curating": ("init", "publish", "default", "yank", "unyank", "rollback"),
    "collecting": ("collect", "purge"),
    "locks": ("diff", "locks"),
    "upkeep": ("cache", "doctor", "completion"),
    "sources": ("read-sources",),
    "notebooks": ("put-lock", "refuse-open-notebook"),
    "kernels": ("kernelspec",),
    "variables": ("env",),
    "bootstrapping": ("bootstrap",),
    "mounting": ("mount", "umount"),
    "carrying": ("export", "import"),
    "asking": ("request",),
    "administering": ("settings", "usage"),
    "trusting": ("key", "trust"),
    "enabling": ("enable", "disable"),
    "recalling": ("block", "unblock", "blocks", "renew-blocks"),
    "granting": ("policy",),
}
_MODULES = {verb: module for module, verbs in _PLACES.items() for verb in verbs}


def _function(verb: str) -> str:
    """The name of its function: a keyword of Python has an underscore behind it."""
    name = verb.replace("-", "_")
    return f"{name}_" if iskeyword(name) else name


def serve(verb: str, args: Args, progress: Progress) -> Result:
    """The result of ``verb``. Raises UsageError for one that does not exist, and every error of cloudshelf.errors."""
    module = _MODULES.get(verb)
    if module is None:
        import difflib

        near = difflib.get_close_matches(verb, _MODULES, n=1)
        raise UsageError(f"{verb!r} is not a verb." + (f" Did you mean {near[0]}?" if near else ""))
    function = getattr(import_module(f".{module}", __name__), _function(verb))
    if args.get("lock_ref"):  # a lock that lives on the shelf, wherever a verb takes one
        from .locks import with_named_lock

        args = with_named_lock(args)
    result: Result = function(args, progress)
    return result
