"""While files are missing: the standard library's own ways to load code by its path, used by somebody else.

``spec_from_file_location``, a ``FileFinder`` with other loaders, ``zipimport`` and ``runpy`` do not go through ``os``,
nor through our finder; ``ctypes`` hands a path to the dynamic linker, and ``sqlite3`` one to SQLite, which makes an
empty database of what is not there.
"""

from __future__ import annotations

import _frozen_importlib_external as external
import _io
import io
import posix
import sys

from .loader import disguised
from .locating import Replacements, bring, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_real_open_code = _io.open_code
_real_create_module = external.ExtensionFileLoader.create_module
_real_dlopen: list[Callable[..., int]] = []  # filled when ctypes is there
_real_connect: list[Callable[..., Any]] = []  # filled when sqlite3 is there


class _Io(Replacements):
    __slots__ = ()

    def open_code(self, path: Any) -> Any:
        try:
            return _real_open_code(path)
        except FileNotFoundError:
            if not bring(path):
                raise
        return _real_open_code(path)


class _Ctypes(Replacements):
    __slots__ = ()

    def dlopen(self, name: Any, *mode: Any) -> int:
        """``name`` without a slash is looked for by the linker, in places of its own (dlopen(3))."""
        if name is not None and ("/" if isinstance(name, str) else b"/") in name:
            found = locate(name)
            if found is not None:
                found[0].touch_library(found[1])
        return _real_dlopen[0](name, *mode)


class _Sqlite(Replacements):
    __slots__ = ()

    def connect(self, database: Any, *args: Any, **options: Any) -> Any:
        bring(_file_of(database))
        return _real_connect[0](database, *args, **options)


def _file_of(database: Any) -> Any:
    """The file that SQLite opens: ``database`` itself, or what a URI of it names (sqlite.org/uri.html)."""
    if not isinstance(database, str) or not database.startswith("file:"):
        return database
    path = database[5:].partition("#")[0].partition("?")[0]
    if path.startswith("//"):
        path = "/" + path[2:].partition("/")[2]
    if "%" in path:
        from urllib.parse import unquote

        path = unquote(path)
    return path


class _Posix:
    """What importlib's finders and loaders call ``_os``: the module ``posix``, but for two functions."""

    def __init__(self, listdir: Any) -> None:
        self.listdir = listdir

    def __getattr__(self, name: str) -> Any:
        return getattr(posix, name)

    def stat(self, path: Any) -> Any:
        """Without ``settle``: a Python that starts looks at its script so, and that can be a stub."""
        try:
            return posix.stat(path)
        except FileNotFoundError:
            if not bring(path):
                raise
        return posix.stat(path)


@disguised
def _create_module(self: Any, spec: Any) -> Any:
    bring(self.path)
    return _real_create_module(self, spec)


_open_code = _Io("_io").open_code
_open_code.__func__.__doc__ = _real_open_code.__doc__  # type: ignore[attr-defined]
_dlopen = _Ctypes("_ctypes").dlopen
_connect = _Sqlite("sqlite3").connect


def places(listdir: Any) -> Iterator[tuple[Any, str, Any, Any]]:
    """(module, name, original, replacement), as in ``watching``, whose ``listdir`` is given."""
    global _posix
    _posix = _posix or _Posix(listdir)
    yield external, "_os", posix, _posix
    yield external.ExtensionFileLoader, "create_module", _real_create_module, _create_module
    for module in (_io, io):
        yield module, "open_code", _real_open_code, _open_code
    ctypes = sys.modules.get("ctypes")
    if ctypes is not None:
        if not _real_dlopen:
            _real_dlopen.append(ctypes._dlopen)
        yield ctypes, "_dlopen", _real_dlopen[0], _dlopen
    if "sqlite3" in sys.modules:
        if not _real_connect:
            _real_connect.append(sys.modules["_sqlite3"].connect)
        for name in ("_sqlite3", "sqlite3.dbapi2", "sqlite3"):
            yield sys.modules[name], "connect", _real_connect[0], _connect


_posix: _Posix | None = None
