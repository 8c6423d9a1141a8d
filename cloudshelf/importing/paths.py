"""Where the cache is, where a fetcher listens, and whether those places are ours alone."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping, Sequence

from ..errors import CacheUnusable, DiskFull, SocketFolderUnusable

# These say what a process works with, not with which credentials: they go through the protocol.
_PER_PROCESS = {
    "CLOUDSHELF_ENVIRONMENT",
    "CLOUDSHELF_PROVIDED",
    "CLOUDSHELF_URL",
    "CLOUDSHELF_CONFIG",
    "CLOUDSHELF_CACHE",
    "CLOUDSHELF_PROFILE",
}
_ALSO = {"HOME", "SSL_CERT_FILE", "SSL_CERT_DIR"}
_FILES = ("_FILE", "_BUNDLE", "_CONFIG", "_DIR")
_LONGEST = 100  # bytes; sun_path has 108 with its zero, unix(7)


def cache_folder(environ: Mapping[str, str] | None = None) -> str:
    """$CLOUDSHELF_CACHE, the configured one, $XDG_CACHE_HOME/cloudshelf or ~/.cache/cloudshelf, as an absolute path."""
    if environ is None:
        environ = os.environ
    chosen = environ.get("CLOUDSHELF_CACHE")
    if not chosen:
        try:
            from ..config import read_config
        except ImportError:  # this is the copy that environments use
            base = environ.get("XDG_CACHE_HOME") or os.path.join(_home(environ), ".cache")
            chosen = f"{base}/cloudshelf"
        else:
            return str(read_config(environ).cache)
    if chosen.startswith("~/"):
        chosen = _home(environ) + chosen[1:]
    return os.path.abspath(chosen)


def socket_folder(cache: str, environ: Mapping[str, str] | None = None) -> str:
    """A folder of ours alone for sockets, made when it is not there; short, as a socket's path has to be.

    $XDG_RUNTIME_DIR/cloudshelf, else /tmp/cloudshelf-<uid>; where somebody else has made that, in ``cache``. Raises
    SocketFolderUnusable.
    """
    if environ is None:
        environ = os.environ
    uid = os.geteuid()
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    places = [f"/tmp/cloudshelf-{uid}", f"{cache}/fetcher"]
    if runtime and _is_private(runtime, uid):
        places.insert(0, f"{runtime}/cloudshelf")
    refused = None
    for place in places:
        if len(os.fsencode(place)) <= _LONGEST - 30:
            try:
                return private_folder(place)
            except CacheUnusable as error:
                refused = refused or SocketFolderUnusable(*error.args)
    raise refused or SocketFolderUnusable(places[0], "its path is too long")


def socket_path(cache: str, command: Sequence[str], environ: Mapping[str, str] | None = None) -> str:
    """Where the fetcher for ``cache`` listens that ``command`` starts and that has the credentials of ``environ``.

    Raises CacheUnusable.
    """
    from _blake2 import blake2b  # not hashlib: that loads OpenSSL

    if environ is None:
        environ = os.environ
    facts = [os.path.realpath(cache), *command[:1]]
    facts += sorted(f"{name}={absolute_setting(name, v)}" for name, v in environ.items() if _is_credential(name))
    name = blake2b("\0".join(facts).encode("utf-8", "surrogateescape"), digest_size=10).hexdigest()
    return f"{socket_folder(cache, environ)}/{name}"


def absolute_setting(name: str, value: str) -> str:
    """The value of a variable; of one that names a file, relative to our folder, its absolute path.

    A fetcher works in another folder, and serves processes of any.
    """
    is_file = name.startswith(("AWS_", "SSL_", "CLOUDSHELF_")) and name.endswith((*_FILES, "_SIGNING_KEY"))
    return os.path.abspath(value) if is_file and value and value[0] not in "/~" else value


def private_folder(path: str) -> str:
    """``path``, made if need be: a folder, not a link, that we own and nobody else can enter.

    One that others could enter is closed to them; one that they could write to, and in which something lies, is
    refused: it may be theirs. Raises CacheUnusable.
    """
    try:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        if not os.path.lexists(path):
            os.makedirs(path, 0o700, exist_ok=True)  # somebody else may make it now
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (NotADirectoryError, FileExistsError):
        raise CacheUnusable(path, "it is not a folder, or a link to one") from None
    except OSError as error:
        raise unusable(path, error) from None
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            raise CacheUnusable(path, "another user owns it")
        if status.st_mode & 0o022 and os.listdir(descriptor):
            raise CacheUnusable(
                path, f"others can write to it, so what lies there may be theirs (if you trust it: chmod 700 {path})"
            )
        if stat.S_IMODE(status.st_mode) & 0o077:
            os.fchmod(descriptor, 0o700)
    except OSError as error:
        raise unusable(path, error) from None
    finally:
        os.close(descriptor)
    return path


def unusable(path: str, error: OSError) -> CacheUnusable:
    """What ``error`` says of a place in the cache, in our words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(path)
    return CacheUnusable(path, error.strerror or str(error))


def _is_private(path: str, uid: int) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == uid and not status.st_mode & 0o022


def _is_credential(name: str) -> bool:
    upper = name.upper()
    return (
        name.startswith(("AWS_", "CLOUDSHELF_")) or upper.endswith("_PROXY") or name in _ALSO
    ) and name not in _PER_PROCESS


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or os.path.expanduser("~")
