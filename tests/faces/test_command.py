"""The command, in processes of its own, on a small real shelf."""

import json
import shutil
import signal
import subprocess
import sys

import pytest

from cloudshelf.publisher.interpreter import find_interpreter

from .conftest import make_wheel


def test_ls_shows_what_was_published(shelf, cloudshelf):
    assert "shelftwo" in cloudshelf("ls").stdout
    assert "2.0" in cloudshelf("ls", "shelfone").stdout
    assert "py3-none-any" in cloudshelf("ls", "shelfone==1.0").stdout
    assert json.loads(cloudshelf("ls", "--json").stdout)["projects"]


def test_run_sees_exactly_what_was_asked_for(shelf, cloudshelf):
    code = "import shelftwo, shelfone, sys; print(shelfone.version, shelfone.__file__.startswith(sys.prefix))"
    assert cloudshelf("run", "--with", "shelftwo", "--", "python", "-c", code).stdout == "1.0 True\n"
    hidden = "import importlib.util; print(importlib.util.find_spec('packaging'))"
    assert cloudshelf("run", "--with", "shelftwo", "--", "python", "-c", hidden).stdout == "None\n"


def test_run_finds_console_scripts_and_its_children_inherit(shelf, cloudshelf):
    assert cloudshelf("run", "--with", "shelfscript", "--", "shelfsay").stdout == "from the script\n"
    code = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'shelftwo'], check=True)"
    cloudshelf("run", "--with", "shelftwo", "--", "python", "-c", code)


def test_run_can_bring_every_file_before_a_program_that_is_no_python(shelf, cloudshelf, tmp_path):
    words = ("--with", "shelfone", "--", "sh", "-c", "cat ${PATH%%/bin:*}/lib/*/site-packages/shelfone/late.py")
    assert cloudshelf("run", *words, code=1, CLOUDSHELF_CACHE=str(tmp_path / "one")).stdout == ""
    assert cloudshelf("run", "--fill", *words, CLOUDSHELF_CACHE=str(tmp_path / "two")).stdout == "x=1\n"


def test_run_passes_no_child_on(shelf, cloudshelf, tmp_path):
    """The fetcher that it started ahead: a program that waits for any child would meet it."""
    code = "import os, shelfone\ntry: print(os.wait())\nexcept ChildProcessError: print('none')"
    words = ("--with", "shelfone", "--", "python", "-c", code)
    assert cloudshelf("run", *words, CLOUDSHELF_CACHE=str(tmp_path)).stdout == "none\n"


def test_run_of_what_is_complete_starts_no_fetcher(shelf, cloudshelf, tmp_path):
    words = ("--with", "shelfone", "--", "python", "-c", "import shelfone.late; print(shelfone.late.x)")
    cloudshelf("run", "--fill", *words, CLOUDSHELF_CACHE=str(tmp_path))
    shutil.rmtree(tmp_path / "fetcher")
    assert cloudshelf("run", *words, CLOUDSHELF_CACHE=str(tmp_path)).stdout == "1\n"
    assert not (tmp_path / "fetcher").exists()


