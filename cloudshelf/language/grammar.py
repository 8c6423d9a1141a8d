"""One grammar for ``cloudshelf VERB …`` and ``%shelf VERB …``: words in, a Command out. Standard library only.

Nothing here reads files, and no word ever reaches a shell or an eval. What cannot be understood is a UsageError, never
a SystemExit: a notebook must survive a typing error.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from ..errors import UsageError
from ..version import __version__
from ..visible import brief
from .verb_arguments import DEFAULT_LOCK
from .vocabulary import ALIASES, INSTEAD, MEANT, OF_PIP
from .vocabulary import VERBS as VERBS
from .vocabulary import Verb as Verb

_TEXTS = (
    "lock",
    "cache",
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
    "before",
    "reports",
    "mount",
)
_WITHOUT_VERSION = ("collect", "drop", "uninstall", "log", "rollback", "usage", "verify", "why")
_EMPTY_URL = "The shelf's URL is empty. Is a variable of the shell not set?"


class HelpAsked(Exception):
    """``--help`` was among the words; the argument is the page."""


class Command(NamedTuple):  # this module and config.py do without dataclasses, which take 7 ms to load
    """What was asked: a verb with its arguments, and the options that every verb has."""

    verb: str
    args: dict[str, Any]
    shelf: str | None = None
    json: bool = False
    debug: bool = False


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
    for word in words:
        if "\0" in word:
            raise UsageError(f"'{brief(word)}' holds a NUL character, which no name and no path can have.")
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
        ALIASES.get((verb.name, face), verb.name),
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
        raise UsageError(f"{word} exists only as a {other}. {INSTEAD[word]}")
    names = sorted(v.name for v in VERBS.values() if face in v.faces)
    raise UsageError(f"{word!r} is not a verb of {program}.{_guess(word, names, face)} All verbs: {', '.join(names)}")


def _guess(word: str, names: Sequence[str], face: str) -> str:
    """What somebody meant who typed ``word`` for a verb: another tool's word, a slip, or the project itself."""
    typed = word.lower()
    like = [typed] if typed in MEANT else _near(typed, [*names, *MEANT], most=2)
    meant = (name for each in like for name in ((each,) if each in names else MEANT.get(each, (each,))))
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


def options_with_values(verb: Verb) -> list[str]:
    """The options of a verb behind which a value stands."""
    actions = _parser_of(verb, "magic")._actions
    return [option for action in actions if action.nargs != 0 for option in action.option_strings]


def arguments_of(verb: Verb) -> list[argparse.Action]:
    """The arguments of a verb that are no options."""
    return [action for action in _parser_of(verb, "magic")._actions if not action.option_strings]


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
    for name in _TEXTS:
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
    if verb.name == "locks" and known["remove"] and not known["name"]:
        raise UsageError(f"locks --remove needs the NAME of a lock. Those on the shelf: {program} locks")
    if (known.get("last") or 0) < 0:
        raise UsageError("--last takes a number: 1 or more, or 0 for all.")
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
    if verb.name == "sync" and known.get("lock") != DEFAULT_LOCK:
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
        if option in OF_PIP:  # its value may be a secret
            return f"{verb} does not take {option}. {OF_PIP[option]}"
        return f"{verb} does not take {found[1]}.{f' Did you mean {near[0]}?' if near else ''}"
    if found := re.match(r"the following arguments are required: (.*)", message):
        return f"{verb} needs {found[1]}."
    if found := re.match(r"argument (\S+): expected (?:one argument|at least one argument)", message):
        return f"{found[1].split('/')[0]} needs a value."
    if found := re.match(r"argument (\S+): invalid int value: (.*)", message):
        return f"{found[1]} takes a whole number, not {brief(found[2])}."
    if found := re.match(r"argument (\S+): invalid choice: '?(.*?)'? \(choose from (.*)\)", message):
        choices = found[3].replace("'", "").split(", ")
        meant = [name for name in MEANT.get(found[2], ()) if name in choices]
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
        epilog="examples:\n" + "\n".join(f"  {program} {example}" for example in verb.examples_in(face)),
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
