"""``%shelf`` and ``%%shelf``: decode, session or fetcher, encode."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from cloudshelf.config import default_shelf_folder
from cloudshelf.errors import Interrupted, ShelfError, UsageError
from cloudshelf.language import grammar
from cloudshelf.language.arguments import gather_files, prepare, write_text
from cloudshelf.render.bars import Bars
from cloudshelf.requirements.lock_text import project_of
from cloudshelf.session import Session, current

from . import (
    completer,
    display,
    import_completer,
    installs,
    progress,
    question,
    restart,
    start_lock,
    zero_step,
)
from .channel import target
from .names import ShelfNames
from .settings import CloudShelf


@magics_class
class ShelfMagics(Magics):
    """The magics; ``session`` holds what this kernel has pinned."""

    def __init__(self, shell: Any, session: Session, names: ShelfNames) -> None:
        super().__init__(shell=shell)
        self.session = session
        self._names = names

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
            %shelf use -r requirements.txt           also pyproject.toml, pylock.toml, a script, environment.yml
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
            %shelf history                           what was used, dropped and synced; --to 2 goes back
            %shelf diff pylock.toml                  what differs from it, and why

        Share
            %shelf lock pylock.toml                  write all pins to a file (PEP 751)
            %shelf sync pylock.toml                  exactly those pins, here or on another machine
            %shelf lock --name team/2026q4           on the shelf, for everybody: %shelf sync team/2026q4
            %shelf use --as-of 2026-11-01 pandas     from the shelf as it was on that day
            %shelf lock --notebook                   the pins travel with this notebook, in its metadata
            %shelf sync --notebook                   its first cell restores them, under papermill too
            %shelf fill                              bring every file now, for work without a network

            %shelf request torch                     ask a curator for what is not on the shelf
            %shelf export torch.tar torch            one file with all that torch needs, for a place without a network

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
            words = _cell_words(words)
        command = grammar.parse_words(words, face="magic")
        if cell is not None and profiled is None:
            command.args["cell"] = cell
        bars = self.bars()
        try:
            if profiled is None:
                bars({"stage": command.verb})  # not every verb reports
            with self._connected(command):
                if profiled is None:
                    result = self._answer(command, bars)
                else:
                    from .profile_cell import profile_cell

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
        self._names.learn()
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
                return self._connect(",".join(args["url"]) or command.shelf)
            case "use":
                return self._use(args, bars)
            case "profile":
                return session.profile(args["last"])
            case "browse":
                from .browser import open_browser

                open_browser(session, args["words"])
                return None
            case "drop":
                return session.drop(*self._dropped(args), progress=bars)
            case "list":
                return session.listed()
            case "freeze" if _about_pins(command):
                result = session.freeze(hashes=args["hashes"], progress=bars)
                return _written(args["output"], "text", result)
            case "sync" if args["notebook"] is not None:
                from .notebook_locks import sync_notebook

                return sync_notebook(self.shell, session, command, bars)
            case "sync":
                shelf = session.url if command.shelf else None
                return session.sync(args["lock"], shelf=shelf, variant=args["variant"] or "", progress=bars)
            case "lock" if args["notebook"] is not None:
                from .notebook_locks import lock_notebook

                return lock_notebook(self.shell, session, command, bars)
            case "lock" if _about_pins(command):
                file = args["output"] or next(iter(args["requirements"]), None)
                done = session.complete_lock(file, progress=bars, name=args["name"], as_of=args["as_of"])
                return done | {"file": file}
            case "diff":
                return session.diff(*args["locks"])
            case "history":
                return session.history(args["to"], progress=bars)
            case "fill" if _about_pins(command):
                return session.fill(progress=bars)
            case "env" if _about_pins(command):
                return session.env(prepare(command), progress=bars)
            case "doctor" if not command.shelf:
                return session.doctor(progress=bars)
            case "traceback":
                return {"traceback": display.full_traceback(self.shell)}
        return self._fetcher(command, bars)

    def _fetcher(self, command: grammar.Command, bars: Bars) -> dict[str, Any]:
        named = command.shelf or command.args.get("url")  # else the session's
        args = {k: v for k, v in prepare(command).items() if v is not None and (k != "shelf" or named)}
        result = self.session.call(command.verb, args, bars)
        return _written(args.get("output"), "text" if command.verb == "freeze" else "lock", result)

    def _use(self, args: dict[str, Any], bars: Bars) -> dict[str, Any] | None:
        session, sources = self.session, gather_files(args)
        if args["dry_run"]:
            asked, wanted = session.ask(args["requirements"], sources)
            return session.plan(asked, wanted, upgrade=args["upgrade"], progress=bars)
        if args["restart"]:
            asked, wanted = session.ask(args["requirements"], sources)
            restart.restart_with(self.shell, session, asked, wanted, bars, as_of=args["as_of"])
            return None
        chosen = {"variant": args["variant"] or "", "shadow": args["shadow"], "as_of": args["as_of"]}
        return session.use(*args["requirements"], sources=sources, upgrade=args["upgrade"], progress=bars, **chosen)

    def _dropped(self, args: dict[str, Any]) -> list[str]:
        """The projects that words and files name, for which there may be versions beside."""
        if not args["projects"] and not args.get("requirement"):
            raise UsageError("uninstall needs PROJECT or -r FILE.")
        files = gather_files({"requirement": args.get("requirement")})
        return [project_of(each) for each in self.session.ask(args["projects"], files)[0]]


def _written(path: str | None, field: str, result: dict[str, Any]) -> dict[str, Any]:
    """``result``, whose ``field`` is now in the file that a person named."""
    if not path or field not in result:
        return result
    write_text(path, str(result[field]))
    return result | {"file": path}


def _about_pins(command: grammar.Command) -> bool:
    """Whether a command is about the pins of this notebook; lock and fill may be about others."""
    args = command.args
    asked = [word for word in args.get("requirements", ()) if not word.endswith(".toml")]
    if command.verb in ("lock", "fill", "freeze", "env"):
        files = ("requirement", "constraint", "extra", "group", "cell", "lock", "with_")
        return not (asked or any(args.get(name) for name in files))
    return command.verb in ("use", "drop", "sync", "status", "history")


def _cell_words(words: list[str]) -> list[str]:
    """``%%shelf`` is ``%shelf use`` of the cell's lines; another verb that takes requirements may stand in its line."""
    line = [w for w in words if not w.startswith("-")]
    if line and line[0] not in ("use", "install", "publish", "lock"):
        raise UsageError(
            f"%%shelf is for cells of requirement lines (use, lock, publish); write: %shelf {' '.join(words)}"
        )
    return words if line else ["use", *words]


