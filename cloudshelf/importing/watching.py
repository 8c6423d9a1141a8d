"""While files of an environment are missing: what a program looks at by its path is brought, and listings are whole.

No import hook sees ``os.stat``, ``open``, ``os.listdir`` or the arguments of a compiler. So these functions are
replaced for as long as something is missing, and put back when nothing is: an audit hook would slow every program for
ever. A hit costs one call more; only what was *not found* is compared with the index. What C code opens by itself is
not seen: data and libraries are there before (docs/architecture.md).

Code that is loaded by its path is in ``by_path``, what changes files in ``changing``.
"""

from __future__ import annotations

import _io
import builtins
import io
import os
import posix
import sys

from . import by_path, changing
from .listing import Listing
from .locating import Replacements, absent_names, bring, bring_below, locate, look, settle, stubs, watched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

    from .state import Environment

_CALLS = 128  # between two looks at whether everything is in place by now
_ENDS = frozenset(" \t\n\0:;,\"'")  # what a path ends at, within an argument or a variable
_SPACES = {ord(letter): " " for letter in _ENDS}
_OWN_VARIABLES = (b"PATH=", b"VIRTUAL_ENV=", b"CLOUDSHELF_", b"PWD=", b"OLDPWD=", b"_=")
# Where programs look for what they need: one that names all of ``lib`` does not mean every distribution.
_SEARCHED = (b"LD_LIBRARY_PATH=", b"LIBRARY_PATH=", b"CPATH=", b"PKG_CONFIG_PATH=", b"CMAKE_PREFIX_PATH=")
_FUNCTIONS = ("stat", "lstat", "access", "open", "listdir", "scandir")
_STARTERS = ("execv", "execve", "posix_spawn", "posix_spawnp", "system")
# Modules that keep ``open`` under a name of their own: what a notebook's cells call is IPython's.
_KEEPERS = (
    ("IPython.core.interactiveshell", "io_open"),
    ("bz2", "_builtin_open"),
    ("lzma", "_builtin_open"),
    ("tarfile", "bltn_open"),
    ("tokenize", "_builtin_open"),
)
_real_open = _io.open
_real_fork_exec: list[Callable[..., int]] = []  # filled when _posixsubprocess is there


def watch(environment: Environment) -> None:
    """Have what programs look at in ``environment`` brought, until everything of it is in place."""
    if environment not in watched:
        watched.append(environment)
        for root in environment.roots:
            stubs.update({f"{root}{place}": (environment, place) for place in environment.absent_programs()})
    if len(watched) == 1:
        _install()


def watch_module(module: ModuleType) -> None:
    """``subprocess``, ``ctypes`` or ``sqlite3`` was loaded: what it starts or opens is seen as well, while something is
    watched."""
    if watched:
        _install()


def rest() -> None:
    """Stop watching environments that are complete; with the last one, the functions are themselves again."""
    _budget[0] = _CALLS
    for environment in [e for e in watched if e.is_complete()]:
        watched.remove(environment)
        for path in [path for path, (owner, _) in stubs.items() if owner is environment]:
            del stubs[path]
    if not watched:
        _uninstall()


_budget = [_CALLS]


def _spend() -> None:
    _budget[0] -= 1
    if _budget[0] <= 0:
        rest()


class _Builtins(Replacements):
    __slots__ = ()

    def open(
        self,
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        _spend()
        if stubs:
            settle(file)
        if changing.is_writing(mode):
            bring(file)
        try:
            return _real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        except FileNotFoundError:
            __tracebackhide__ = True
            if not look(file):
                raise
        return _real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)


