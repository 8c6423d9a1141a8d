"""The verb env: the variables with which any program finds what an environment has."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from ..environment.trees import absent_tools
from ..environment.variables import PACKAGES, read_variables
from ..errors import UsageError
from .common import Args, Progress, Result, lock_name
from .filling import fill
from .pinning import use
from .restoring import sync


def env(args: Args, progress: Progress) -> Result:
    """The ``variables`` of ``environment``, or of that of ``lock`` or ``requirements``: a list goes before what is
    there, a text replaces it.

    With ``mount`` (an absolute folder) paths are those of the drive there. Else every file is brought first: the
    programs that read these variables ask nobody for one. ``inherit`` has CLOUDSHELF_ENVIRONMENT in place of
    PYTHONPATH, for Pythons that do ask; then only the tools are brought. The result has also ``interpreter``,
    ``extra_paths`` and ``headers``, for an editor. Raises UsageError, and every error of a sync, a use or a fill.
    """
    made = _made(args, progress)
    environment = root = str(made["environment"])
    if args.get("mount"):
        root = f"{args['mount']}/env"
    elif not args.get("inherit"):
        fill({"environment": environment}, progress)
    elif tools := absent_tools(environment):
        fill({"environment": environment, "projects": tools}, progress)
    _refuse_colon(root)
    found = read_variables(environment, root)
    if args.get("mount"):
        _refuse_other_drive(str(args["mount"]), [path for paths in found.paths.values() for path in paths], args)
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
        "notes": made.get("notes", []),
    }


def _made(args: Args, progress: Progress) -> Result:
    if args.get("environment"):
        return {"environment": args["environment"]}
    if args.get("requirements"):
        return use({**args, "lock": None}, progress)
    if args.get("lock"):
        return sync(args, progress)
    raise UsageError("The variables of what? Name it: cloudshelf env --lock pylock.toml, or --with pandas")


def _refuse_colon(root: str) -> None:
    """Raises UsageError: in these variables a colon stands between two folders (POSIX, 8.3), and nothing escapes it."""
    if os.pathsep in root:
        raise UsageError(f"{root} has a colon in it, and no variable such as PATH can name it. Choose another folder.")


def _refuse_other_drive(directory: str, paths: list[str], args: Args) -> None:
    """Raises UsageError where the drive has not what the variables would name."""
    wanted = [word for each in args.get("requirements") or () for word in ("--with", str(each))]
    again = shlex.join(["cloudshelf", "mount", directory, *(wanted or ["--lock", lock_name(args)])])
    if not Path(directory, "env", "pyvenv.cfg").exists():
        raise UsageError(f"No shelf with an environment is mounted on {directory}. First: {again}")
    missing = [path for path in paths if not Path(path).is_dir()]
    if missing:
        raise UsageError(f"What is mounted on {directory} has no {missing[0]}: it is of other pins. First: {again}")
