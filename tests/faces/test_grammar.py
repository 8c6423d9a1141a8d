"""One grammar for both faces: what is typed arrives as typed, and what cannot be understood says so."""

import pytest

from cloudshelf import grammar
from cloudshelf.errors import UsageError


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
        ("list", "ls"),
        ("install", "run or publish"),
        ("instal", "run or publish"),
        ("freeze", "lock"),
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
    assert alone == set(grammar._INSTEAD)


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
        assert grammar.parse_words(grammar.split_line(example), face=verb.faces[0]).verb == verb.name


def test_overview_names_every_verb_of_its_face_only():
    assert "  run " in grammar.overview("command")
    assert "  run " not in grammar.overview("magic")


def test_requirement_lines_as_in_requirements_txt():
    text = "# pins\nsix==1.16.0  # why\n\npandas>=2 \\\n  ,<3\n-r other.txt\nx==1 --hash=sha256:ab\n"
    lines = list(grammar.parse_requirements(text))
    assert [line.replace(" ", "") for line in lines] == ["six==1.16.0", "pandas>=2,<3", "-rother.txt", "x==1"]


def test_other_options_in_requirement_lines_are_refused():
    with pytest.raises(UsageError, match="--index-url has no meaning"):
        list(grammar.parse_requirements("--index-url https://example.org"))
