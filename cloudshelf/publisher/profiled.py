"""The script that imports one module and writes down what that touches. Run in a subprocess, by path.

Arguments: the module, the folder of site-packages. Standard output is the record: one line an event, written at once,
so that a crash or a time limit keeps what came before. What the module prints goes nowhere.

    i PATH   opened by the import system (importlib opens sources and bytecode, and loads extensions)
    o PATH   opened by the program itself
    l PATH   a folder that the program listed
    n PATH   a native library that is mapped at the end
    e TEXT   why the import failed
"""

import os
import sys


def main() -> None:
    module, site = sys.argv[1:3]
    # The program's own output must not mix with the record.
    record = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    _watch(record, f"{site}/")
    try:
        __import__(module)
    except BaseException as error:  # SystemExit too: some modules are programs
        _write(record, "e", f"{type(error).__name__}: {error}"[:500])
    _write_libraries(record, f"{site}/")
    os._exit(0)  # without what modules want to do at exit


def _watch(record: int, site: str) -> None:
    """Write every touch of a path below ``site``, once a kind."""
    seen: set[tuple[str, str]] = set()
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
    seen = set()
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