class _Os(Replacements):
    __slots__ = ()

    def stat(self, path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
        _spend()
        if stubs:
            settle(path)
        try:
            return posix.stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        except FileNotFoundError:
            if not look(path, dir_fd):
                raise
        return posix.stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    def lstat(self, path: Any, *, dir_fd: int | None = None) -> os.stat_result:
        if stubs:
            settle(path)
        try:
            return posix.lstat(path, dir_fd=dir_fd)
        except FileNotFoundError:
            if not look(path, dir_fd):
                raise
        return posix.lstat(path, dir_fd=dir_fd)

    def access(
        self,
        path: Any,
        mode: int,
        *,
        dir_fd: int | None = None,
        effective_ids: bool = False,
        follow_symlinks: bool = True,
    ) -> bool:
        options: Any = {"dir_fd": dir_fd, "effective_ids": effective_ids, "follow_symlinks": follow_symlinks}
        return posix.access(path, mode, **options) or (look(path, dir_fd) and posix.access(path, mode, **options))

    def open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if stubs:
            settle(path)
        if flags & changing.WRITING:
            bring(path, dir_fd)
        try:
            return posix.open(path, flags, mode, dir_fd=dir_fd)
        except FileNotFoundError:
            if not look(path, dir_fd):
                raise
        return posix.open(path, flags, mode, dir_fd=dir_fd)

    def listdir(self, path: Any = None) -> list[Any]:
        _spend()
        names: list[Any] = posix.listdir(path)
        absent = absent_names(path)
        if absent:
            ours: list[Any] = [os.fsencode(name) for name in absent] if isinstance(path, bytes) else absent
            names += set(ours).difference(names)
        return names

    def scandir(self, path: Any = None) -> Any:
        _spend()
        found = locate(path)
        absent = [] if found is None else found[0].absent_names(found[1])
        entries = posix.scandir(path)
        return Listing(entries, path, absent) if absent or (found is not None and found[0].linked) else entries

    def execv(self, path: Any, argv: Any, /) -> None:
        _bring_for_program(argv, None, path)
        posix.execv(path, argv)

    def execve(self, path: Any, argv: Any, env: Any) -> None:
        _bring_for_program(argv, env, path)
        posix.execve(path, argv, env)

    def posix_spawn(self, path: Any, argv: Any, env: Any, /, **options: Any) -> int:
        _bring_for_program(argv, env, path)
        return posix.posix_spawn(path, argv, env, **options)

    def posix_spawnp(self, path: Any, argv: Any, env: Any, /, **options: Any) -> int:
        _bring_for_program(argv, env, path)
        return posix.posix_spawnp(path, argv, env, **options)

    def system(self, command: Any) -> int:
        _bring_for_program([command], None, "sh")
        return posix.system(command)


class _Subprocess(Replacements):
    __slots__ = ()

    def fork_exec(self, args: Any, executable_list: Any, *rest: Any) -> int:
        """``rest`` begins with close_fds, pass_fds, cwd, env (Lib/subprocess.py, the same from 3.11 to 3.14)."""
        _bring_for_program(args, rest[3], next(iter(executable_list), None), cwd=rest[2])
        return _real_fork_exec[0](args, executable_list, *rest)


_builtins = _Builtins("builtins")
_os = _Os("os")
_subprocess = _Subprocess("_posixsubprocess")


def _places() -> Iterator[tuple[Any, str, Any, Any]]:
    """(module, name, original, replacement) of everything that is replaced."""
    for module in (builtins, io):
        yield module, "open", _real_open, _open
    for name, attribute in _KEEPERS:
        if name in sys.modules:
            yield sys.modules[name], attribute, _real_open, _open
    for name, replacement in _replaced.items():
        yield os, name, getattr(posix, name), replacement
    yield from by_path.places(_os.listdir)
    if "subprocess" in sys.modules:  # it took its function from the other when it was loaded
        helper = sys.modules["_posixsubprocess"]
        if not _real_fork_exec:
            _real_fork_exec.append(helper.fork_exec)
        yield helper, "fork_exec", _real_fork_exec[0], _fork_exec
        yield sys.modules["subprocess"], "_fork_exec", _real_fork_exec[0], _fork_exec


# One object a function, so that ``os.stat is os.stat`` stays true.
_open = _builtins.open
_fork_exec = _subprocess.fork_exec
_changes = changing.Changes("os")
_replaced: dict[str, Any] = {
    **{name: getattr(_os, name) for name in (*_FUNCTIONS, *_STARTERS)},
    **{name: getattr(_changes, name) for name in changing.FUNCTIONS},
}
for _name, _replacement in (("open", _open), *_replaced.items()):
    _replacement.__func__.__doc__ = getattr(builtins if _replacement is _open else posix, _name).__doc__


def _install() -> None:
    for module, name, original, replacement in _places():
        if getattr(module, name, None) is original:
            setattr(module, name, replacement)
    for capable in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks):
        for name, replacement in _replaced.items():
            if getattr(posix, name) in capable:
                capable.add(replacement)


