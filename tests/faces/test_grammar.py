"""One grammar for both faces: what is typed arrives as typed, and what cannot be understood says so."""

import re
import shlex
from pathlib import Path

import pytest

from cloudshelf.errors import UsageError
from cloudshelf.language import grammar, vocabulary


def magic(line):
    return grammar.parse_line(line)


def command(*words):
    return grammar.parse_words(list(words))


@pytest.mark.parametrize(
    ("line", "requirements"),
    [
        ("use pandas>=2.2,<3", ["pandas>=2.2,<3"]),
        ('use torch==2.1 "pandas>=2.2,<3"', ["torch==2.1", "pandas>=2.2,<3"]),
        ("use pandas >= 2.2 , < 3 six", ["pandas>=2.2,<3", "six"]),
        ("use six  # it's small", ["six"]),
        ("use six#1", ["six#1"]),
        ("""use "six; python_version < '3.12'" """, ["six; python_version < '3.12'"]),
        ("use $HOME `id` {six} $(id)", ["$HOME", "`id`", "{six}", "$(id)"]),
        (r"use a\b", [r"a\b"]),
        ("use uvicorn[standard]", ["uvicorn[standard]"]),
    ],
)
def test_requirements_of_a_line_arrive_literally(line, requirements):
    assert magic(line).args["requirements"] == requirements


@pytest.mark.parametrize("line", ['use "six', "use 'six"])
def test_open_quote_is_a_clear_error(line):
    with pytest.raises(UsageError, match="A quote is not closed"):
        magic(line)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lss", "ls"),
        ("serach", "search"),
        ("yanc", "yank"),
        ("LS", "ls"),
        ("versions", "ls"),
        ("instal", "run or publish"),
        ("download", "fill"),
    ],
)
def test_an_unknown_verb_suggests_the_near_one_or_what_another_tools_word_is_here(word, meant):
    with pytest.raises(UsageError, match=f"Did you mean {meant}"):
        command(word)


@pytest.mark.parametrize(
    ("parse", "line", "says"),
    [
        (magic, "pandas", "%shelf use pandas[.]"),
        (magic, "pandas==2", "%shelf use pandas==2[.]"),
        (magic, "pandas<3", "%shelf use pandas<3[.]"),
        (command, "pandas==2", "cloudshelf run --with pandas==2 -- python"),
        (command, "pandas<3", 'cloudshelf run --with "pandas<3" -- python'),
    ],
)
def test_a_requirement_in_place_of_a_verb_says_how_to_import_it(parse, line, says):
    with pytest.raises(UsageError, match=f"To import it: {says}"):
        parse(line)


@pytest.mark.parametrize(
    ("parse", "line", "only", "instead"),
    [
        (magic, "run", "a command", "!cloudshelf run"),
        *((command, verb, "a notebook magic", "In a terminal") for verb in ("use", "drop", "status", "connect")),
        (command, "traceback", "a notebook magic", "--debug"),
    ],
)
def test_a_verb_of_the_other_face_says_what_to_do_in_this_one(parse, line, only, instead):
    with pytest.raises(UsageError, match=f"exists only as {only}.*{instead}"):
        parse(line)


def test_every_verb_of_one_face_says_what_to_do_in_the_other():
    alone = {verb.name for verb in grammar.VERBS.values() if len(verb.faces) == 1}
    assert alone == set(vocabulary.INSTEAD)


def test_no_words_mean_status_in_a_notebook_and_help_in_a_terminal():
    assert magic("").verb == "status"
    assert command().verb == "help"


@pytest.mark.parametrize("words", [["--shelf", "s3://b/p", "ls", "--json"], ["ls", "--shelf=s3://b/p", "--json"]])
def test_common_options_stand_before_or_after_the_verb(words):
    parsed = command(*words)
    assert (parsed.shelf, parsed.json, parsed.debug) == ("s3://b/p", True, False)
    assert "shelf" not in parsed.args


