"""``%shelf`` and ``%%shelf``: decode, session or fetcher, encode."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Unicode
from traitlets.config import SingletonConfigurable

from cloudshelf import grammar
from cloudshelf.arguments import expand_requirements, prepare, write_text
from cloudshelf.errors import Interrupted, ShelfError, UsageError
from cloudshelf.render import Bars
from cloudshelf.session import Session, current, project_of

from . import browser, completer, display, progress, question, restart, zero_step
from .profile_cell import profile_cell


class CloudShelf(SingletonConfigurable):
    """Settings in IPython's or Jupyter's configuration files, such as ``c.CloudShelf.url``."""

    url = Unicode("", help="The shelf of every notebook, such as s3://our-shelf/curated").tag(config=True)


@magics_class
class ShelfMagics(Magics):
    """The magics; ``session`` holds what this kernel has pinned."""

    def __init__(self, shell: Any, session: Session) -> None:
        super().__init__(shell=shell)
        self.session = session

    @no_var_expand  # nothing in the line is evaluated, {braces} and $names included
    @line_cell_magic
    def shelf(self, line: str, cell: str | None = None) -> None:
        """Import distributions from a shelf, without installing them.

        Begin
            %shelf connect s3://our-shelf/curated    which shelf (or set CLOUDSHELF_URL); file:///folder too
            %shelf ls                                what is on it
            %shelf use pandas                        pin pandas with what it needs; from here on: import pandas
            import polars                            not pinned by anybody: the shelf's default is then

        Choose versions
            %shelf use torch==2.1.2 pandas>=2.2,<3   any PEP 440 specifier, quotes are not needed
            %shelf use torch==<Tab>                  the versions that the shelf has
            %shelf use --restart numpy==1.26.4       when another version is loaded already
            %shelf drop torch                        no longer asked for
            %%shelf                                  first line of a cell of requirements, as in requirements.txt

        Look
            %shelf                                   what is pinned, loaded and fetched
            %shelf browse                            the shelf as a list to filter, with details and a Use button
            %shelf profile                           what the last imports took; %%shelf profile: those of a cell
            %shelf ls torch                          its versions; ls torch==2.1.2: its files
            %shelf show torch                        all about it
            %shelf search image                      projects by words of their names and summaries
            %shelf why numpy                         who asked for it

        Share
            %shelf lock pylock.toml                  write all pins to a file (PEP 751)
            %shelf sync pylock.toml                  exactly those pins, here or on another machine
            %shelf fill                              bring every file now, for work without a network

        When something is wrong
            %shelf doctor                            settings, shelf, cache: what works and what does not
            %shelf traceback                         the last error in full
            %shelf cache clear                       make room: everything can come again

        Every verb, those for curators too: %shelf --help. One of them, with examples: %shelf use?
        """
        debug = "--debug" in line.split()
        try:
            self._obey(line, cell)
        except grammar.HelpAsked as page:
            print(page.args[0], end="")
        except ShelfError as error:
            if debug:
                print(display.full_traceback_of(self.shell, error), file=sys.stderr)
            raise
        except KeyboardInterrupt:
            raise Interrupted() from None

    def _obey(self, line: str, cell: str | None) -> None:
        words = grammar.split_line(line)
        profiled = cell if words[:1] == ["profile"] else None
        if cell is not None and profiled is None:
            words = _cell_words(words, cell)
        command = grammar.parse_words(words, face="magic")
        bars = self.bars()
        try:
            if profiled is None:
                bars({"stage": command.verb})  # not every verb reports
            with self._connected(command):
                if profiled is None:
                    result = self._answer(command, bars)
                else:
                    result = profile_cell(self.shell, self.session, profiled)
            bars.close(finished=True)
        finally:
            bars.close()
        if result is not None:
            display.show(command.verb, result, as_json=command.json)

    def bars(self) -> Bars:
        return Bars(partial(progress.bar_class, self.shell), delay=progress.DELAY)

    @contextlib.contextmanager
    def _connected(self, command: grammar.Command) -> Iterator[None]:
        """With --shelf, a verb about pins connects to that shelf, if it succeeds; a look at another shelf does not."""
        if not command.shelf or not _about_pins(command):
            yield
            return
        before = self.session.url
        self.session.connect(command.shelf)
        try:
            yield
        except BaseException:
            if before:
                self.session.configure(before)
            raise

    def _connect(self, url: str | None) -> dict[str, Any]:
        """What stays asked for may not be on the other shelf, and then no ``use`` succeeds: say how to go on."""
        before, asked = self.session.url, [project_of(r) for r in self.session.requirements]
        result = self.session.connect(url)
        if asked and self.session.url != before:
            names = ", ".join(asked)
            result["message"] += (
                f"\nStill asked for: {names}. What this shelf lacks of it goes with: %shelf drop PROJECT"
            )
        return result

    def _answer(self, command: grammar.Command, bars: Bars) -> dict[str, Any] | None:
        """The result of a verb: the session's own here, all others by the fetcher."""
        session, args = self.session, command.args
        match command.verb:
            case "status":
                return session.status()
            case "connect":
                return self._connect(args["url"] or command.shelf)
            case "use":
                wanted = expand_requirements(args["requirements"], args["requirement"])
                if args["restart"]:
                    restart.restart_with(self.shell, session, wanted, bars)
                    return None
                return session.use(*wanted, progress=bars)
            case "profile":
                return session.profile(args["last"])
            case "browse":
                browser.open_browser(session, args["words"])
                return None
            case "drop":
                return session.drop(*args["projects"], progress=bars)
            case "sync":
                return session.sync(args["lock"], shelf=session.url if command.shelf else None, progress=bars)
            case "lock" if _about_pins(command):
                file = args["output"] or next(iter(args["requirements"]), None)
                return session.complete_lock(file, progress=bars) | {"file": file}
            case "fill" if _about_pins(command):
                return session.fill(progress=bars)
            case "traceback":
                return {"traceback": display.full_traceback(self.shell)}
        return self._fetcher(command, bars)

    def _fetcher(self, command: grammar.Command, bars: Bars) -> dict[str, Any]:
        named = command.shelf or command.args.get("url")  # else the session's
        args = {k: v for k, v in prepare(command).items() if v is not None and (k != "shelf" or named)}
        result = self.session.call(command.verb, args, bars)
        if args.get("output"):
            write_text(args["output"], result["lock"])
            result["file"] = args["output"]
        return result