def _uninstall() -> None:
    for module, name, original, replacement in _places():
        if getattr(module, name, None) is replacement:  # else somebody replaced ours, and still calls it
            setattr(module, name, original)


def _bring_for_program(argv: Any, env: Any, program: Any = None, cwd: Any = None) -> None:
    """What a program will look at that is told a path of an environment.

    A Python has our hooks or its own way to the files; any other program opens what it was told, and what lies below.
    One of the environment itself that is told of its Python (a type checker, cmake) asks that where everything is.
    """
    words = [os.fsencode(word) for word in argv if isinstance(word, (str, bytes)) or hasattr(word, "__fspath__")]
    is_python = os.path.basename(os.fsdecode(program or b"")).startswith("python")
    found, searched = None, list[bytes]()
    if not is_python:
        told = _variables(env, words)
        searched = [line for line in told if line.startswith(_SEARCHED)]
        words += [line for line in told if not line.startswith(_SEARCHED)]
        found = None if program is None else locate(program, cwd=cwd)
        if found is not None:
            found[0].touch_program(found[1])
        _bring_around(words, cwd)
    for environment in watched:
        for place in _mentioned(environment, words):
            whole = found is not None and place.startswith("bin/python")
            environment.touch_below("" if whole else place, all_of_site=not is_python)
        for place in _mentioned(environment, searched):
            environment.touch_below(place, all_of_site=False)


def _bring_around(words: list[bytes], cwd: Any) -> None:
    """For a program that is started within a package: what lies below, and what words name from there."""
    found = locate(os.curdir if cwd is None else cwd)
    if found is None or not found[1]:
        return
    found[0].touch_below(found[1], all_of_site=True)
    for word in words:
        for token in os.fsdecode(word).translate(_SPACES).split():
            if token.startswith("../"):
                bring_below(token if cwd is None else os.path.join(os.fsdecode(cwd), token))


def _variables(env: Any, words: list[bytes]) -> list[bytes]:
    """``NAME=value`` of the variables that a program is given, without those that merely name an environment.

    Of those that it inherits none that leads into a plain tree, unless ``words`` name it: a data set tells by one where
    it is, and shall not come because some program is started.
    """
    inherited = env is None
    if inherited:
        env = getattr(os.environ, "_data", os.environ)
    if hasattr(env, "items"):
        env = [os.fsencode(name) + b"=" + os.fsencode(value) for name, value in env.items()]
    lines = [line for line in env if not line.startswith(_OWN_VARIABLES)]
    return [line for line in lines if not (inherited and _is_of_tree(line) and not _is_named(line, words))]


def _is_of_tree(line: bytes) -> bool:
    return any(os.fsencode(f"{root}opt/") in line for environment in watched for root in environment.roots)


def _is_named(line: bytes, words: list[bytes]) -> bool:
    name = line.partition(b"=")[0]
    return any(name in word for word in words)


def _mentioned(environment: Environment, words: list[bytes]) -> Iterator[str]:
    """The places within ``environment`` that words name: ``-I/path``, ``NAME=/path:/path``."""
    for root in environment.roots:
        name = os.fsencode(root)
        for word in words:
            at = word.find(name)
            while at >= 0:
                text = os.fsdecode(word[at:])
                stop = next((i for i, letter in enumerate(text) if letter in _ENDS), len(text))
                place = environment.place_of(text[:stop])
                if place:
                    yield place
                at = word.find(name, at + 1)
