"""The text of a start-up script: templates, and what is filled into them. No I/O but reading the templates.

Everything that varies goes through ``shlex.quote``, stands in one place, and is never a line of a here-document.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shlex
from importlib import resources
from typing import NamedTuple

from ..errors import UsageError
from ..urls import split_urls

TARGETS = ("jupyterhub", "sagemaker", "profile", "dockerfile")
_FOLDER = "/etc/cloudshelf"
_LOCK = f"{_FOLDER}/pylock.toml"
_LIMIT = 16_384  # characters of a lifecycle configuration (NotebookInstanceLifecycleHook in Amazon's API reference)


class Workspace(NamedTuple):
    """What a workspace has: a shelf (or several, urls.join_urls), and the pins of a lock: of one or of none."""

    shelf: str
    lock_name: str = ""  # of a lock on the shelf
    lock_text: str = ""  # of a file, which travels in the script


def script_of(target: str, workspace: Workspace) -> str:
    """The script for ``target`` of TARGETS. Raises UsageError for one that its target would not take."""
    if target == "jupyterhub":
        text = _filled(
            "jupyterhub.sh", WORKSPACE=_workspace(workspace, machine=False), SHELF=shlex.quote(workspace.shelf)
        )
    elif target == "profile":
        text = _setup(workspace, target)
    elif target == "sagemaker":
        text = _filled("sagemaker.sh", SETUP=_setup(workspace, target))
    else:
        text = _filled("dockerfile.sh", SETUP=_setup(workspace, target), FILL=_fill(workspace))
    if target == "sagemaker" and len(text) > _LIMIT:
        raise UsageError(
            f"This lock makes a script of {len(text):,} characters, and SageMaker takes {_LIMIT:,}. Give the lock a "
            "name on the shelf, and that to bootstrap: cloudshelf lock --lock FILE --name team/2026q4"
        )
    return text


def _setup(workspace: Workspace, target: str) -> str:
    lock = _LOCK if workspace.lock_text else workspace.lock_name
    enable = shlex.join(["--shelf", workspace.shelf, *(["--lock", lock] if lock else [])])
    urls = split_urls(workspace.shelf)
    setting = f"shelf = {json.dumps(urls if urls[1:] else urls[0])}"  # TOML's basic strings are JSON's
    unpack = f"printf %s {_packed(workspace)} | base64 -d | gzip -d >{_LOCK}.new && mv {_LOCK}.new {_LOCK}"
    return _filled(
        "profile.sh",
        TARGET=target,
        LOCK_FILE=unpack if workspace.lock_text else f"rm -f {_LOCK}",
        WORKSPACE=_workspace(workspace, machine=True),
        SETTING=shlex.quote(setting),
        PROFILE=_filled("shell.sh"),
        ENABLE=enable,
    )


def _workspace(workspace: Workspace, *, machine: bool) -> str:
    """The script that makes the shelf ready for one person: of the ``machine``, or a person's own."""
    has_file = machine and workspace.lock_text
    return _filled(
        "workspace.sh",
        SHELF=shlex.quote(workspace.shelf),
        LOCK=shlex.quote(_LOCK if has_file else workspace.lock_name),
        PACKED="''" if machine else _packed(workspace),
        SETTINGS=hashlib.sha256(repr(workspace).encode()).hexdigest()[:16],
        COMMAND=f"{_FOLDER}/cloudshelf" if machine else "cloudshelf",
    )


def _fill(workspace: Workspace) -> str:
    """Lines that bring the lock's files into the image; they read the shelf, so they need its credentials."""
    if not (workspace.lock_name or workspace.lock_text):
        return ""
    lock = shlex.quote(_LOCK if workspace.lock_text else workspace.lock_name)
    return (
        "# Every file of the lock, for whoever runs the image. What reads the shelf, for this line alone:\n"
        "#   docker build --secret id=aws,src=$HOME/.aws/credentials …\n"
        "RUN --mount=type=secret,id=aws,target=/root/.aws/credentials \\\n"
        f"    cloudshelf fill --cache /opt/shelf --lock {lock}\n"
        "ENV CLOUDSHELF_LOWER_CACHE=/opt/shelf"
    )


def _packed(workspace: Workspace) -> str:
    """The lock's text as one word that no shell reads anything into; equal for equal locks."""
    if not workspace.lock_text:
        return "''"
    return base64.b64encode(gzip.compress(workspace.lock_text.encode(), mtime=0)).decode()


def _filled(template: str, **values: str) -> str:
    """The template with each @NAME@ replaced; what is put in is not looked at again."""
    text = resources.files(__package__).joinpath(template).read_text("utf-8")
    return re.sub(r"@([A-Z_]+)@", lambda found: values[found[1]].rstrip("\n"), text)
