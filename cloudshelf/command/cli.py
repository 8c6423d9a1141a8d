"""The command ``cloudshelf``: words → verb → page. Verbs run in this process; ``run`` becomes the command it runs."""

from __future__ import annotations

import gc
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import CacheUnusable, NoShelf, ShelfError, UsageError
from ..language import grammar
from ..language.arguments import prepare, write_text
from ..visible import visible
from . import interrupts


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0; 1 to 4 as the error says (errors.py); 130 after Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words[: words.index("--")] if "--" in words else "--debug" in words
    try:
        return _obey(grammar.parse_words(words))
    except grammar.HelpAsked as page:
        print(page.args[0], end="")
        return 0
    except KeyboardInterrupt:
        _say("interrupted; running it again continues where it stopped.")
        return 130
    except BrokenPipeError:  # `cloudshelf ls | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except ShelfError as error:
        if debug:
            raise
        _say(str(error))
        return error.exit_code
    except OSError as error:  # of the machine; what an object or the cache has is an error of ours
        if debug:
            raise
        where = f"{error.filename}: " if error.filename else ""
        _say(f"{where}{error.strerror or error}. The full story: --debug")
        return 1


def _obey(command: grammar.Command) -> int:
    if command.verb == "help":
        print(grammar.overview("command"), end="")
        return 0
    if command.verb == "run":
        return _run(command)
    gc.enable()  # run goes on without: it lives for a moment, and what it makes it keeps
    from .. import render
    from ..render.bars import Bars

    args = prepare(command)
    if command.verb == "lock" and args.get("notebook"):
        _serve("refuse-open-notebook", args, None)
    if command.verb == "purge" and sys.stdin.isatty() and not (args["yes"] or args["dry_run"] or command.json):
        args["yes"] = _confirmed(args)
    bars = Bars(_bar)
    try:
        if sys.stderr.isatty():
            bars({"stage": command.verb})  # not every verb reports
        result = _serve(command.verb, args, bars if sys.stderr.isatty() else None)
        bars.close(finished=True)
    finally:
        bars.close()
    if command.verb in ("lock", "freeze") and args["output"] and "problem" not in result:
        write_text(args["output"], result["lock" if command.verb == "lock" else "text"])
        result["file"] = args["output"]
    if command.verb == "bootstrap" and args["output"]:
        write_text(args["output"], f"{result['script'].rstrip()}\n")
        result["file"] = args["output"]
    if command.verb == "lock" and args.get("notebook"):
        result = _put_into_notebook(args, result)
    if command.verb == "sync":  # nothing stays pinned in a terminal
        name = shlex.quote(str(args["lock_name"]))
        option = "--notebook" if args.get("notebook") else "--lock"
        result["notes"] = [*result["notes"], f"Run in it with: cloudshelf run {option} {name} -- python script.py"]
    is_becoming_mount = "command" in result and command.verb == "mount"
    if is_becoming_mount:
        interrupts.hold_back()
    print(render.to_json(result) if command.json else render.to_text(command.verb, result))
    if is_becoming_mount:
        sys.stdout.flush()
        os.execv(result["command"][0], result["command"])
    if command.verb in ("policy", "env", "bootstrap") and not command.json:  # what goes into a file stands alone
        for note in result["notes"]:
            _say(note)
    if command.verb == "request" and result["url"] and not command.json and not command.args["no_browser"]:
        _open_browser(str(result["url"]))
    return int(result.get("exit_code", 0))


def _confirmed(args: dict[str, Any]) -> bool:
    """Whether the person in front of the terminal wants the purge, after having seen what it breaks."""
    from .. import render

    print(render.to_text("purge", _serve("purge", {**args, "dry_run": True}, None)))
    return input("Purge it for good? [y/N] ").strip().lower() in ("y", "yes")


def _open_browser(url: str) -> None:
    """Open ``url`` where somebody sits before a screen; it was printed, so whatever else happens is no error."""
    if not any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")):
        return
    import webbrowser

    with suppress(webbrowser.Error, OSError):
        webbrowser.open(url)


def _serve(verb: str, args: dict[str, Any], progress: Callable[[dict[str, Any]], None] | None) -> dict[str, Any]:
    from ..verbs import serve

    return serve(verb, args, progress or (lambda event: None))


