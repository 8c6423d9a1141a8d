"""One grammar for ``cloudshelf VERB …`` and ``%shelf VERB …``: words in, a Command out. Standard library only.

Nothing here reads files, and no word ever reaches a shell or an eval. What cannot be understood is a UsageError, never
a SystemExit: a notebook must survive a typing error.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from .errors import UsageError
from .version import __version__

BOTH = ("command", "magic")


class HelpAsked(Exception):
    """``--help`` was among the words; the argument is the page."""


class Command(NamedTuple):  # this module and config.py do without dataclasses, which take 7 ms to load
    """What was asked: a verb with its arguments, and the options that every verb has."""

    verb: str
    args: dict[str, Any]
    shelf: str | None = None
    json: bool = False
    debug: bool = False


class Verb(NamedTuple):
    """A verb of the grammar: ``declare`` adds its own arguments to a parser."""

    name: str
    summary: str
    examples: tuple[str, ...]
    declare: Callable[[argparse.ArgumentParser], None]
    faces: tuple[str, ...] = BOTH


class _Parser(argparse.ArgumentParser):
    """argparse that raises: it neither prints nor exits."""

    def error(self, message: str) -> NoReturn:
        usage = " ".join(self.format_usage().split())
        raise UsageError(f"{_in_our_words(message, self)} {usage} (more: {self.prog} --help)")

    def print_help(self, file: Any = None) -> None:
        raise HelpAsked(self.format_help())


def parse_words(words: Sequence[str], *, face: str = "command") -> Command:
    """The command in ``words`` (without the program's name).

    ``face`` is "command" or "magic"; without a verb the command is "help", the magic is "status".
    Raises UsageError, or HelpAsked with a page.
    """
    shelf, json, debug, rest = _leading_options(list(words), face)
    if not rest:
        return Command("status" if face == "magic" else "help", {}, shelf, json, debug)
    if rest[0] == "help":
        if not rest[1:]:
            raise HelpAsked(overview(face))
        rest = [rest[1], "--help"]
    verb = find_verb(rest[0], face)
    options, trailing = _split_command(verb, rest[1:])
    parser = _parser_of(verb, face)
    known = vars(parser.parse_intermixed_args(options) if verb.name != "run" else parser.parse_args(options))
    if verb.name == "run" and trailing is not None:
        known["command"] = [*known["command"], "--", *trailing] if known["command"] else trailing
    _check(verb, known, "%shelf" if face == "magic" else "cloudshelf")
    if "requirements" in known:
        known["requirements"] = join_specifiers(known["requirements"])
    return Command(
        _ALIASES.get((verb.name, face), verb.name),
        {k: v for k, v in known.items() if k not in ("shelf", "json", "debug")},
        known["shelf"] or shelf,
        known["json"] or json,
        known["debug"] or debug,
    )


def parse_line(line: str) -> Command:
    """The command in the line of a magic."""
    return parse_words(split_line(line), face="magic")


def split_line(line: str) -> list[str]:
    """The words of a magic's line: quotes group, ``#`` after a space begins a comment, everything else is literal.

    A notebook has no redirection, so ``pandas>=2.2,<3`` needs no quotes. Raises UsageError for an open quote.
    """
    lexer = shlex.shlex(strip_comment(line), posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
    try:
        return list(lexer)
    except ValueError:
        raise UsageError(f"A quote is not closed in: {line.strip()}") from None


def strip_comment(line: str) -> str:
    """``line`` without its comment: ``#`` at the start or after white space, not inside quotes (requirements.txt)."""
    quote = ""
    for i, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "#" and (i == 0 or line[i - 1].isspace()):
            return line[:i]
    return line


def join_specifiers(words: Iterable[str]) -> list[str]:
    """Requirements of words that were split at spaces: ``pandas >= 2.2 , < 3`` is one requirement."""
    joined: list[str] = []
    for word in words:
        if joined and (word[:1] in tuple("<>=!~,;[@") or joined[-1][-1:] in tuple("<>=!~,;[@(")):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def find_verb(word: str, face: str) -> Verb:
    """The verb named ``word``. Raises UsageError with what was probably meant."""
    verb = VERBS.get(word)
    if verb is not None and face in verb.faces:
        return verb
    program = "%shelf" if face == "magic" else "cloudshelf"
    if verb is not None:
        other = "notebook magic (%shelf)" if face == "command" else "command (in a terminal: cloudshelf)"
        raise UsageError(f"{word} exists only as a {other}. {_INSTEAD[word]}")
    names = sorted(v.name for v in VERBS.values() if face in v.faces)
    raise UsageError(f"{word!r} is not a verb of {program}.{_guess(word, names, face)} All verbs: {', '.join(names)}")


def _guess(word: str, names: Sequence[str], face: str) -> str:
    """What somebody meant who typed ``word`` for a verb: another tool's word, a slip, or the project itself."""
    typed = word.lower()
    like = [typed] if typed in _MEANT else _near(typed, [*names, *_MEANT], most=2)
    meant = (name for each in like for name in ((each,) if each in names else _MEANT.get(each, (each,))))
    near = list(dict.fromkeys(name for name in meant if name in names))
    if near:
        return f" Did you mean {' or '.join(near)}?"
    if not re.match(r"[A-Za-z0-9]", word):
        return ""
    asked = f'"{word}"' if re.search(r"[<>;\s]", word) and face == "command" else word
    wish = f"%shelf use {asked}" if face == "magic" else f"cloudshelf run --with {asked} -- python script.py"
    return f" To import it: {wish}."


def options_of(verb: Verb) -> list[str]:
    """The long options of a verb, for completion."""
    actions = _parser_of(verb, "magic")._actions
    return sorted({o for action in actions for o in action.option_strings if o.startswith("--")})


def overview(face: str) -> str:
    """The page of ``cloudshelf --help`` and ``%shelf --help``."""
    program = "%shelf" if face == "magic" else "cloudshelf"
    verbs = [verb for verb in VERBS.values() if face in verb.faces]
    lines = [f"usage: {program} [--shelf URL] [--json] [--debug] VERB …", ""]
    lines += [f"  {verb.name:<10} {verb.summary}" for verb in verbs]
    lines += ["", "  --shelf URL  which shelf (else CLOUDSHELF_URL): s3://bucket/prefix or file:///folder"]
    lines += ["  --json       the result as JSON", "  --debug      full traceback of an error"]
    lines += ["", f"{program} VERB --help has the options of a verb, with examples."]
    return "\n".join(lines) + "\n"


def _leading_options(words: list[str], face: str) -> tuple[str | None, bool, bool, list[str]]:
    """The common options that stand before the verb, and the words from the verb on."""
    shelf, json, debug = None, False, False
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-h", "--help"):
            raise HelpAsked(overview(face))
        if word == "--version":
            raise HelpAsked(f"cloudshelf {__version__}\n")
        if word == "--json":
            json = True
        elif word == "--debug":
            debug = True
        elif word == "--shelf" and words:
            shelf = words.pop(0)
        elif word.startswith("--shelf="):
            shelf = word.removeprefix("--shelf=")
        elif word == "--shelf":
            raise UsageError("--shelf needs a URL: s3://bucket/prefix or file:///folder.")
        else:
            raise UsageError(f"{word} does not exist, or belongs behind the verb. {overview(face).splitlines()[0]}")
    if shelf == "":
        raise UsageError(_EMPTY_URL)
    return shelf, json, debug, words


def _check(verb: Verb, known: Mapping[str, Any], program: str) -> None:
    """What argparse cannot tell. Raises UsageError; most of it comes of a shell variable that is not set."""
    if known["shelf"] == "" or known.get("url") in ("", [""]):
        raise UsageError(_EMPTY_URL)
    texts = (
        "lock",
        "output",
        "python",
        "platform",
        "index_url",
        "as_of",
        "script",
        "prefix",
        "bundle",
        "logs",
        "since",
    )
    for name in texts:
        if known.get(name) == "" or known.get(name) == [""]:
            raise UsageError(f"{verb.name} got an empty {name.replace('_', ' ')}. Is a variable of the shell not set?")
    asked = [*known.get("requirements", ()), *known.get("with_", ())]
    files = [known.get(name) for name in ("requirement", "constraint", "extra", "group", "script")]
    if not all(word.strip() for words in files if isinstance(words, list) for word in words):
        raise UsageError(f"{verb.name} got the name of a file that is empty. Is a variable of the shell not set?")
    if not all(word.strip() for word in asked):
        raise UsageError(f"{verb.name} got an empty requirement. Is a variable of the shell not set?")
    if known.get("name") == "" and verb.name in ("lock", "locks"):
        raise UsageError(f"{verb.name} got an empty name. Is a variable of the shell not set?")
    _check_notebook(verb, known, asked)
    if known.get("lock") and verb.name != "sync" and (asked or any(files)):
        raise UsageError(f"{verb.name} takes a lock or requirements, not both: a lock has exactly its own pins.")
    if len(known.get("locks", ())) > 2:
        raise UsageError(f"diff compares two locks: {program} diff {' '.join(known['locks'][:2])}")
    if verb.name in _WITHOUT_VERSION:
        for word in known.get("projects") or [known.get("project") or ""]:
            name = re.split(r"[\s\[<>=~!;@]", word, maxsplit=1)[0]
            if name != word and name:
                raise UsageError(f"{verb.name} takes a project without a version: {program} {verb.name} {name}")


def _check_notebook(verb: Verb, known: Mapping[str, Any], asked: Sequence[str]) -> None:
    """What ``--notebook`` goes with. Raises UsageError."""
    asked = [*asked, *(known.get("requirement") or ())]
    notebook = known.get("notebook")
    if notebook == "":
        raise UsageError(f"{verb.name} got an empty notebook. Is a variable of the shell not set?")
    if notebook is None and known.get("force"):
        raise UsageError(f"{verb.name} --force goes with --notebook: it takes a notebook's lock that was edited.")
    if notebook is None:
        return
    if verb.name == "lock" and isinstance(notebook, str) and not notebook.endswith(".ipynb"):
        raise UsageError(f"--notebook takes a file that ends in .ipynb, not {notebook}. Write requirements before it.")
    if verb.name == "lock" and (known.get("output") or any(word.endswith(".toml") for word in asked)):
        raise UsageError("lock writes to a file or into a notebook, not both; run it twice.")
    if verb.name == "run" and (asked or known.get("lock")):
        raise UsageError("run takes a notebook, a lock or requirements, not two of them.")
    if verb.name == "sync" and known.get("lock") != _DEFAULT_LOCK:
        raise UsageError("sync takes a lock or a notebook, not both.")


def _near(word: str, known: Sequence[str], *, most: int = 1) -> list[str]:
    import difflib

    return difflib.get_close_matches(word, known, n=most, cutoff=0.6)


def _in_our_words(message: str, parser: _Parser) -> str:
    """A message of argparse (3.11 to 3.14) as a sentence that says which word is wrong and what was meant."""
    verb = parser.prog.split()[-1]
    if found := re.match(r"unrecognized arguments: (.*)", message, re.DOTALL):
        options = [o for action in parser._actions for o in action.option_strings if o.startswith("--")]
        words = found[1].split()
        option = words[0].partition("=")[0]
        near = _near(option, options) if words[0].startswith("-") else []
        if option in _OF_PIP:  # its value may be a secret
            return f"{verb} does not take {option}. {_OF_PIP[option]}"
        return f"{verb} does not take {found[1]}.{f' Did you mean {near[0]}?' if near else ''}"
    if found := re.match(r"the following arguments are required: (.*)", message):
        return f"{verb} needs {found[1]}."
    if found := re.match(r"argument (\S+): expected (?:one argument|at least one argument)", message):
        return f"{found[1].split('/')[0]} needs a value."
    if found := re.match(r"argument (\S+): invalid int value: (.*)", message):
        return f"{found[1]} takes a whole number, not {found[2]}."
    if found := re.match(r"argument (\S+): invalid choice: '?(.*?)'? \(choose from (.*)\)", message):
        choices = found[3].replace("'", "").split(", ")
        meant = [name for name in _MEANT.get(found[2], ()) if name in choices]
        near = meant or _near(found[2], choices)
        return f"{verb} takes {', '.join(choices)}, not {found[2]!r}.{f' Did you mean {near[0]}?' if near else ''}"
    return f"{message}."


def _split_command(verb: Verb, words: list[str]) -> tuple[list[str], list[str] | None]:
    """Words for argparse, and what follows ``--`` of ``run``, which argparse must not see."""
    if verb.name == "run" and "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, None


def _parser_of(verb: Verb, face: str) -> _Parser:
    program = "%shelf" if face == "magic" else "cloudshelf"
    parser = _Parser(
        prog=f"{program} {verb.name}",
        description=verb.summary,
        epilog="examples:\n" + "\n".join(f"  {program} {example}" for example in verb.examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    vars(parser)["color"] = False  # Python 3.14 would put escape codes into pages and messages
    verb.declare(parser)
    # Fixed now, before the options of every verb make it long; argparse reads it with %, of which %shelf has one.
    usage = parser.format_usage().removeprefix("usage: ").strip()
    parser.usage = (usage.removesuffix("...") + "-- COMMAND …" if verb.name == "run" else usage).replace("%", "%%")
    common = parser.add_argument_group("every verb")
    common.add_argument("-h", "--help", action="help", help="this page")
    common.add_argument(
        "--shelf", metavar="URL", help="which shelf, or several in order: URL,URL (else CLOUDSHELF_URL)"
    )
    common.add_argument("--json", action="store_true", help="the result as JSON")
    common.add_argument("--debug", action="store_true", help="full traceback of an error")
    return parser


def _nothing(_parser: argparse.ArgumentParser) -> None:
    pass


def _requirements(parser: argparse.ArgumentParser, what: str = "such as pandas or pandas>=2.2,<3") -> None:
    parser.add_argument("requirements", nargs="*", metavar="REQUIREMENT", help=what)
    _sources(parser)


def _sources(parser: argparse.ArgumentParser) -> None:
    """Files that name requirements; gathering.py tells their kinds apart."""
    parser.add_argument(
        *("-r", "--requirement"),
        action="append",
        default=[],
        metavar="FILE",
        help="requirements.txt, pylock.toml, pyproject.toml, a script with its block, environment.yml",
    )
    constraint = "limits versions, asks for nothing (pip's)"
    parser.add_argument("-c", "--constraint", action="append", default=[], metavar="FILE", help=constraint)
    parser.add_argument("--extra", action="append", default=[], metavar="NAME", help="an extra of pyproject.toml")
    group = "a dependency group of pyproject.toml (alone, without -r: only that)"
    parser.add_argument("--group", action="append", default=[], metavar="NAME", help=group)


def _hashes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--require-hashes", action="store_true", help="every requirement needs a --hash (pip's)")


def _dry(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="report line by line what the shelf has; change nothing")


def _harmless(parser: argparse.ArgumentParser) -> None:
    """What a pip user types by habit, and what changes nothing here."""
    parser.add_argument("-q", "--quiet", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("-y", "--yes", action="store_true", help=argparse.SUPPRESS)


def _interpreter(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--python", metavar="VERSION", help="for this Python, such as 3.12 (default: this one)")
    parser.add_argument("--platform", metavar="TAG", help="for this platform, such as manylinux_2_28_aarch64")


def _as_of(parser: argparse.ArgumentParser) -> None:
    what = "on the shelf as it was then: 2026-11-01 (to its end, UTC) or 2026-11-01T14:30"
    parser.add_argument("--as-of", metavar="DAY", help=what)


def _init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", metavar="URL", help="s3://bucket/prefix or file:///folder")
    parser.add_argument("--name", default="", help="what people call this shelf")
    parser.add_argument("--request-url", metavar="URL", help="what `request` opens, with {name}, {version}, {why}, …")


def _publish(parser: argparse.ArgumentParser) -> None:
    _requirements(parser, "a requirement, a wheel file or a source archive")
    parser.add_argument("--no-deps", action="store_true", help="without what they require")
    parser.add_argument(
        "--python", action="append", default=[], metavar="VERSION", help="for this Python; several times: for each"
    )
    parser.add_argument("--platform", metavar="TAG", help="for this platform, such as manylinux_2_28_aarch64")
    parser.add_argument("--default", action="store_true", help="make these versions the ones a bare name takes")
    parser.add_argument("--dry-run", action="store_true", help="say what would be uploaded, upload nothing")
    parser.add_argument("--index-url", "-i", metavar="URL", help="pip's: another index than the configured one")
    parser.add_argument("--extra-index-url", action="append", default=[], metavar="URL", help="pip's: a further index")
    parser.add_argument("--find-links", "-f", action="append", default=[], metavar="DIR", help="pip's: folder or page")
    parser.add_argument("--no-index", action="store_true", help="pip's: only --find-links")
    parser.add_argument(
        "--allow-module", action="append", default=[], metavar="MODULE", help="may take over this module's name"
    )


def _project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT[==VERSION]")


def _release(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT==VERSION")


def _ls(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", nargs="?", metavar="PROJECT[==VERSION]", help="its versions, or a version's wheels")


def _search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="+", metavar="WORD", help="in names, summaries and module names")


def _why(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT", help="a pinned project: who asked for it")
    parser.add_argument("--lock", metavar="LOCK", help="in this lock (default in a notebook: its own pins)")
    parser.add_argument("--with", dest="with_", action="append", default=[], metavar="REQUIREMENT", help="in its lock")


def _variant(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--variant", metavar="LABEL", help="builds for cpu, cu121 … (default: as the drivers here say)")


def _use(parser: argparse.ArgumentParser) -> None:
    _requirements(parser)
    _variant(parser)
    _hashes(parser)
    parser.add_argument("-U", "--upgrade", action="store_true", help="let go of the versions that they are pinned at")
    parser.add_argument("--restart", action="store_true", help="restart the kernel first, when versions are loaded")
    parser.add_argument("--shadow", action="store_true", help="go before an editable or direct-URL install of it")
    _as_of(parser)
    _dry(parser)
    _harmless(parser)


def _drop(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("projects", nargs="+", metavar="PROJECT", help="no longer asked for")
    _harmless(parser)


def _uninstall(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="no longer asked for")
    parser.add_argument(
        "-r", "--requirement", action="append", default=[], metavar="FILE", help="what this file asks for"
    )
    _harmless(parser)


def _freeze(parser: argparse.ArgumentParser) -> None:
    _requirements(parser, "freeze what these come to (a notebook: nothing, for its own pins)")
    parser.add_argument("--lock", metavar="FILE", help="the pins of this lock")
    _hashes(parser)
    parser.add_argument("--hashes", action="store_true", help="with the sha256 of each wheel")
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there (default: print it)")
    _notebook(parser, "put it into this notebook (default in a notebook: itself; in a terminal: the only one here)")
    parser.add_argument("--lock", metavar="FILE", help="with --notebook: exactly the pins of this lock")
    _interpreter(parser)


def _lock(parser: argparse.ArgumentParser) -> None:
    _requirements(parser, "what to lock (a notebook: nothing, for its own pins); a word ending in .toml is the file")
    _hashes(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there (default: print it)")
    parser.add_argument("--name", metavar="NAME", help="put it on the shelf by this name, such as team/2026q4")
    _notebook(parser, "put it into this notebook (default in a notebook: itself; in a terminal: the only one here)")
    parser.add_argument("--lock", metavar="LOCK", help="this lock as it is: to name one, or to get one that has a name")
    _as_of(parser)
    _dry(parser)
    _interpreter(parser)
    parser.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="LABEL",
        help="builds for cpu, cu121 …; several times: one lock for all of them",
    )


def _notebook(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--notebook", nargs="?", const=True, metavar="FILE.ipynb", help=what)
    parser.add_argument("--force", action="store_true", help="although the notebook's lock was edited")


def _sync(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "lock", nargs="?", default=_DEFAULT_LOCK, metavar="LOCK", help=f"default: {_DEFAULT_LOCK}; {_WHICH_LOCK}"
    )
    _notebook(parser, "the lock in this notebook, or with this digest (default in a notebook: its own)")
    _variant(parser)


def _diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("locks", nargs="+", metavar="LOCK", help=f"from, to (a notebook: its own pins); {_WHICH_LOCK}")


def _locks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="its history: who changed it when (default: all locks)")


def _history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", type=int, metavar="STATE", help="go back, or forth, to the pins of that state")


def _fill(parser: argparse.ArgumentParser) -> None:
    _requirements(parser, "fill an environment of these (a notebook: nothing, for its own)")
    _hashes(parser)
    parser.add_argument("--lock", metavar="LOCK", help="fill the environment of this lock")
    _variant(parser)


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--with", dest="with_", action="append", default=[], metavar="REQUIREMENT", help="importable")
    _sources(parser)
    _hashes(parser)
    parser.add_argument("--script", metavar="FILE", help="run this Python file with what its block asks for (PEP 723)")
    parser.add_argument("--lock", metavar="LOCK", help=f"exactly the pins of this lock; {_WHICH_LOCK}")
    parser.add_argument("--notebook", metavar="FILE.ipynb", help="exactly the pins of this notebook's lock; --inherit")
    parser.add_argument("--force", action="store_true", help="although the notebook's lock was edited")
    parser.add_argument(
        "--inherit", action="store_true", help="other Pythons with cloudshelf, and kernels, see the environment too"
    )
    _variant(parser)
    _as_of(parser)
    parser.add_argument("--fill", action="store_true", help="bring every file first, for programs that are no Python")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND …")


def _kernelspec(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="NAME", help="make this kernel; or: list (default), remove NAME")
    parser.add_argument("--lock", metavar="FILE", help="the lock that it starts with")
    parser.add_argument("--notebook", metavar="FILE.ipynb", help="the lock of this notebook")
    parser.add_argument("--force", action="store_true", help="although the notebook's lock was edited")
    parser.add_argument("--display-name", metavar="TEXT", help="what Jupyter shows (default: NAME)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for this user (default)")
    where.add_argument("--sys-prefix", action="store_true", help="for who uses this Python")
    where.add_argument("--prefix", metavar="DIR", help="below DIR/share/jupyter/kernels")


def _yank(parser: argparse.ArgumentParser) -> None:
    _release(parser)
    parser.add_argument("--reason", default="", help="shown to who has it pinned")


def _rollback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--to", type=int, metavar="SEQ", help="a sequence of `log` (default: the one before)")


def _log(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT")


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="default: all")
    parser.add_argument("--repair", action="store_true", help="write the catalog (ls, search, bare imports) anew first")


def _cache(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("info", "prune", "clear", "verify"), default="info")


def _request(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", metavar="PROJECT[==VERSION]", help="what the shelf should have")
    parser.add_argument("--why", default="", metavar="TEXT", help="for the curator who decides")
    _interpreter(parser)
    parser.add_argument("--no-browser", action="store_true", help="show the URL, do not open it")


def _settings(parser: argparse.ArgumentParser) -> None:
    names = ("request-url", "usage-reports")  # shelf_settings.py
    parser.add_argument("name", nargs="?", choices=names, help="default: show all of them")
    parser.add_argument("value", nargs="?", metavar="VALUE", help="what it shall be")
    parser.add_argument("--unset", action="store_true", help="take it away")


def _usage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="default: all")
    parser.add_argument("--since", metavar="DAY", help="such as 2026-11-01 (default: 90 days ago)")
    parser.add_argument("--logs", metavar="PLACE", help="access logs of S3: s3://bucket/prefix or a folder of them")


def _place(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    parser.set_defaults(place="user")
    places = (("user", "your own kernels (default)"), ("sys-prefix", "kernels of this Python's environment"))
    for place, what in (*places, ("system", "everybody's on this machine: /etc/ipython")):
        group.add_argument(f"--{place}", action="store_const", const=place, dest="place", help=what)


def _enable(parser: argparse.ArgumentParser) -> None:
    _place(parser)
    parser.add_argument("--zero-step", choices=("on", "off"), help="import of what is not pinned (default: on)")


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="the file to write, such as pandas.tar")
    _requirements(parser)
    parser.add_argument("--lock", metavar="FILE", help="exactly the pins of this lock")
    parser.add_argument("--all", action="store_true", help="everything that is on the shelf")
    parser.add_argument("--engine", action="store_true", help="cloudshelf itself too, to be installed by pip")
    _interpreter(parser)


def _import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="a file that export wrote")
    parser.add_argument("--dry-run", action="store_true", help="say what would be imported, upload nothing")


def _connect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "url", nargs="*", metavar="URL", help="s3://bucket/prefix or file:///folder; the first that has a project wins"
    )


_ALL = (
    Verb("init", "create a shelf", ("init s3://our-shelf/curated", "init ./shelf --name ours"), _init),
    Verb(
        "connect",
        "work with this shelf",
        ("connect s3://our-shelf/curated", "connect s3://team/shelf s3://our-shelf/curated", "connect"),
        _connect,
        ("magic",),
    ),
    Verb(
        "publish",
        "put distributions on the shelf",
        (
            "publish pandas matplotlib",
            "publish torch==2.1.2 --default",
            "publish ./dist/ours-1.0-py3-none-any.whl --no-deps",
            "publish -r requirements.txt --python 3.11 --python 3.12",
        ),
        _publish,
    ),
    Verb(
        "use",
        "pin distributions, with what they need, and make them importable",
        (
            "use pandas",
            'use torch==2.1 "pandas>=2.2,<3"',
            "use torch --variant cpu",
            "use -r requirements.txt -c constraints.txt",
            "use -r pyproject.toml --extra plots --group dev",
            "use --dry-run -r environment.yml",
            "use --restart numpy==1.26.4",
            "use --as-of 2026-11-01 pandas",
        ),
        _use,
        ("magic",),
    ),
    Verb(
        "install",
        "the same as use, for who knows pip",
        ("install pandas", "install -r requirements.txt", "install -U pandas"),
        _use,
        ("magic",),
    ),
    Verb("drop", "take distributions out of the pins", ("drop torch",), _drop, ("magic",)),
    Verb(
        "uninstall",
        "the same as drop, for who knows pip",
        ("uninstall torch", "uninstall -y -r requirements.txt"),
        _uninstall,
        ("magic",),
    ),
    Verb("status", "what is pinned, loaded and fetched", ("status",), _nothing, ("magic",)),
    Verb("list", "what is pinned here; in a terminal: what is on the shelf", ("list",), _nothing),
    Verb(
        "freeze",
        "the pins as lines of a requirements.txt",
        ("freeze pandas", "freeze --lock pylock.toml --hashes -o requirements.txt"),
        _freeze,
    ),
    Verb("ls", "what is on the shelf", ("ls", "ls torch", "ls torch==2.1.2"), _ls),
    Verb("show", "all about one project or version", ("show torch", "show torch==2.1.2"), _project),
    Verb("search", "find projects by words", ("search imag",), _search),
    Verb("why", "who asked for a project", ("why numpy", "why numpy --lock pylock.toml"), _why),
    Verb(
        "lock",
        "the pins as pylock.toml (PEP 751), or by a name on the shelf",
        (
            "lock pandas -o pylock.toml",
            "lock -r requirements.txt pylock.toml",
            "lock pylock.toml",
            "lock --notebook report.ipynb",
            "lock pandas --name team/2026q4",
            "lock --lock pylock.toml --name team/2026q4",
            "lock pandas --as-of 2026-11-01",
            "lock torch --variant cpu --variant cu121",
        ),
        _lock,
    ),
    Verb(
        "sync",
        "make exactly the pins of a lock importable",
        ("sync", "sync pylock.toml", "sync --notebook report.ipynb", "sync team/2026q4", "sync team/2026q4@3"),
        _sync,
    ),
    Verb(
        "diff",
        "what differs between two locks, and why",
        ("diff pylock.toml team/2026q4", "diff team/2026q4@1 team/2026q4"),
        _diff,
    ),
    Verb("locks", "the locks on the shelf, or the history of one", ("locks", "locks team/2026q4"), _locks),
    Verb(
        "history",
        "what this notebook used, dropped and synced; and back to it",
        ("history", "history --to 2"),
        _history,
        ("magic",),
    ),
    Verb("fill", "bring every file now, for work without a network", ("fill", "fill --lock pylock.toml"), _fill),
    Verb(
        "run",
        "run a command in an environment of its own",
        (
            "run --with pandas -- python script.py",
            "run --lock pylock.toml -- python -m pytest",
            "run --lock team/2026q4 -- python script.py",
            "run -r requirements.txt -- python script.py",
            "run --script job.py -- --fast",
            "run --fill --with numpy -- make",
            "run --notebook report.ipynb -- papermill report.ipynb out.ipynb",
        ),
        _run,
        ("command",),
    ),
    Verb(
        "kernelspec",
        "a Jupyter kernel that starts with a lock",
        (
            "kernelspec team --lock pylock.toml --display-name 'Python (team)'",
            "kernelspec report --notebook report.ipynb --sys-prefix",
            "kernelspec list",
            "kernelspec remove team",
        ),
        _kernelspec,
        ("command",),
    ),
    Verb("default", "the version that a bare name takes", ("default pandas==2.2.3",), _release),
    Verb("yank", "keep a version from new locks (PEP 592)", ("yank pandas==2.2.3 --reason 'wrong results'",), _yank),
    Verb("unyank", "take a yank back", ("unyank pandas==2.2.3",), _release),
    Verb(
        "rollback", "set a project back to an earlier state", ("rollback pandas", "rollback pandas --to 3"), _rollback
    ),
    Verb("log", "who did what to a project", ("log pandas",), _log),
    Verb(
        "verify",
        "read everything on the shelf and compare digests",
        ("verify", "verify pandas", "verify --repair"),
        _verify,
    ),
    Verb(
        "export",
        "write a selection of the shelf to one file, for places without a network",
        ("export pandas.tar pandas", "export team.tar --lock pylock.toml --engine", "export everything.tar --all"),
        _export,
    ),
    Verb("import", "put a bundle that export wrote on this shelf", ("import pandas.tar",), _import),
    Verb(
        "request",
        "ask a curator for what is not on the shelf",
        ("request polars", "request torch==2.1.2 --why 'needed by the new model'"),
        _request,
    ),
    Verb(
        "settings",
        "the settings of the shelf, for its administrator",
        (
            "settings",
            "settings request-url 'https://tickets.example/new?title={name}+{version}&text={why}'",
            "settings usage-reports usage",
            "settings request-url --unset",
        ),
        _settings,
    ),
    Verb(
        "usage",
        "size and uses of each project; versions that nobody has used",
        ("usage", "usage torch --since 2026-11-01", "usage --logs s3://our-logs/shelf"),
        _usage,
    ),
    Verb(
        "enable",
        "load the extension in every kernel (with --shelf, for that shelf)",
        ("enable", "enable --system --zero-step off", "enable --sys-prefix --shelf s3://our-shelf/curated"),
        _enable,
        ("command",),
    ),
    Verb("disable", "take back what enable wrote", ("disable", "disable --system"), _place, ("command",)),
    Verb("cache", "the cache of this machine: info, prune, clear", ("cache", "cache prune", "cache clear"), _cache),
    Verb("doctor", "check settings, shelf, cache and fetcher", ("doctor",), _nothing),
    Verb("traceback", "the full traceback of the last error", ("traceback",), _nothing, ("magic",)),
)
VERBS = {verb.name: verb for verb in _ALL}

_TEXTS = ("lock", "output", "python", "platform", "index_url", "as_of", "script", "prefix", "bundle", "logs", "since")
# Words of other tools that are whole verbs of ours.
_ALIASES = {("install", "magic"): "use", ("uninstall", "magic"): "drop", ("list", "command"): "ls"}
_WITHOUT_VERSION = ("drop", "uninstall", "log", "rollback", "usage", "verify", "why")
_WHICH_LOCK = "a file (it ends in .toml, or is a path) or a name on the shelf"
_DEFAULT_LOCK = "pylock.toml"
_EMPTY_URL = "The shelf's URL is empty. Is a variable of the shell not set?"

# For whom a verb has no meaning where it was typed.
_RUN = "In a terminal: cloudshelf run --with pandas -- python script.py"
_INSTEAD = {
    "connect": "In a terminal, set CLOUDSHELF_URL, or give --shelf URL.",
    "use": _RUN,
    "install": f"{_RUN}; a curator puts it on the shelf with: cloudshelf publish pandas",
    "drop": "In a terminal nothing stays pinned; a lock does: cloudshelf lock pandas -o pylock.toml",
    "history": "In a terminal nothing stays pinned; a project's history: cloudshelf log pandas",
    "uninstall": "In a terminal nothing stays pinned; a curator keeps a version from others with: cloudshelf yank",
    "status": "In a terminal nothing stays pinned; what is on the shelf: cloudshelf ls",
    "traceback": "In a terminal, add --debug to the verb that failed.",
    "enable": "In a notebook: !cloudshelf enable",
    "disable": "In a notebook: !cloudshelf disable",
    "run": "In a notebook: !cloudshelf run --with pandas -- python script.py",
    "kernelspec": "In a notebook: !cloudshelf kernelspec NAME --lock pylock.toml",
}

# What pip's options would mean here.
_INDEX = "Distributions come from the shelf; --shelf URL names another one."
_PLACE = "Nothing is installed: pins are of this notebook, files in your cache."
_OF_PIP = {
    "-e": "An editable checkout stays beside the shelf: %pip install -e",
    "--editable": "An editable checkout stays beside the shelf: %pip install -e",
    "-f": _INDEX,
    "-i": _INDEX,
    "-t": _PLACE,
    "--extra-index-url": _INDEX,
    "--find-links": _INDEX,
    "--index-url": _INDEX,
    "--no-index": _INDEX,
    "--prefix": _PLACE,
    "--pre": "A pre-release is taken where nothing else satisfies, or where you name it: pandas==3.0rc1.",
    "--target": _PLACE,
    "--user": _PLACE,
}

# What other tools call it.
_MEANT = {
    "add": ("use", "publish"),
    "changes": ("diff", "log"),
    "clean": ("clear", "cache"),
    "create": ("init",),
    "delete": ("drop", "yank"),
    "download": ("fill",),
    "exec": ("run",),
    "find": ("search",),
    "info": ("show",),
    "install": ("use", "run", "publish"),
    "pin": ("use", "lock"),
    "push": ("publish",),
    "remove": ("drop", "yank"),
    "rm": ("drop", "yank"),
    "undo": ("history", "rollback"),
    "uninstall": ("drop",),
    "update": ("use",),
    "upgrade": ("use",),
    "upload": ("publish",),
    "versions": ("ls",),
}
