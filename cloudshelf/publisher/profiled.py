"""The script that imports one module and writes down what that touches. Run in a subprocess, by path.

Arguments: the module, the folder of site-packages, and JSON: submodules that may be imported besides, with the native
modules for which that is worth while (names by paths). Standard output is the record: one line an event, written at
once, so that a crash or a time limit keeps what came before. What the module prints goes nowhere.

    i PATH   opened by the import system (importlib opens sources and bytecode, and loads extensions)
    o PATH   opened by the program itself
    l PATH   a folder that the program listed
    x PATH   the body of a module begins: the modules that begin before its end are imported by it
    y PATH   it ends
    n PATH   a native library that is mapped at the end
    e TEXT   why the import failed
    m NAME   the module is imported; from here on it is what a submodule touches besides, in a process of its own
"""

import _frozen_importlib_external as external
import _imp
import contextlib
import json
import os
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SECONDS_OF_ONE = 10
SECONDS_OF_ALL = 20


def main() -> None:
    module, site = sys.argv[1:3]
    # The program's own output must not mix with the record.
    record = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    seen: set[tuple[str, str]] = set()
    _watch(record, f"{site}/", seen)
    _watch_bodies(record)
    try:
        __import__(module)
    except BaseException as error:  # SystemExit too: some modules are programs
        _write(record, "e", f"{type(error).__name__}: {error}"[:500])
    _write_libraries(record, f"{site}/")
    if module in sys.modules:
        _import_besides(record, json.loads(sys.argv[3]), seen)
    os._exit(0)  # without what modules want to do at exit


def _import_besides(record: int, submodules: "dict[str, dict[str, str]]", seen: "set[tuple[str, str]]") -> None:
    """Each in a fork: it costs only what it imports more, and what it breaks is broken for it alone."""
    deadline = time.monotonic() + SECONDS_OF_ALL
    for name, natives in submodules.items():
        if time.monotonic() > deadline:
            return
        if all(("i", path) in seen for path in natives):
            continue
        _write(record, "m", name)
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            continue
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS_OF_ONE)
        try:
            _import_one(name)
            for path, native in natives.items():  # of subpackages that their parent does not import
                if ("i", path) not in seen:
                    _import_one(native)
        finally:
            os._exit(0)


def _import_one(name: str) -> None:
    with contextlib.suppress(BaseException):
        __import__(name)


def _watch_bodies(record: int) -> None:
    """importlib's loaders call these; the body of a native module runs in the one or the other (PEP 489)."""

    def watched(function: "Callable[..., Any]", place: int) -> "Callable[..., Any]":
        def run(*arguments: "Any") -> "Any":
            about = arguments[place]
            path = str(getattr(getattr(about, "__spec__", about), "origin", ""))
            _write(record, "x", path)
            try:
                return function(*arguments)
            finally:
                _write(record, "y", path)

        return run

    basics: Any = external._LoaderBasics
    basics.exec_module = watched(basics.exec_module, 1)
    _imp.create_dynamic = watched(_imp.create_dynamic, 0)
    _imp.exec_dynamic = watched(_imp.exec_dynamic, 0)


def _watch(record: int, site: str, seen: "set[tuple[str, str]]") -> None:
    """Write every touch of a path below ``site``, once a kind."""
    getframe, fspath, fsdecode = sys._getframe, os.fspath, os.fsdecode
    abspath = os.path.abspath

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" or event == "os.listdir" or event == "os.scandir":
            path = arguments[0]
            flags = arguments[2] if event == "open" else 0
            if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR):
                return
        elif event == "import" or event == "ctypes.dlopen":
            path = arguments[event == "import"]
        else:
            return
        if path is None or isinstance(path, int):
            return
        try:
            text = abspath(fsdecode(fspath(path)))  # type: ignore[call-overload]
        except Exception:
            return
        if not text.startswith(site):
            return
        caller = getframe(1).f_code.co_filename
        if event == "import":
            letter = "i"
        elif caller.startswith(("<frozen importlib", "<frozen zipimport")):
            if event != "open":
                return  # the path finder lists folders
            letter = "i"
        else:
            letter = "o" if event in ("open", "ctypes.dlopen") else "l"
        if (letter, text) not in seen:
            seen.add((letter, text))
            _write(record, letter, text)

    sys.addaudithook(hook)


def _write_libraries(record: int, site: str) -> None:
    seen: set[str] = set()
    with open("/proc/self/maps", errors="surrogateescape") as maps:
        for line in maps:
            path = line.partition("/")[2].rstrip("\n")
            if f"/{path}".startswith(site) and path not in seen:
                seen.add(path)
                _write(record, "n", f"/{path}")


def _write(record: int, letter: str, text: str) -> None:
    os.write(record, f"{letter} {text}".replace("\n", " ").encode("utf-8", "surrogateescape") + b"\n")


if __name__ == "__main__":
    main()