def test_run_passes_the_exit_status_and_signals_through(shelf, cloudshelf, settings):
    cloudshelf("run", "--with", "shelfone", "--", "python", "-c", "raise SystemExit(7)", code=7)
    words = [sys.executable, "-m", "cloudshelf", "run", "--with", "shelfone", "--"]
    code = (  # short sleeps, because a signal that comes just before signal.pause() is never seen
        "import signal, time; signal.signal(15, lambda *a: exit(9)); print('ready', flush=True)\n"
        "while True: time.sleep(0.05)"
    )
    with subprocess.Popen([*words, "python", "-c", code], env=settings, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 9


def test_run_clears_what_would_reach_into_the_environment(shelf, cloudshelf, tmp_path):
    outer = {"PYTHONPATH": str(tmp_path), "VIRTUAL_ENV": str(tmp_path)}
    code = f"import os, sys; print([os.environ.get(n) for n in {list(outer)}], sys.prefix in os.environ['PATH'])"
    shown = cloudshelf("run", "--with", "shelfone", "--", "python", "-c", code, **outer).stdout
    assert shown == "[None, None] True\n"


def test_a_lock_runs_what_it_pins(shelf, cloudshelf, tmp_path):
    lock = tmp_path / "pylock.toml"
    cloudshelf("lock", "shelfone==2.0", "-o", lock)
    code = "import shelfone; print(shelfone.version)"
    assert cloudshelf("run", "--lock", lock, "--", "python", "-c", code).stdout == "2.0\n"


def test_a_lock_of_a_shelf_that_moved_says_so_and_works_where_the_shelf_is_now(shelf, cloudshelf, tmp_path):
    first, second, lock = tmp_path / "first", tmp_path / "second", tmp_path / "pylock.toml"
    shutil.copytree(shelf.removeprefix("file://"), first)
    cloudshelf("--shelf", first, "lock", "shelfone", "-o", lock)
    first.rename(second)
    run = ["run", "--lock", lock, "--", "python", "-c", "import shelfone; print(shelfone.version)"]
    own = {"CLOUDSHELF_CACHE": str(tmp_path / "cache")}
    said = cloudshelf(*run, code=2, **own).stderr
    assert f"pylock.toml is of the shelf file://{first}, which is not there. If it moved: --shelf URL" in said
    assert cloudshelf("--shelf", second, *run, **own).stdout == "1.0\n"
    assert "shelfone was asked for" in cloudshelf("--shelf", second, "why", "shelfone", "--lock", lock).stdout


def test_why_names_the_chain(shelf, cloudshelf):
    shown = cloudshelf("why", "shelfone", "--with", "shelftwo").stdout
    assert "shelftwo was asked for, shelftwo 1.0 wants shelfone>=1" in shown


def test_fill_brings_everything(shelf, cloudshelf):
    result = json.loads(cloudshelf("fill", "shelfone", "--json").stdout)
    assert "environment" in result


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["ls", "shelfnone"], 1, "shelfnone is not on the shelf"),
        (["run", "--with", "shelfon", "--", "true"], 1, "Did you mean shelfone"),
        (["run", "--with", "shelfone==9", "--", "true"], 1, "shelfone"),
        (["run", "--with", "not a requirement!", "--", "true"], 2, "is not a requirement"),
        (["run", "--with", "shelfone"], 2, "run needs a command"),
        (["run", "--with", "shelfone", "--", "no-such-program"], 2, "'no-such-program' was not found"),
        (["lss"], 2, "Did you mean ls"),
        (["--shelf", "file:///nowhere/at/all", "ls"], 1, "no shelf at"),
        (["publish", "./none.whl"], 2, "does not exist"),
        (["sync", "none.toml"], 2, "There is no lock none.toml"),
    ],
)
def test_errors_are_one_message_and_the_documented_exit_code(shelf, cloudshelf, words, code, message):
    process = cloudshelf(*words, code=code)
    assert message in process.stderr
    assert process.stderr.startswith("cloudshelf: ") and "Traceback" not in process.stderr
    assert process.stdout == ""


def test_debug_shows_the_traceback(shelf, cloudshelf):
    assert "Traceback" in cloudshelf("ls", "shelfnone", "--debug", code=1).stderr


def test_interrupting_ends_with_one_line_and_130(monkeypatch, capsys):
    from cloudshelf.command import cli

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_obey", interrupted)
    assert cli.main(["ls"]) == 130
    assert capsys.readouterr().err.count("\n") == 1


def test_cache_verify_finds_and_removes_an_edit_in_place(shelf, cloudshelf, tmp_path):
    cache = tmp_path / "cache"
    cloudshelf("run", "--with", "shelfone", "--", "python", "-c", "import shelfone", CLOUDSHELF_CACHE=str(cache))
    assert "damaged" not in cloudshelf("cache", "verify", CLOUDSHELF_CACHE=str(cache)).stdout
    edited = next(path for path in (cache / "objects").glob("*/*") if path.is_file())
    edited.chmod(0o600)
    edited.write_bytes(b"edited")
    assert edited.name in cloudshelf("cache", "verify", code=4, CLOUDSHELF_CACHE=str(cache)).stdout
    assert edited.exists()
    cloudshelf("cache", "verify", "--repair", CLOUDSHELF_CACHE=str(cache))
    assert not edited.exists()


def test_cache_clear_removes_what_can_come_again_and_the_next_run_works(shelf, cloudshelf, tmp_path):
    words = ["run", "--with", "shelfone", "--", "python", "-c", "import shelfone"]
    cache = tmp_path / "cache"
    cloudshelf(*words, CLOUDSHELF_CACHE=str(cache))
    cloudshelf("cache", "clear", CLOUDSHELF_CACHE=str(cache))
    info = json.loads(cloudshelf("cache", "--json", CLOUDSHELF_CACHE=str(cache)).stdout)
    assert info["parts"]["objects"] == 0 and info["environments"] == 0
    cloudshelf(*words, CLOUDSHELF_CACHE=str(cache))


def test_cache_clear_leaves_alone_what_is_not_the_caches(shelf, cloudshelf, tmp_path):
    (tmp_path / "objects" / "mine").mkdir(parents=True)
    mine = tmp_path / "objects" / "mine" / "letter.txt"
    mine.write_text("dear")
    cloudshelf("cache", "clear", CLOUDSHELF_CACHE=str(tmp_path))
    assert mine.read_text() == "dear"


