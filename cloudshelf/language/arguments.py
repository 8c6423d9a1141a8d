"""What a person named, made whole where the person is: files are read here, folders made absolute.

Standard library only. Verbs may run in the fetcher, which works in another folder.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import read_config, read_trust
from ..errors import UsageError, WheelInvalid
from ..urls import normalize_url, normalize_urls
from ..visible import brief
from .grammar import Command, join_specifiers, parse_line

if TYPE_CHECKING:
    from ..notebooks import Notebook

_OF_TREES = ("name", "version", "bin", "env", "summary", "license")
_FILES = ("requirement", "constraint", "extra", "group", "cell", "script")  # they are read here, and go no further
# These work, and say so, when the settings are wrong.
_WITHOUT_SHELF = ("cache", "doctor", "enable", "disable", "completion", "key", "umount")


def expand_requirements(words: Iterable[str]) -> list[str]:
    """Requirements of words. Raises UsageError for a file that was meant to be one."""
    found = join_specifiers(word.strip() for word in words if word.strip())
    for word in found:
        if word.endswith((".whl", ".tar.gz")) and "@" not in word:
            raise UsageError(f"{word} is a file, and a shelf is asked by name. First: cloudshelf publish {word}")
        if re.match(r"[./~]|\w+\+\w+:|\w+://", word):
            shown = re.sub(r"(?<=://)[^/\s@]+@", "", word)  # no password
            raise UsageError(
                f"{shown} is no project's name, and a shelf is asked by name. Install what you edit beside, with pip; "
                f"a curator puts the rest on the shelf: cloudshelf publish {shown}"
            )
        if word.endswith((".txt", ".yml", ".yaml", ".toml")) and Path(word).expanduser().is_file():
            raise UsageError(f"{word} is a file. If it lists what you want: -r {word}")
    return found


def gather_files(args: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the options -r, -c, --extra, --group and a cell's body name; None for nothing."""
    if not any(args.get(name) for name in (*_FILES, "require_hashes")):
        return None
    from ..requirements.gathering import gather  # few starts of a command or a kernel need it

    return gather(
        args.get("requirement") or (),
        args.get("constraint") or (),
        cell=args.get("cell"),
        extras=args.get("extra") or (),
        groups=args.get("group") or (),
        require_hashes=bool(args.get("require_hashes")),
        folder=args.get("folder"),
    )


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file that a person named. Raises UsageError."""
    try:
        return Path(path).expanduser().read_text("utf-8")
    except OSError as error:
        raise UsageError(f"{brief(os.fspath(path), 200)} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{os.fspath(path)} is not text.") from None


def read_lock(path: str | os.PathLike[str]) -> str:
    """The text of a lock that a person named. Raises UsageError that says where locks come from."""
    name = os.fspath(path)
    if not Path(path).expanduser().exists():
        raise UsageError(f"There is no lock {name}. This makes one: cloudshelf lock REQUIREMENT -o {name}")
    text = read_text(path)
    if not text.strip():
        raise UsageError(f"{name} is empty, so it is no lock. This makes one: cloudshelf lock REQUIREMENT -o {name}")
    return text


def find_lock(source: str | os.PathLike[str]) -> dict[str, Any]:
    """The arguments of a verb that name its lock: a file's text, or what a lock on the shelf is called.

    A word is one or the other by how it is written, never by which files there are: team/2026q4 and team/2026q4@3 (as
    it was in its state 3) are on the shelf; pylock.toml, ./team/2026q4 and /srv/lock are files. Raises UsageError.
    """
    from ..codecs.names import is_lock_name

    name = os.fspath(source)
    if isinstance(source, str) and is_lock_name(re.sub(r"@\d+$", "", name)):
        return {"lock": None, "lock_ref": name, "lock_name": name}
    return {"lock": read_lock(source), "lock_name": name}


def refuse_unwritable(path: str | os.PathLike[str]) -> None:
    """Raises UsageError where ``write_text`` would, as far as that can be known ahead of what cannot be undone."""
    file = Path(path).expanduser()
    if not file.parent.is_dir():
        raise UsageError(f"{os.fspath(path)} cannot be written: there is no folder {file.parent}.")
    if not os.access(file.parent, os.W_OK) or file.is_dir():
        raise UsageError(f"{file} cannot be written.")


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write whole or not at all: a lock is never half. Raises UsageError."""
    file = Path(path).expanduser()
    if not file.parent.is_dir():
        raise UsageError(f"{os.fspath(path)} cannot be written: there is no folder {file.parent}.")
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{file} cannot be written: {error.strerror}.") from None


