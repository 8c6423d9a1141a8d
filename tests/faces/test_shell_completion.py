"""Tab in real shells, as people press it; and what is completed where, without a shell."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from cloudshelf.cache import remembered
from cloudshelf.language import shell_completion

WORDBREAKS = " \t\n\"'><=;|&(:"  # bash's, as it comes
PATIENCE = 30.0


@pytest.fixture(scope="module")
def user(shelf, settings, cloudshelf, tmp_path_factory):
    """Whose cache knows the shelf's names, and whose folder has a lock; ``cloudshelf`` is on the PATH."""
    folder = tmp_path_factory.mktemp("typing")
    (folder / "pins.toml").touch()
    (folder / "sub").mkdir()
    program = folder / "bin" / "cloudshelf"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m cloudshelf "$@"\n')
    program.chmod(0o755)
    cloudshelf("ls")
    cloudshelf("ls", "shelfone")
    environ = settings | {"PATH": f"{program.parent}:{os.environ['PATH']}", "TERM": "dumb", "PS1": "> "}
    return folder, environ


class Terminal:
    """A program in a terminal."""

    def __init__(self, user, *words):
        self.master, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (40, 200))
        self.process = subprocess.Popen(
            words, stdin=terminal, stdout=terminal, stderr=terminal, cwd=user[0], env=user[1], start_new_session=True
        )
        os.close(terminal)
        self.said = ""

    def type(self, text):
        os.write(self.master, text.encode())

    def wait(self, pattern):
        """Until what was said since the last wait has ``pattern``."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.said)):
            assert time.monotonic() < deadline, self.said
            if select.select([self.master], [], [], 1.0)[0]:
                text = os.read(self.master, 10_000).decode(errors="replace")
                self.said += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r", "", text)
        self.said = self.said[found.end() :]

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def start(user, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    words = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}[shell]
    terminal = Terminal(user, *words)
    if shell == "zsh":
        terminal.type("PS1='> '; autoload -Uz compinit; compinit -u -D\n")
    terminal.type(f'eval "$(cloudshelf completion {shell})"; echo rea""dy\n')
    terminal.wait("ready")
    return terminal


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("rollb", ["rollback", "x"]),
        ("cache pr", ["cache", "prune", "x"]),
        ("publish --allow-m", ["publish", "--allow-module", "x"]),
        ("show shelfscr", ["show", "shelfscript", "x"]),
        ("show shelfone==2", ["show", "shelfone==2.0", "x"]),
        ("run --with shelftw", ["run", "--with", "shelftwo", "x"]),
        ("sync pi", ["sync", "pins.toml", "x"]),
        ("lock ./su", ["lock", "./sub/x"]),
        ("run --with shelfone -- cat pi", ["run", "--with", "shelfone", "--", "cat", "pins.toml", "x"]),
    ],
)
def test_tab_completes_in_a_real_shell(user, shell, typed, words):
    terminal = start(user, shell)
    try:
        terminal.type("cloudshelf() { printf '<%s>' \"$@\"; echo end; }\n")
        terminal.type(f"cloudshelf {typed}\tx\n")  # Tab ends a word that is whole with a space, and a folder without
        terminal.wait(re.escape("".join(f"<{word}>" for word in words) + "end"))
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("typed", "offers"),
    [
        ("cloudshelf rollb", ["rollback"]),
        ("cloudshelf show shelf", ["shelfone", "shelfscript", "shelftwo"]),
        ("cloudshelf show shelfone==", ["shelfone==1.0", "shelfone==2.0"]),
        ("cloudshelf run --with shelfone -- cat pi", ["pins.toml"]),
    ],
)
def test_fish_offers_the_same(user, typed, offers):
    if shutil.which("fish") is None:
        pytest.skip("there is no fish here")
    script = f"cloudshelf completion fish | source; complete -C {typed!r}"
    done = subprocess.run(["fish", "-c", script], capture_output=True, text=True, check=True, cwd=user[0], env=user[1])
    assert sorted(line.partition("\t")[0] for line in done.stdout.splitlines()) == offers


TABS = {
    "cloudshelf --": ["--debug", "--help", "--json", "--shelf", "--version"],
    "cloudshelf --shelf ": [],
    "cloudshelf --json rollb": ["rollback"],
    "cloudshelf use ": [],  # a verb of the magic
    "cloudshelf ls shelft": ["shelftwo"],
    "cloudshelf ls --": ["--debug", "--help", "--json", "--shelf"],
    "cloudshelf show shelfone==": ["1.0", "2.0"],  # readline's word begins behind the last =
    'cloudshelf run --with "shelfone>=': ["shelfone>=1.0", "shelfone>=2.0"],  # quotes hold a word together
    "cloudshelf lock --python ": ["3.11", "3.12", "3.13", "3.14"],
    "cloudshelf rollback shelfone --to ": [],  # a number
    "cloudshelf why shelfone --with shelft": ["shelftwo"],
    "cloudshelf run --lock pi": ["pins.toml"],
    "cloudshelf completion z": ["zsh"],
    "cloudshelf run --with six -- x": None,
}


@pytest.mark.parametrize("line", TABS)
def test_what_may_stand_there_and_nothing_else(user, monkeypatch, line):
    monkeypatch.chdir(user[0])
    for name in ("CLOUDSHELF_URL", "CLOUDSHELF_CACHE", "CLOUDSHELF_CONFIG"):
        monkeypatch.setenv(name, user[1][name])
    found = shell_completion.complete(line, WORDBREAKS)
    assert (found if found is None else sorted(found)) == TABS[line]


def test_a_tab_loads_neither_site_packages_nor_what_costs_time(user):
    code = (
        "import sys; sys.argv = ['x', 'bash', 'cloudshelf show shelf', '=']; import runpy\n"
        f"try: runpy.run_path({shell_completion.__file__!r}, run_name='__main__')\n"
        "except SystemExit: print(sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True, env=user[1], cwd=user[0]
    )
    *words, modules = done.stdout.splitlines()
    assert words == ["shelfone", "shelfscript", "shelftwo"]
    for heavy in ("site", "dataclasses", "json", "socket", "threading", "subprocess", "cloudshelf.session"):
        assert f"'{heavy}'" not in modules


def test_unknown_names_are_asked_for_in_the_background_and_by_one_tab_only(user, shelf, tmp_path):
    environ = user[1] | {"CLOUDSHELF_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-I", "-S", shell_completion.__file__, "bash", "cloudshelf ls shelft", WORDBREAKS]

    def tab():
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environ).stdout

    assert tab() == ""
    deadline = time.monotonic() + PATIENCE
    while tab() != "shelftwo\n":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    names, stale = remembered.recall(tmp_path / "cache", shelf)
    assert {"shelfone", "shelfscript", "shelftwo"} <= set(names) and not stale


@pytest.mark.parametrize(
    "environ",
    [
        {"CLOUDSHELF_URL": "s3://nowhere/at-all", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"},
        {"CLOUDSHELF_URL": "ftp://wrong"},
        {"CLOUDSHELF_CONFIG": "/nowhere.toml"},
        {"CLOUDSHELF_CACHE": "/proc/none"},
    ],
)
def test_a_shelf_that_is_down_or_settings_that_are_wrong_give_nothing_and_say_nothing(user, environ):
    command = [sys.executable, "-I", "-S", shell_completion.__file__, "bash", "cloudshelf ls shelft", WORDBREAKS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=user[1] | environ)
    assert (done.stdout, done.stderr) == ("", "")


def test_the_script_survives_a_place_with_spaces():
    script = shell_completion.script_of("bash", "/a place/bin/python")
    assert "'/a place/bin/python' -I -S" in script
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=True).returncode == 0


def test_names_that_cannot_be_kept_are_no_error(tmp_path):
    (tmp_path / "file").touch()
    remembered.remember(Path(tmp_path / "file"), "s3://x/y", ["six"])
    assert remembered.recall(Path(tmp_path / "file"), "s3://x/y") == ([], False)
