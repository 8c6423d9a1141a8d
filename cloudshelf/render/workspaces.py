"""Pages of what a shell, an editor or a machine reads: env, bootstrap."""

from __future__ import annotations

import json
import os
import shlex

from .blocks import Block, Result

_FOR_EDITORS = ("interpreter", "extra_paths", "headers", "environment", "variables")


def env(result: Result) -> list[Block]:
    """Lines for ``eval`` in a POSIX shell, which change nothing the second time; or JSON."""
    if result["shell"] == "json":
        return [json.dumps({name: result[name] for name in _FOR_EDITORS}, indent=2)]
    lines = []
    for name, value in result["variables"].items():
        if isinstance(value, str):
            lines.append(f"{name}={shlex.quote(value)}")
        else:
            added = value if name in result["behind"] else value[::-1]
            lines += [_added(name, folder, behind=name in result["behind"]) for folder in added]
        lines.append(f"export {name}")
    return ["\n".join(lines)]


def bootstrap(result: Result) -> list[Block]:
    if result.get("file"):
        return [f"Wrote the script for {result['target']} to {result['file']}; its first lines say how it is used."]
    return [str(result["script"]).rstrip("\n")]


def _added(name: str, folder: str, *, behind: bool) -> str:
    """``folder`` goes first, or last, and once. An empty part would be the current folder."""
    here, colon, there = shlex.quote(folder), os.pathsep, f"${name}"
    value = f'"${{{name}:+{there}{colon}}}"{here}' if behind else f'{here}"${{{name}:+{colon}{there}}}"'
    return f'case "{colon}${{{name}-}}{colon}" in *{colon}{here}{colon}*) ;; *) {name}={value} ;; esac'