def prepare(command: Command) -> dict[str, Any]:
    """The arguments of ``verbs.serve``: files that a person named are read here, folders made absolute."""
    args = dict(command.args)
    url = command.shelf or args.pop("url", None)
    args["shelf"] = normalize_urls(url) if url else None if command.verb in _WITHOUT_SHELF else read_config().url
    if command.verb not in _WITHOUT_SHELF and (trust := read_trust()[0]):
        args["trust"] = trust
    if isinstance(args.get("sign"), str):
        args["sign"] = str(Path(args["sign"]).expanduser().absolute())
    if "variant" in args:
        args["variant"] = args["variant"] or read_config().variant
    if command.verb == "lock":
        _place_lock(args)
    if args.get("notebook") is not None:
        _read_notebook(command.verb, args)
        args["shelf_named"] = bool(command.shelf)
    if command.verb == "kernelspec":
        _read_kernelspec(args)
    if args.get("script"):  # what follows are its own arguments
        args["requirement"] = [*args["requirement"], args["script"]]
        args["command"] = ["python", args["script"], *args["command"]]
    if command.verb == "publish":
        args |= _for_pip(args)
        return {name: value for name, value in args.items() if name not in _FILES}
    if command.verb == "settings" and args["name"] == "publish-policy" and args["value"] not in (None, "off"):
        args["value"] = read_text(args["value"])
    if args.get("osv"):
        args["osv"] = _osv_place(args["osv"])
    if args.get("logs"):
        args["logs"] = normalize_url(args["logs"])
    if args.get("bundle"):
        args["bundle"] = str(Path(args["bundle"]).expanduser().absolute())
    if args.get("mount"):
        args["mount"] = str(Path(args["mount"]).expanduser().absolute())
    if args.get("directory"):
        args["directory"] = str(Path(args["directory"]).expanduser().absolute())
    if args.get("cache"):
        args["cache"] = str(Path(args["cache"]).expanduser().absolute())
    gathered = gather_files(args)
    args = {name: value for name, value in args.items() if name not in _FILES}
    words = [*args.get("requirements", ()), *args.pop("with_", ())]
    if words or "requirements" in args or command.verb == "run":
        args["requirements"] = expand_requirements(words)
    if gathered:
        from ..requirements.gathering import only_lock

        lock = only_lock(gathered) if command.verb in ("run", "fill") and not words else None
        args |= {"lock": lock} if lock else {"sources": gathered}  # exactly a lock's pins: nothing is resolved
    if args.get("lock") and command.verb in ("bootstrap", "enable"):
        args |= _lock_for_later(args.pop("lock"))
    if args.get("lock") and "lock_name" not in args:
        args["shelf_named"] = bool(command.shelf)
        args |= find_lock(args["lock"])
    if command.verb == "diff":
        sides = [find_lock(word) for word in args.pop("locks")]
        args |= dict(zip(("before", "after"), sides, strict=False))
    if args.get("as_of"):
        from .as_of import parse_moment

        args["as_of"] = parse_moment(args["as_of"])
    return args


def _place_lock(args: dict[str, Any]) -> None:
    """Where a lock is written: the file that stands among its requirements, if no option names one."""
    files = [w for w in args["requirements"] if w.endswith(".toml")]
    args["requirements"] = [w for w in args["requirements"] if w not in files]
    args["output"] = args["output"] or (files[0] if files else None)
    if args["output"] and args["name"]:
        refuse_unwritable(args["output"])


def _read_notebook(verb: str, args: dict[str, Any]) -> None:
    """The notebook that a person named: its path, and its lock or what it asks for. Raises UsageError."""
    from ..notebooks import find_notebook

    notebook, force = find_notebook(args["notebook"]), bool(args.get("force"))
    args["notebook"], args["notebook_name"] = str(notebook.path), notebook.name
    if verb != "lock":
        args["lock"], args["lock_name"] = notebook.block(force=force).lock, notebook.name
        return
    if not force:  # before anything is resolved
        notebook.refuse_edited()
    if not any(args.get(name) for name in ("lock", "requirements", *_FILES)):
        args |= asked_in_notebook(notebook, force=force)


def asked_in_notebook(notebook: Notebook, *, force: bool = False) -> dict[str, Any]:
    """What a notebook asks for, in its cells or else in the lock it carries, and that lock, whose pins stay.

    As arguments: ``requirements``, ``requirement``, ``constraint``, ``cell``, ``folder`` and ``preferred``. Raises
    UsageError when it asks for nothing, and when its lock was edited (not with ``force``).
    """
    from ..codecs.notebook import asked_in_cells, parse_block
    from ..requirements.lock_text import lock_requirements, merge_requirements

    try:
        block = parse_block(notebook.content, notebook.name, force=force)
    except UsageError:
        if not force:
            raise
        block = None
    asked: list[str] = []
    files: dict[str, list[str]] = {"requirement": [], "constraint": []}
    body: list[str] = []
    for kind, text in asked_in_cells(notebook.content):
        if kind == "line":
            words = parse_line(f"use {text}").args
            asked = merge_requirements(asked, expand_requirements(words["requirements"]))
            for name, found in files.items():
                found += [str(notebook.path.parent / Path(file).expanduser()) for file in words[name]]
            continue
        for line in text.splitlines():
            if re.match(r"\s*(-|#|$)", line) or " --" in line:
                body.append(line)
            else:
                asked = merge_requirements(asked, expand_requirements([re.sub(r"\s#.*", "", line)]))
    cell = "\n".join(body) if any(line.strip() and not line.lstrip().startswith("#") for line in body) else None
    if not (asked or cell or any(files.values())):
        asked = lock_requirements(block.lock) if block else []
    if not (asked or cell or any(files.values())):
        raise UsageError(
            f"{notebook.name} asks for nothing yet: no %shelf use in its cells, and no lock. Name what it needs: "
            f"cloudshelf lock --notebook {shlex.quote(notebook.name)} pandas"
        )
    folder = str(notebook.path.parent)
    preferred = block.lock if block else None
    return {"requirements": asked, **files, "cell": cell, "folder": folder, "preferred": preferred}