@pytest.mark.parametrize(
    ("words", "with_", "inner"),
    [
        (["run", "--with", "six", "--", "python", "-c", "1"], ["six"], ["python", "-c", "1"]),
        (["run", "--with", "six", "python", "-c", "1"], ["six"], ["python", "-c", "1"]),
        (["run", "--", "sh", "-c", "x", "--", "y"], [], ["sh", "-c", "x", "--", "y"]),
        (["run", "--with=six", "python", "x.py", "--", "--json"], ["six"], ["python", "x.py", "--", "--json"]),
    ],
)
def test_run_hands_the_command_on_untouched(words, with_, inner):
    parsed = command(*words)
    assert parsed.args["with_"] == with_
    assert parsed.args["command"] == inner
    assert not parsed.json


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("yank", "yank needs PROJECT==VERSION[.] usage: cloudshelf yank"),
        ("search", "search needs WORD[.] usage: cloudshelf search"),
        ("ls a b", "ls does not take b[.] usage: cloudshelf ls"),
        ("ls --nonsense", "ls does not take --nonsense[.] usage: cloudshelf ls"),
        ("ls --jsn", "ls does not take --jsn[.] Did you mean --json[?]"),
        ("cache burn", "cache takes info, prune, clear, verify, not 'burn'[.] usage: cloudshelf cache"),
        ("cache clean", "Did you mean clear[?]"),
        ("rollback six --to x", "--to takes a whole number, not 'x'[.]"),
        ("ls --shelf", "--shelf needs a value[.]"),
        ("--shelf", "--shelf needs a URL"),
        ("--nonsense ls", "--nonsense does not exist, or belongs behind the verb"),
        ("log six==1.16", "log takes a project without a version: cloudshelf log six$"),
        ("verify six>=1", "verify takes a project without a version: cloudshelf verify six$"),
        ("why six[x] --with six", "why takes a project without a version: cloudshelf why six$"),
        ("run --with six --lock pylock.toml -- python", "a lock or requirements, not both"),
        ("fill six --lock pylock.toml", "a lock or requirements, not both"),
    ],
)
def test_wrong_arguments_say_which_word_is_wrong_and_what_would_be_right(line, says):
    with pytest.raises(UsageError, match=says) as caught:
        command(*line.split())
    assert "argument" not in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        ["--shelf", "", "ls"],
        ["ls", "--shelf="],
        ["init", ""],
        ["run", "--with", "", "--", "python"],
        ["run", "--lock", "", "--", "python"],
        ["publish", "six", ""],
        ["lock", "six", "-o", ""],
    ],
    ids=" ".join,
)
def test_an_empty_word_is_never_taken_for_a_setting_or_nothing(words):
    with pytest.raises(UsageError, match="Is a variable of the shell not set"):
        command(*words)


@pytest.mark.parametrize(("parse", "program"), [(magic, "%shelf"), (command, "cloudshelf")])
def test_help_is_a_verb_too(parse, program):
    with pytest.raises(grammar.HelpAsked, match=f"usage: {program} "):
        parse("help")
    with pytest.raises(grammar.HelpAsked, match=f"usage: {program} publish "):
        grammar.parse_words(["help", "publish"], face="magic" if program == "%shelf" else "command")


@pytest.mark.parametrize("face", ["command", "magic"])
def test_every_verb_has_a_help_page_with_an_example(face):
    program = "%shelf" if face == "magic" else "cloudshelf"
    for verb in grammar.VERBS.values():
        if face not in verb.faces:
            continue
        with pytest.raises(grammar.HelpAsked) as page:
            grammar.parse_words([verb.name, "--help"], face=face)
        assert f"  {program} {verb.name}" in page.value.args[0]
        assert page.value.args[0].startswith(f"usage: {program} {verb.name}")


@pytest.mark.parametrize("verb", grammar.VERBS.values(), ids=lambda v: v.name)
def test_every_example_can_be_parsed(verb):
    for example in verb.examples:
        parsed = grammar.parse_words(grammar.split_line(example), face=verb.faces[0])
        assert parsed.verb == vocabulary.ALIASES.get((verb.name, verb.faces[0]), verb.name)


def test_overview_names_every_verb_of_its_face_only():
    assert "  run " in grammar.overview("command")
    assert "  run " not in grammar.overview("magic")


@pytest.mark.parametrize(
    ("face", "line", "verb"),
    [
        ("magic", "install -q -U pandas", "use"),
        ("magic", "uninstall -y pandas", "drop"),
        ("magic", "list", "list"),
        ("magic", "freeze", "freeze"),
        ("command", "list", "ls"),
        ("command", "freeze --lock pylock.toml", "freeze"),
    ],
)
def test_what_a_pip_user_types_is_a_verb_of_ours(face, line, verb):
    assert grammar.parse_words(line.split(), face=face).verb == verb


@pytest.mark.parametrize(("word", "says"), [("install", "run --with pandas.*publish pandas"), ("uninstall", "yank")])
def test_what_has_no_meaning_in_a_terminal_says_what_to_type(word, says):
    with pytest.raises(UsageError, match=f"{word} exists only as a notebook magic.*{says}"):
        command(word, "pandas")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--user pandas", "install does not take --user[.] Nothing is installed"),
        ("-e ./ours", "install does not take -e[.] An editable checkout stays beside the shelf: %pip install -e"),
        ("--index-url=https://me:canary@x pandas", "--index-url[.] Distributions come from the shelf"),
        ("--target=x pandas", "does not take --target"),
        ("--pre pandas", "A pre-release is taken where"),
    ],
)
def test_an_option_of_pips_that_would_mean_something_is_refused_with_what_it_means_here(options, says):
    with pytest.raises(UsageError, match=says) as caught:
        magic(f"install {options}")
    assert "canary" not in str(caught.value)


def test_what_the_page_for_pip_users_says_to_type_can_be_typed():
    page = Path(__file__, "../../../docs/for-pip-users.md").resolve().read_text()
    typed = re.findall(r"`(%shelf|cloudshelf) ([^`]+)`", page) + re.findall(r"(?m)^(%shelf|cloudshelf) (.+)$", page)
    assert len(typed) > 20
    for program, line in typed:
        words = (
            grammar.split_line(line) if program == "%shelf" else shlex.split(line.partition(" && ")[0], comments=True)
        )
        grammar.parse_words(words, face="magic" if program == "%shelf" else "command")
