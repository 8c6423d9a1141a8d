"""One grammar for both faces: what is typed arrives as typed, and what cannot be understood says so."""

import pytest

from cloudshelf import grammar
from cloudshelf.errors import UsageError


def magic(line):
    return grammar.parse_line(line)


def command(*words):
    return grammar.parse_words(words)


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


@pytest.mark.parametrize(("word", "meant"), [("lss", "ls"), ("serach", "search"), ("yanc", "yank")])
def test_unknown_verb_suggests_the_near_one(word, meant):
    with pytest.raises(UsageError, match=f"Did you mean .*{meant}"):
        command(word)


def test_requirement_in_place_of_a_verb_suggests_use():
    with pytest.raises(UsageError, match="Did you mean: %shelf use pandas==2"):
        magic("pandas==2")


def test_verb_of_the_other_face_is_told_from_an_unknown_one():
    with pytest.raises(UsageError, match="exists only as a command"):
        magic("run -- ls")
    with pytest.raises(UsageError, match="exists only as a notebook magic"):
        command("use", "six")


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


@pytest.mark.parametrize("words", [["yank"], ["search"], ["ls", "a", "b"], ["ls", "--nonsense"], ["cache", "burn"]])
def test_wrong_arguments_are_usage_errors_that_show_the_usage(words):
    with pytest.raises(UsageError, match=f"usage: cloudshelf {words[0]}"):
        command(*words)


@pytest.mark.parametrize("face", ["command", "magic"])
def test_every_verb_has_a_help_page_with_an_example(face):
    program = "%shelf" if face == "magic" else "cloudshelf"
    for verb in grammar.VERBS.values():
        if face not in verb.faces:
            continue
        with pytest.raises(grammar.HelpAsked) as page:
            grammar.parse_words([verb.name, "--help"], face=face)
        assert f"  {program} {verb.name}" in page.value.args[0]


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