def _lock_for_later(word: str) -> dict[str, Any]:
    """A lock that is used elsewhere, later: a name on the shelf stays one (``named``), a file has ``lock_file`` too."""
    found = find_lock(word)
    if found.pop("lock_ref", None):
        return {"named": word}
    return {**found, "lock_file": str(Path(word).expanduser().absolute())}


def _read_kernelspec(args: dict[str, Any]) -> None:
    """``kernelspec [list]``, ``kernelspec remove NAME`` or ``kernelspec NAME``. Raises UsageError."""
    words = args.pop("words")
    prefix = str(Path(args["prefix"]).expanduser().absolute()) if args.get("prefix") else ""
    args["prefix"] = sys.prefix if args.pop("sys_prefix") else prefix
    match words:
        case [] | ["list"]:
            args["action"] = "list"
        case ["remove", name]:
            args["action"], args["name"] = "remove", name
        case [name] if name != "remove":
            args["action"], args["name"] = "create", name
        case _:
            raise UsageError("kernelspec takes NAME with --lock FILE; or list; or remove NAME.")
    if (args["action"] == "create") != bool(args.get("lock")):
        what = f"kernelspec {words[0]} needs" if args["action"] == "create" else "A name is missing before"
        raise UsageError(f"{what} --lock FILE or --notebook FILE.ipynb.")


def absolute_file(word: str, *, folder: bool = False) -> str:
    """An existing file or folder by its absolute path; a requirement or URL as it is.

    With ``folder`` it cannot be a requirement. Raises UsageError for what is not there, WheelInvalid for a wheel that
    was cut off or never was one.
    """
    looks = folder or word.endswith((".whl", ".tar.gz", ".zip")) or "/" in word
    path = Path(word).expanduser()
    if "://" in word or not (looks or path.is_dir()):
        return word
    if not path.exists():
        raise UsageError(f"{word} does not exist.")
    if path.suffix == ".whl" and path.is_file():
        from zipfile import is_zipfile

        if not is_zipfile(path):
            raise WheelInvalid(path.name, "it is no zip archive, or its end is missing; build or download it again")
    return str(path.absolute())


def _for_pip(args: dict[str, Any]) -> dict[str, Any]:
    """The files of publish, by absolute paths: pip reads those that it can, with its options; others: ``sources``."""
    from ..requirements.gathering import kind_of

    own, others = list[str](), list[str]()
    for file in args["requirement"]:
        (own if kind_of(file) == "requirements.txt" else others).append(file)
    gathered = gather_files({**args, "requirement": others, "constraint": ()})
    return {
        "tree": _folder_of_tree(args),
        "policy": read_text(args["policy"]) if args.get("policy") else None,
        "policy_name": args.get("policy"),
        "osv": _osv_place(args.get("osv")),
        "requirements": [absolute_file(word) for word in args["requirements"]],
        "find_links": [absolute_file(word, folder=True) for word in args["find_links"]],
        "requirement_files": [str(Path(file).expanduser().absolute()) for file in own],
        "attestation": [_readable(file) for file in args["attestation"]],
        "constraint_files": [_readable(file) for file in args["constraint"]],
        "sources": gathered,
    }


def _folder_of_tree(args: dict[str, Any]) -> str | None:
    """The folder of ``publish --tree``, absolute. Raises UsageError for options that do not go together."""
    folder = args.get("tree")
    if folder is None:
        given = [f"--{name}" for name in _OF_TREES if args.get(name)]
        if given:
            raise UsageError(
                f"{', '.join(given)} {'go' if given[1:] else 'goes'} with --tree DIR, a folder to publish."
            )
        return None
    if not folder or not args.get("name") or not args.get("version"):
        raise UsageError("publish --tree DIR needs a name and a version: --name mytool --version 1.4")
    if args["requirements"] or args["requirement"] or args["python"]:
        raise UsageError("publish --tree takes one folder, for every Python: no requirements, -r or --python with it.")
    return str(Path(folder).expanduser().absolute())


def _osv_place(text: str | None) -> str | None:
    """A path made absolute; a URL, and what says that there is none, as it is."""
    return str(Path(text).expanduser().absolute()) if text and text != "off" and "://" not in text else text


def _readable(path: str) -> str:
    """The absolute path of a file that can be read. Raises UsageError."""
    read_text(path)
    return str(Path(path).expanduser().absolute())