def _put_into_notebook(args: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """The result of a lock after its text went into the notebook's file."""
    put = _serve("put-lock", {**args, "lock": result["lock"]}, None)
    asked = [f"Asked for: {', '.join(result['requirements'])}"] if result.get("requirements") else []
    return {
        **result,
        **put,
        "file": args["notebook_name"],
        "pins": result["pins"],
        "notes": [*asked, *result["notes"], *put["notes"]],
    }


def _bar() -> Any:
    """tqdm, with room for the terminal's echo of Ctrl-C: where that began a new line, bars and message would mix."""
    import shutil
    from functools import partial

    from tqdm import tqdm

    return partial(tqdm, ncols=max(20, shutil.get_terminal_size().columns - 4))


def _say(message: str) -> None:
    """A message to a person, on lines where no bar is left."""
    if sys.stderr.isatty():
        print("\r\x1b[J", end="", file=sys.stderr)
    print(f"cloudshelf: {visible(message)}", file=sys.stderr)


def _run(command: grammar.Command) -> int:
    """Replace this process by the command, in an environment that holds exactly what was asked for.

    Being replaced is what passes the exit status, signals and the terminal through.
    """
    interrupts.watch()
    args = prepare(command)
    words: list[str] = args.pop("command")
    if not words:
        raise UsageError("run needs a command: cloudshelf run --with pandas -- python script.py")
    has_lock = bool(args.get("lock") or args.get("lock_ref"))
    if not args["shelf"] and not args.get("lock"):
        raise NoShelf()
    environment, presence = _hold_built("sync" if has_lock else "use", args)
    from ..importing.client import expect
    from ..importing.presence import is_complete
    from ..importing.starting import leave_children
    from .program import first_imports

    environ = isolated(os.environ, environment)
    if args.get("inherit") or args.get("notebook"):
        environ = inheriting(environ, environment)
    if args.get("notebook"):
        environ["CLOUDSHELF_NOTEBOOK"] = args["notebook"]  # `%shelf sync --notebook` in a kernel that starts
    program = _which(words[0], environ["PATH"])
    if not args.get("fill") and not is_complete(environment):
        with suppress(ShelfError):  # who needs a file is told
            expect(environment, first_imports(program, words[1:]))  # brought while the command starts
    leave_children()
    sys.stdout.flush()
    sys.stderr.flush()
    interrupts.check()
    if not args.get("profile"):
        os.execve(program, words, environ)
    from .profiling import end_as, run_profiled, show

    status, profile = run_profiled(program, words, environ, presence)
    show(profile, as_json=command.json)
    return end_as(status)


def _hold_built(verb: str, args: dict[str, Any]) -> tuple[str, bytes]:
    """As ``_build``; this process, and the program that it becomes, keeps ``cache clear`` away."""
    for again in (True, True, False):
        try:
            built = _build(verb, args)
            from ..importing.activate import hold

            os.set_inheritable(hold(built[0]), True)
            break
        except CacheUnusable as error:
            if Path(error.path).exists() or not again:  # else it was removed between being found and being held
                raise
    return built


def _build(verb: str, args: dict[str, Any]) -> tuple[str, bytes]:
    """The environment of ``run``, and what was in place in it before it was filled, if that is asked for."""
    from ..importing.client import call, reach
    from ..importing.paths import cache_folder
    from ..importing.starting import has_started

    # A fetcher that runs has its libraries loaded. Where nothing is there yet one is started while this process works:
    # here, if that was not done as the very first thing (early.py).
    is_new = not Path(cache_folder(), "environments").exists()
    told = _Late() if sys.stderr.isatty() else None
    is_reached = reach(start=is_new, shelf=str(args["shelf"] or "")) and not has_started()
    from ..environment.trees import absent_tools

    try:
        answer = call(verb, args, told) if is_reached else _serve(verb, args, told)
        environment = str(answer["environment"])
        presence = Path(environment, ".cloudshelf", "presence").read_bytes() if args.get("profile") else b""
        if args.get("fill"):
            _serve("fill", {"environment": environment}, told)
        elif tools := absent_tools(environment):
            _serve("fill", {"environment": environment, "projects": tools}, told)
    finally:
        if told is not None:
            told.close()
    for note in answer["notes" if verb == "use" else "warnings"]:  # of a lock everything else is known
        _say(str(note))
    return environment, presence


class _Late:
    """Bars for a command that is mostly over before one is due: what draws them is loaded when it is."""

    def __init__(self) -> None:
        from ..render.ticker import Ticker

        self._bars: Any = None
        self._ticker = Ticker(self._show, delay=1.0)

    def __call__(self, event: dict[str, Any]) -> None:
        interrupts.check()
        self._ticker(event)

    def _show(self, event: Mapping[str, Any]) -> None:
        if self._bars is None:
            from ..render.bars import Bars

            self._bars = Bars(_bar)
        self._bars.show(event)

    def close(self) -> None:
        self._ticker.close()
        if self._bars is not None:
            self._bars.close(finished=True)


def isolated(environ: os._Environ[str] | dict[str, str], environment: str) -> dict[str, str]:
    """The variables of a process whose Python is that of ``environment``, and which sees nothing else.

    It is no activated venv: every run of the lock shares it, and uv installs into what VIRTUAL_ENV names, else into
    the first Python on PATH if that is a venv. uv 0.11.8 and newer look at UV_PYTHON_SEARCH_PATH instead.
    """
    from ..environment.variables import entered, left

    outer = environ.get("CLOUDSHELF_ENVIRONMENT")
    inner = left(environ, outer) if outer else dict(environ)
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CLOUDSHELF_ENVIRONMENT"):
        inner.pop(name, None)
    inner.setdefault("PATH", os.defpath)
    return {"UV_PYTHON_SEARCH_PATH": inner["PATH"]} | entered(inner, environment)


def inheriting(isolated: Mapping[str, str], environment: str) -> dict[str, str]:
    """The variables of a process in which other Pythons than the environment's see it too, by ``subprocess_hook``."""
    return {**isolated, "CLOUDSHELF_ENVIRONMENT": environment}


def _which(program: str, path: str) -> str:
    import shutil

    found = shutil.which(program, path=path)
    if found is None and Path(program).is_file():
        raise UsageError(f"The file {program} is not executable; make it so with: chmod +x {shlex.quote(program)}")
    if found is None:
        raise UsageError(f"The command {program!r} was not found, neither in the environment nor on PATH.")
    return found
