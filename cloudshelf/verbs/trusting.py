"""Verbs about signatures: key, trust. They run in the command's process: private keys are read there only."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..codecs.names import sha256
from ..codecs.trust import Root, TrustedKey, parse_root
from ..config import read_config
from ..errors import ShelfError, UsageError
from ..repository import own_folder
from ..shelf import Shelf
from ..shelf_settings import change_settings
from ..signing.changing import (
    describe,
    draft,
    find_key,
    first_root,
    grant,
    next_root,
    put_root,
    revoke,
    sign_root,
)
from ..signing.checking import short
from ..signing.identity import REQUIRED, SETTING
from ..signing.keys import PASSPHRASE, PrivateKey, format_public, new_key, read_private, read_public
from ..signing.moments import now, parse_end
from ..signing.pins import format_fingerprint
from ..signing.trust import Stored, Trust
from .common import SIGNING_KEY, Args, Progress, Result, person, shelf_of
from .trust_signing import sign

YEAR = "1y"


def key(args: Args, progress: Progress) -> Result:
    """``new``: a private key in ``file``, and its public half beside it; ``show``: the public half of one."""
    file = Path(str(args["file"]))
    if args["action"] == "new":
        passphrase = _ask_passphrase(file) if args.get("passphrase") else os.environ.get(PASSPHRASE, "").encode()
        made = new_key(file, str(args.get("owner") or person()), passphrase)
    else:
        private = read_private(file)
        made = TrustedKey(private.public, "")
    return {"file": str(file), "id": made.id, "public": format_public(made), "owner": made.owner}


def trust(args: Args, progress: Progress) -> Result:
    """One of the actions of ACTIONS on the root document of ``shelf``."""
    return ACTIONS[str(args["action"])](args)


def _init(args: Args) -> Result:
    """The first root document: its administrators are the keys in the files ``key``, which are made where missing."""
    shelf = shelf_of({**args, "trust": ""})
    info, files = shelf.info(), [Path(str(file)) for file in args.get("key") or ()]
    if not files:
        raise UsageError("Whose key administers it? trust init --key FILE makes one, or takes it.")
    for file in files:
        if not file.exists():
            new_key(file, person(), os.environ.get(PASSPHRASE, "").encode())
    keys = [read_private(file) for file in files]
    administrators = [TrustedKey(each.public, _owner_of(file)) for each, file in zip(keys, files, strict=True)]
    expires = parse_end(str(args.get("expires") or YEAR), now())
    threshold = int(args.get("threshold") or 1)
    root = first_root(info.id, administrators, threshold=threshold, expires=expires, by=person())
    data = draft(root, keys)
    put_root(shelf.store, data)
    change_settings(shelf.store, {SETTING: REQUIRED}, by=person(), action="settings: heads are signed")
    return _shown(shelf, Stored(root, data)) | {"files": [str(file) for file in files]}


def _show(args: Args) -> Result:
    """What the present root document says; ``out`` gets a copy, to be pinned by its path."""
    shelf = shelf_of(args)
    found = _trust_of(shelf).read()
    if args.get("out"):
        Path(str(args["out"])).write_bytes(found.data)
    return _shown(shelf, found) | {"file": args.get("out")}


def _add_key(args: Args) -> Result:
    scopes, files = _scopes(args), args.get("key") or ()
    if not files or not any(scopes.values()):
        raise UsageError(
            "Which key, and for what? trust add-key pandas --key FILE.pub; '*' is every project, 'ours-*' those that "
            "begin so; --locks 'team/*' and --recall are for named locks and for blocking."
        )
    expires = parse_end(str(args["expires"]), now()) if args.get("expires") else ""
    keys = [replace(read_public(str(file)), expires=expires) for file in files]

    def edit(root: Root) -> Root:
        for each in keys:
            before = root.keys.get(each.id)
            owner = each.owner or (before.owner if before else "")
            root = grant(root, replace(each, owner=owner), scopes)
        return root

    return _change(args, edit, f"add-key {', '.join(short(each.id) for each in keys)}")


def _remove_key(args: Args) -> Result:
    """``key``: public keys, ids or owners."""
    words = [str(word) for word in args.get("key") or ()]
    if not words:
        raise UsageError("Which key? trust remove-key --key ID, as trust show lists them; or --key FILE.pub")

    def edit(root: Root) -> Root:
        for word in words:
            is_public = word.startswith("ed25519:") or word.endswith(".pub")
            id = find_key(root, read_public(word).id if is_public else word)
            root = revoke(root, id, _scopes(args))
        return root

    return _change(args, edit, f"remove-key {', '.join(words)}")


def _rotate(args: Args) -> Result:
    """A new end for the document; and other administrators, where ``add`` and ``remove`` name some."""
    added = [read_public(str(word)) for word in args.get("add") or ()]

    def edit(root: Root) -> Root:
        gone = {find_key(root, str(word)) for word in args.get("remove") or ()}
        kept = [id for id in root.administrators if id not in gone]
        administrators = tuple(dict.fromkeys([*kept, *(each.id for each in added)]))
        threshold = int(args.get("threshold") or root.threshold)
        if not 1 <= threshold <= len(administrators):
            raise UsageError(f"{threshold} administrators cannot have to sign where there are {len(administrators)}.")
        return replace(
            root,
            expires=parse_end(str(args.get("expires") or YEAR), now()),
            threshold=threshold,
            administrators=administrators,
            keys={**root.keys, **{each.id: each for each in added}},
        )

    return _change(args, edit, "rotate")


def _add_signature(args: Args) -> Result:
    """Sign the document in the file ``names``; it is put in its place when enough have signed it."""
    shelf, files = shelf_of(args), [str(name) for name in args.get("names") or ()]
    if len(files) != 1:
        raise UsageError("Which document? trust add-signature FILE, which trust … --out FILE wrote")
    file = Path(files[0])
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    root = parse_root(data, str(file))
    data = sign_root(root, data, _administrators(args))
    file.write_bytes(data)
    put_root(shelf.store, data)
    return _shown(shelf, Stored(root, data))


def _change(args: Args, edit: Callable[[Root], Root], action: str) -> Result:
    shelf = shelf_of(args)
    present = _trust_of(shelf).read()
    root = next_root(present, edit, by=person(), action=action)
    data = draft(root, _administrators(args))
    if args.get("out"):
        Path(str(args["out"])).write_bytes(data)
        return _shown(shelf, Stored(root, data)) | {"file": args["out"], "draft": True}
    put_root(shelf.store, data)
    return _shown(shelf, Stored(root, data))


def _administrators(args: Args) -> list[PrivateKey]:
    files = args.get("sign") or [file for file in (os.environ.get(SIGNING_KEY),) if file]
    if not files:
        raise UsageError(f"An administrator's key has to sign it: --sign FILE, or {SIGNING_KEY}.")
    return [read_private(Path(str(file)).expanduser()) for file in files]


def _trust_of(shelf: Shelf) -> Trust:
    info = shelf.info()
    return Trust(shelf.store, lambda: info.id, shelf.pins, cache=own_folder(read_config().cache))


def _scopes(args: Args) -> Mapping[str, Sequence[str]]:
    return {
        "projects": [str(name) for name in args.get("names") or ()],
        "locks": [str(name) for name in args.get("locks") or ()],
        "recall": ["*"] if args.get("recall") else [],
    }


def _shown(shelf: Shelf, found: Stored) -> Result:
    is_pinned = shelf.pins is not None
    return {
        "shelf": shelf.url,
        "fingerprint": format_fingerprint(sha256(found.data)),
        "pinned": is_pinned,
        **describe(found.root),
    }


def _owner_of(file: Path) -> str:
    """Whose key it is, as the public half says."""
    try:
        return read_public(f"{file}.pub").owner
    except ShelfError:
        return person()


def _ask_passphrase(file: Path) -> bytes:
    import getpass
    import sys

    if not sys.stdin.isatty():
        raise UsageError(f"--passphrase asks at a terminal; where there is none, set {PASSPHRASE}.")
    first = getpass.getpass(f"Passphrase for {file}: ")
    if not first or first != getpass.getpass("The same again: "):
        raise UsageError("The two are not the same, or empty. No key was made.")
    return first.encode()


ACTIONS: Mapping[str, Callable[[Args], Result]] = {
    "init": _init,
    "show": _show,
    "add-key": _add_key,
    "remove-key": _remove_key,
    "rotate": _rotate,
    "sign": sign,
    "add-signature": _add_signature,
}
