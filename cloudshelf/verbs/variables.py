"""The verb env: the variables with which any program finds what an environment has."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from ..environment.trees import absent_tools
from ..environment.variables import PACKAGES, read_variables
from ..errors import UsageError
from ..mount.mountpoint import environment_on, real_place
from .common import Args, Progress, Result, lock_name
from .filling import fill
from .pinning import use
from .restoring import sync


def env(args: Args, progress: Progress) -> Result:
    """The ``variables`` of ``environment``, or of that of ``lock`` or ``requirements``: a list goes before what is
    there (those in ``behind`` after it), a text replaces it.

    With ``mount`` (an absolute folder) paths are those of the drive there, whose environment need not be named. Else
    every file is brought first: the programs that read these variables ask nobody for one. ``inherit`` has
    CLOUDSHELF_ENVIRONMENT in place of PYTHONPATH, for Pythons that do ask; then only the tools are brought, and PATH is
    ``behind`` what is there: its python is that of the environment, and theirs stay theirs. The result has also
    ``interpreter``, ``extra_paths`` and
    ``headers``, for an editor. Raises UsageError, and every error of a sync, a use or a fill.
    """
    made = _made(args, progress)
    environment = root = str(made["environment"])
    if args.get("mount"):
        root = f"{args['mount']}/env"
        _refuse_other_drive(str(args["mount"]), environment, args)
    _refuse_colon(root)
    if root == environment:
        _bring(environment, args, progress)
    found = read_variables(environment, root)
    variables: dict[str, list[str] | str] = {name: list(paths) for name, paths in found.paths.items()}
    if args.get("inherit"):
        variables.pop(PACKAGES, None)
        variables["CLOUDSHELF_ENVIRONMENT"] = environment
    return {
        "shell": args.get("shell") or "sh",
        "environment": environment,
        "interpreter": f"{root}/bin/python",
        "extra_paths": list(found.paths.get(PACKAGES, ())),
        "headers": list(found.headers),
        "variables": variables | dict(found.values),
        "behind": ["PATH"] if args.get("inherit") else [],
        "notes": made.get("notes", []),
    }


def _made(args: Args, progress: Progress) -> Result:
    if args.get("environment"):
        return {"environment": args["environment"]}
    if args.get("requirements"):
        return use({**args, "lock": None}, progress)
    if args.get("lock"):
        return sync(args, progress)
    if args.get("mount"):
        return {"environment": _mounted(str(args["mount"]))}
    raise UsageError("The variables of what? Name it: cloudshelf env --lock pylock.toml, or --with pandas")


def _mounted(directory: str) -> str:
    environment = environment_on(real_place(directory))
    if not environment:
        again = shlex.join(["cloudshelf", "mount", directory, "--lock", "pylock.toml"])
        raise UsageError(f"No shelf with an environment is mounted on {directory}. First: {again}")
    return environment


def _bring(environment: str, args: Args, progress: Progress) -> None:
    if not args.get("inherit"):
        fill({"environment": environment}, progress)
    elif tools := absent_tools(environment):
        fill({"environment": environment, "projects": tools}, progress)


def _refuse_colon(root: str) -> None:
    """Raises UsageError: in these variables a colon stands between two folders (POSIX, 8.3), and nothing escapes it."""
    if os.pathsep in root:
        raise UsageError(f"{root} has a colon in it, and no variable such as PATH can name it. Choose another folder.")


def _refuse_other_drive(directory: str, environment: str, args: Args) -> None:
    """Raises UsageError where no drive is, or one of other pins: the variables would name what it has not."""
    asked = ["--lock", lock_name(args)] if args.get("lock") else []
    asked += [word for requirement in args.get("requirements") or () for word in ("--with", requirement)]
    again = shlex.join(["cloudshelf", "mount", directory, *asked]) if asked else f"%shelf mount {directory}"
    if not Path(directory, "env", "pyvenv.cfg").exists():
        raise UsageError(f"No shelf with an environment is mounted on {directory}. First: {again}")
    if _installed(f"{directory}/env") != _installed(environment):
        raise UsageError(f"What is mounted on {directory} has other pins. First: {again}")


def _installed(root: str) -> set[str]:
    """Name and version of each distribution, as its dist-info has it."""
    return {path.name for path in Path(root).glob("lib/python*/site-packages/*.dist-info")}