def _about_pins(command: grammar.Command) -> bool:
    """Whether a command is about the pins of this notebook; lock and fill may be about others."""
    args = command.args
    asked = [word for word in args.get("requirements", ()) if not word.endswith(".toml")]
    if command.verb in ("lock", "fill"):
        return not (asked or args.get("requirement") or args.get("lock"))
    return command.verb in ("use", "drop", "sync", "status")


def _cell_words(words: list[str], cell: str) -> list[str]:
    """``%%shelf`` is ``%shelf use`` of the cell's lines; another verb that takes requirements may stand in its line."""
    line = [w for w in words if not w.startswith("-")]
    if line and line[0] not in ("use", "publish", "lock"):
        raise UsageError(
            f"%%shelf is for cells of requirement lines (use, lock, publish); write: %shelf {' '.join(words)}"
        )
    verb = words if line else ["use", *words]
    lines = list(grammar.parse_requirements(cell))
    files = [w for entry in lines if entry.startswith("-") for w in ("-r", entry.split(maxsplit=1)[-1])]
    return [*verb, *files, *(entry for entry in lines if not entry.startswith("-"))]


def load(shell: Any) -> None:
    """Register everything; start the fetcher without waiting for it."""
    session = current()
    configured = CloudShelf(config=shell.config).url
    if configured and not session.url:
        session.configure(configured)
    magics = ShelfMagics(shell, session)
    shell.register_magics(magics)
    display.shorten_errors()
    zero_step.install(zero_step.ZeroStepFinder(session, shell.user_ns, print, magics.bars))
    progress.show_imports(progress.ImportProgress(magics.bars()))
    completer.install(shell, session)
    question.install(shell)
    _start_fetcher()
    restart.apply_wish(shell, session)


def unload(shell: Any) -> None:
    zero_step.uninstall()
    progress.show_imports(None)
    completer.uninstall(shell)
    question.uninstall(shell)
    display.restore_errors()
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("shelf", None)


def _start_fetcher() -> None:
    """In the background, so that it is there when the first verb needs it; a failure shows then, not now."""

    def ping() -> None:
        from cloudshelf.importing.client import call

        with contextlib.suppress(ShelfError, OSError):
            call("ping", {})

    threading.Thread(target=ping, name="cloudshelf-start", daemon=True).start()
