"""What is in a start-up script: what ShellCheck says of it, what it quotes, and what it never holds."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cloudshelf.bootstrap.script import TARGETS, Workspace, script_of
from cloudshelf.errors import UsageError

SHELLCHECK = Path(sys.executable).with_name("shellcheck")
LOCK = '# a lock\nname = "it\'s $(touch /tmp/x) `x`"\nCLOUDSHELF_SETUP\nCLOUDSHELF_WORKSPACE\n'
WORKSPACES = {
    "a shelf alone": Workspace("s3://our-shelf/curated"),
    "a named lock": Workspace("s3://our-shelf/curated", lock_name="team/2026q4@3"),
    "a lock's file": Workspace("s3://our-shelf/curated", lock_text=LOCK),
    "several shelves": Workspace("s3://team/shelf,s3://our-shelf/curated", lock_text=LOCK),
    "an odd folder": Workspace("file:///srv/it's%20%24HOME%3B%20rm", lock_name="team/x"),
    "worse than can be": Workspace("s3://a/'; touch /tmp/x; '\"$(touch /tmp/x)`x`\\", lock_name="'; x\"$(x)`x`\\"),
}


def parts_of(script: str) -> dict[str, str]:
    """The script, and every script that stands in its here-documents."""
    found, waiting = dict[str, str](), [("the script", script)]
    while waiting:
        name, text = waiting.pop()
        found[name] = text
        waiting += re.findall(r"<<'(CLOUDSHELF_\w+)'.*\n((?:.*\n)*?)\1\n", text) if name == "the script" else []
        waiting += re.findall(r"<<'(CLOUDSHELF_\w+)'.*\n((?:.*\n)*?)\1\n", text) if name == "CLOUDSHELF_SETUP" else []
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_shellcheck_finds_nothing_in_a_script_or_in_those_that_it_writes(target: str, tmp_path: Path) -> None:
    texts = [text for each in WORKSPACES.values() for text in parts_of(script_of(target, each)).items()]
    assert {name for name, _ in texts} >= {"the script", "CLOUDSHELF_WORKSPACE"}
    files = list[Path]()
    for name, text in dict.fromkeys(texts):
        if target != "dockerfile" or name != "the script":
            files.append(tmp_path / f"{len(files)}.sh")
            files[-1].write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}")
    done = subprocess.run([SHELLCHECK, f"--exclude={OF_VALUES}", *files], capture_output=True, text=True)
    assert not done.stdout


OF_VALUES = "SC2016,SC1003"  # hints at a value that has what a shell would expand, or ends in \\


@pytest.mark.parametrize("target", ["profile", "sagemaker", "jupyterhub"])
def test_what_varies_is_one_word_to_the_shell(target: str) -> None:
    worst = WORKSPACES["worse than can be"]
    part = parts_of(script_of(target, worst))["CLOUDSHELF_WORKSPACE"]
    asked = subprocess.run(
        ["sh", "-c", f'{part.split("settings=")[0]}printf "%s\\n" "$shelf" "$lock"'], capture_output=True, text=True
    )
    assert asked.stdout.splitlines() == [worst.shelf, worst.lock_name]


def test_the_lock_travels_as_it_is(tmp_path: Path) -> None:
    part = parts_of(script_of("jupyterhub", WORKSPACES["a lock's file"]))["CLOUDSHELF_WORKSPACE"]
    packed = re.search(r"^packed=(\S+)$", part, re.MULTILINE)
    assert packed
    command = f"printf %s {shlex.quote(packed[1])} | base64 -d | gzip -d"
    assert subprocess.run(["sh", "-c", command], capture_output=True, text=True).stdout == LOCK


def test_no_secret_of_who_writes_a_script_is_in_it(cloudshelf: Any, lock: Path) -> None:
    secret = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s3cr3t", "AWS_SESSION_TOKEN": "t0k3n"}
    secret |= {"CLOUDSHELF_SIGNING_PASSPHRASE": "pa55"}
    for target in TARGETS:
        script = cloudshelf("bootstrap", target, "--lock", lock, **secret).stdout
        assert not [value for value in secret.values() if value in script]
    refused = cloudshelf("bootstrap", "profile", "--shelf", "s3://me:s3cr3t@our-shelf/x", code=2)
    assert "s3cr3t" not in f"{refused.stdout}{refused.stderr}"


def test_a_dockerfile_has_instructions_comments_and_here_documents_only() -> None:
    for workspace in WORKSPACES.values():
        script = re.sub(r"(?s)<<'(CLOUDSHELF_SETUP)'\n.*?\n\1\n", "\n", script_of("dockerfile", workspace))
        lines = re.sub(r"\\\n", "", script).splitlines()
        assert {line.split(" ")[0] for line in lines if line and not line.startswith("#")} <= {"RUN", "ENV"}


def test_equal_workspaces_have_equal_scripts() -> None:
    for target in TARGETS:
        for workspace in WORKSPACES.values():
            assert script_of(target, workspace) == script_of(target, workspace)


def test_a_lock_too_large_for_sagemaker_is_refused_with_a_way_out() -> None:
    import random

    large = "".join(random.Random(1).choices("0123456789abcdef", k=40_000))
    with pytest.raises(UsageError, match=r"takes 16,384.*cloudshelf lock --lock FILE --name"):
        script_of("sagemaker", Workspace("s3://our-shelf/curated", lock_text=large))
    assert len(script_of("sagemaker", WORKSPACES["a named lock"])) < 16_384


def test_a_script_is_written_where_it_was_asked_for_and_the_shelf_is_not_asked(cloudshelf: Any, tmp_path: Path) -> None:
    file = tmp_path / "setup.sh"
    words = ("bootstrap", "profile", "--shelf", "s3://not-there/x", "--lock", "team/x", "-o", file)
    done = cloudshelf(*words, AWS_ENDPOINT_URL_S3="http://127.0.0.1:9")
    assert str(file) in done.stdout and file.read_text().startswith("#!/bin/sh\n")
    assert "No shelf is connected" in cloudshelf("bootstrap", "profile", code=2, CLOUDSHELF_URL="").stderr
    assert "There is no lock" in cloudshelf("bootstrap", "profile", "--lock", "none.toml", code=2).stderr