def test_sync_says_how_to_run_in_what_it_made(shelf, cloudshelf, tmp_path):
    lock = tmp_path / "a lock.toml"
    cloudshelf("lock", "shelfone", "-o", lock)
    assert f"cloudshelf run --lock '{lock}' -- python" in cloudshelf("sync", lock).stdout


def test_a_wheel_that_needs_what_only_the_shelf_has_may_come_alone(shelf, cloudshelf, tmp_path):
    wheel = make_wheel(tmp_path, "needyone", "1.0", {"needyone.py": ""}, requires=["elsewhere"])
    said = cloudshelf("publish", wheel, "--no-index", code=1).stderr
    assert "elsewhere (from needyone)" in said and "publish with --no-deps" in said and "Check the name" not in said
    wheel = make_wheel(tmp_path, "needyone", "1.0", {"needyone.py": ""}, requires=["shelfone"])
    assert "published" in cloudshelf("publish", wheel, "--no-index").stdout  # what is internal comes from the shelf


def test_a_file_that_cannot_be_executed_is_told_from_one_that_is_not_there(shelf, cloudshelf, tmp_path):
    script = tmp_path / "a script.sh"
    script.write_text("#!/bin/sh\n")
    said = cloudshelf("run", "--with", "shelfone", "--", script, code=2).stderr
    assert f"The file {script} is not executable" in said and f"chmod +x '{script}'" in said


CHOOSE = "cloudshelf default curated==2.0"


def test_curating_says_what_a_bare_name_takes_now(shelf, cloudshelf, tmp_path):
    own = {"CLOUDSHELF_URL": f"file://{tmp_path / 'shelf'}"}
    cloudshelf("init", **own)
    for version in ("1.0", "2.0"):
        module = {"curated.py": f"version = {version!r}\n"}
        cloudshelf("publish", "--no-deps", make_wheel(tmp_path, "curated", version, module), **own)
    said = [
        cloudshelf(*words, **own).stdout.strip()
        for words in (
            ["yank", "curated==1.0"],
            ["default", "curated==2.0"],
            ["default", "curated==2.0"],
            ["unyank", "curated==1.0"],
            ["unyank", "curated==1.0"],
            ["rollback", "curated"],
            ["rollback", "curated", "--to", "1"],
        )
    ]
    yanked = "Its default is 1.0.\nThat default is yanked, so the bare name does not take it."
    assert said == [
        f"Yanked curated 1.0: only curated==1.0 takes it from now on. {yanked} Choose another: {CHOOSE}",
        "The default of curated is now 2.0.",
        "The default of curated is already 2.0.",
        "curated 1.0 is offered again. Its default is 2.0.",
        "curated 1.0 is not yanked. Its default is 2.0.",
        "curated is back at state 4, with 2.0, 1.0 (yanked). Its default is 2.0.",
        "curated is back at state 1, with 1.0. Its default is 1.0.",
    ]


def test_publishing_without_its_extra_says_what_to_install(shelf, settings, tmp_path):
    """Whoever only reads has not installed what building and unpacking need."""
    code = (
        "import sys; sys.modules |= dict.fromkeys(['installer', 'elftools'])\n"
        "from cloudshelf.command.cli import main; sys.exit(main(['publish', 'six']))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "installer, elftools is not installed" in done.stderr and "pip install 'cloudshelf[publish]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_publishing_for_several_pythons_serves_each_that_is_here_and_names_the_others(cloudshelf, tmp_path):
    """Real interpreters: those of this machine, whichever they are, beside the one that runs this."""
    own = {"CLOUDSHELF_URL": f"file://{tmp_path}/shelf", "CLOUDSHELF_CACHE": str(tmp_path / "cache")}
    cloudshelf("init", **own)
    versions = [f"3.{minor}" for minor in range(11, 15)]
    here = {version: found for version in versions if (found := find_interpreter(version, None)).executable}
    words = [word for version in versions for word in ("--python", version)]
    wheel = make_wheel(tmp_path, "several", "1.0", {"several.py": "import json\n"})
    shown = cloudshelf("publish", "--no-deps", wheel, *words, "--json", **own)
    result = json.loads(shown.stdout)
    assert [row["python"] for row in result["projects"]] == versions
    wheels = json.loads(cloudshelf("ls", "several==1.0", "--json", **own).stdout)["wheels"]
    assert {*wheels[0]["interpreters"]} - {""} == {found.target.cache_tag for found in here.values()}
    absent = [version for version in versions if version not in here]
    assert [note.partition(" was not found")[0] for note in result["notes"]] == [f"Python {v}" for v in absent]
