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
            lines += [_before(name, folder) for folder in reversed(value)]
        lines.append(f"export {name}")
    return ["\n".join(lines)]


def bootstrap(result: Result) -> list[Block]:
    if result.get("file"):
        return [f"Wrote the script for {result['target']} to {result['file']}; its first lines say how it is used."]
    return [str(result["script"]).rstrip("\n")]


def _before(name: str, folder: str) -> str:
    """``folder`` goes first, once. An empty part would be the current folder."""
    here, colon = shlex.quote(folder), os.pathsep
    rest = f"${{{name}:+{colon}${name}}}"
    return f'case "{colon}${{{name}-}}{colon}" in *{colon}{here}{colon}*) ;; *) {name}={here}"{rest}" ;; esac'