def load(shell: Any) -> None:
    """Register everything; start the fetcher without waiting for it, and have it get ready."""
    session = current()
    configured = CloudShelf(config=shell.config).url
    if configured and session.url in (None, default_shelf_folder().as_uri()):  # nobody named another
        session.configure(configured)
    session.require(CloudShelf(config=shell.config).trust)
    _pass_on_recall(CloudShelf(config=shell.config))
    names = ShelfNames(session)
    magics = ShelfMagics(shell, session, names)
    shell.register_magics(magics)
    display.shorten_errors()
    if _wants_zero_step(shell):
        zero_step.install(zero_step.ZeroStepFinder(session, shell.user_ns, print, magics.bars))
    progress.show_imports(progress.ImportProgress(magics.bars(), session))
    completer.install(shell, session, names)
    import_completer.install(shell, names)
    question.install(shell)
    installs.install(shell, session)
    names.learn()
    target.register(shell, session)
    restart.apply_wish(shell, session)
    start_lock.start_with(CloudShelf(config=shell.config).lock, shell, session)


def _pass_on_recall(settings: CloudShelf) -> None:
    """What IPython's configuration says of block lists, for the fetcher and children too; a variable wins over it."""
    for name in ("recall_age", "recall_offline"):
        if getattr(settings, name):
            os.environ.setdefault(f"CLOUDSHELF_{name.upper()}", getattr(settings, name))


def _wants_zero_step(shell: Any) -> bool:
    """The variable, then IPython's configuration, then our files; off when they cannot be read."""
    from cloudshelf.config import FLAGS, read_flag

    if not os.environ.get(FLAGS["zero_step"]) and "zero_step" in shell.config.get("CloudShelf", {}):
        return bool(CloudShelf(config=shell.config).zero_step)
    try:
        return read_flag("zero_step")[0]
    except UsageError:
        return False


def unload(shell: Any) -> None:
    zero_step.uninstall()
    progress.show_imports(None)
    completer.uninstall(shell)
    installs.uninstall(shell)
    import_completer.uninstall(shell)
    question.uninstall(shell)
    display.restore_errors()
    target.unregister(shell)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("shelf", None)
