"""requirements.txt is read as pip reads it; what a shelf cannot answer is told by line, and no password is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pip._internal.network.session import PipSession
from pip._internal.req.req_file import parse_requirements

from cloudshelf.codecs.requirements_txt import decode, parse_lines, variables_of

A, B = "a" * 64, "b" * 64


def required(text: str, **variables: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(line.value, line.hashes) for line in parse_lines(text, variables) if line.kind == "requirement"]


AS_PIP = {
    "comments": "# first\nsix  # why\nfoo#bar\nattrs # a # b\n",
    "continuation": "six \\\n  >=1 , \\\n<2\nattrs\n",
    "continued comment": "six \\\n# not this\nattrs\n",
    "open end": "six\\",
    "hashes": f"six==1 \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}\nattrs==2 --hash sha256:{A}\n",
    "markers": 'six; python_version < "3"\nattrs>=1 ; sys_platform == "linux" and extra == "x"\n',
    "extras": "uvicorn[standard] ~= 0.30\nrequests [socks,use] >= 2\n",
    "variables": "six==${SIX}\nattrs==${lower}\n",
    "options": "--index-url https://x.example/simple\n-i https://y.example\n--pre\n--no-binary :all:\n"
    "--trusted-host x.example\n-f ./wheels\nsix\n",
    "per requirement": 'six --config-settings "a=b"\n',
    "odd spaces": "\t six \t\r\n\r\n  attrs==1\r\n",
    "old option": "--extra-index-url=https://x.example/simple\nsix===1.0\n",
}


@pytest.mark.parametrize("text", AS_PIP.values(), ids=AS_PIP.keys())
def test_requirements_and_hashes_are_those_that_pip_reads(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIX", "1.17")
    file = tmp_path / "requirements.txt"
    file.write_bytes(text.encode())
    theirs = [
        (each.requirement.strip(), tuple((each.options or {}).get("hashes", {}).get("sha256", ())))
        for each in parse_requirements(str(file), session=PipSession())
    ]
    ours = [
        (line.value, line.hashes) if line.kind == "requirement" else (line.text, ())
        for line in parse_lines(text, {"SIX": "1.17"})
        if line.kind in ("requirement", "refused")
    ]
    assert ours == theirs


@given(st.lists(st.sampled_from(["six", "attrs>=1", " ", "\\", "#", "\n", "--pre", "-r x", "$", "${A}", "=="])))
def test_no_text_is_an_exception_and_each_line_has_its_number(words: list[str]) -> None:
    text = "".join(words)
    lines = parse_lines(text, {"A": "1"})
    assert all(1 <= line.number <= len(text.splitlines()) for line in lines)


def test_a_line_has_the_number_of_its_beginning() -> None:
    lines = parse_lines("# one\n\nsix \\\n  >=1\nattrs\n")
    assert [(line.number, line.value) for line in lines] == [(3, "six   >=1"), (5, "attrs")]


def test_files_that_a_file_names_are_told_apart() -> None:
    text = "-r base.txt\n--requirement=more.txt\n-c limits.txt\n--constraint other.txt\n--require-hashes\n"
    assert [(line.kind, line.value) for line in parse_lines(text)] == [
        ("include", "base.txt"),
        ("include", "more.txt"),
        ("limit", "limits.txt"),
        ("limit", "other.txt"),
        ("require-hashes", ""),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("-e .", "an editable checkout is not on a shelf"),
        ("--editable=git+https://x.example/y", "an editable checkout is not on a shelf"),
        ("six @ https://x.example/six.whl", "names a URL"),
        ("https://x.example/six.whl", "names a URL"),
        ("git+ssh://git@x.example/y", "names a URL"),
        ("./dist/six-1-py3-none-any.whl", "cloudshelf publish ./dist/six-1-py3-none-any.whl"),
        ("../six", "names a file"),
        ("six-1.tar.gz", "names a file"),
        ("--frobnicate", "--frobnicate is not an option of a requirements file"),
        ("six --frobnicate", "--frobnicate is not an option of a requirements file"),
        ("six ==${NO_SUCH}", "the environment variable NO_SUCH is not set"),
        ("six==1 --hash=md5:ab", "md5 is not a hash that pip takes"),
        ("six==1 --hash=sha512:ab", "the sha256 of its wheels"),
        ("-r", "-r needs a value"),
        ('six --hash="', "No closing quotation"),
    ],
)
def test_what_a_shelf_cannot_answer_is_refused_with_why(line: str, says: str) -> None:
    [found] = parse_lines(line)
    assert found.kind == "refused" and says in found.value


@pytest.mark.parametrize(
    "line",
    ["--index-url https://x", "-i https://x", "-f dir", "--no-index", "--pre", "--prefer-binary", "--use-feature x"],
)
def test_what_changes_nothing_is_left_out_with_why(line: str) -> None:
    [found] = parse_lines(line)
    assert found.kind == "ignored" and found.value


def test_no_password_is_in_what_is_shown() -> None:
    text = "--index-url https://me:secret@x.example\nsix @ https://me:secret@x.example/six.whl\nx==${TOKEN} --nope\n"
    for line in parse_lines(text, {"TOKEN": "secret"}):
        assert "secret" not in line.text and "secret" not in (line.value if line.kind != "requirement" else "")


def test_variables_are_expanded_as_pip_does_and_nothing_else_is() -> None:
    assert required("six==${V}\nattrs==1+$HOME", V="1") == [("six==1", ()), ("attrs==1+$HOME", ())]
    assert variables_of("a${B_1} $C ${d} ${E}") == {"B_1", "E"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    """``pip freeze > requirements.txt`` of a PowerShell is UTF-16."""
    assert decode("six==1 # é\n".encode(encoding)) == "six==1 # é\n"


def test_a_comment_tells_the_encoding_too() -> None:
    assert decode("# -*- coding: latin-1 -*-\nsix # é".encode("latin-1")).endswith("é")
    with pytest.raises(ValueError):
        decode(b"\xff\xfe\xfa\x00\x01\xd8")
    with pytest.raises(ValueError):
        decode(b"# coding: no-such\n")
