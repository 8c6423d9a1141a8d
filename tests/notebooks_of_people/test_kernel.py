"""%shelf lock --notebook and %shelf sync --notebook in real kernels, with and without a front end that answers."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jupyter_client import BlockingKernelClient

from tests.faces.test_kernel import Kernel, Shown

from .conftest import block_of

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def kernel(shelf, environ):
    started = []

    def start(**more):
        running = Kernel(environ | more)
        started.append(running)
        running("%load_ext cloudshelf")
        return running

    yield start
    for each in started:
        each.stop()


def test_what_a_person_does_without_an_extension_in_the_front_end(kernel, make_notebook, cloudshelf, environ):
    """The kernel leaves the file alone and says the command, which works when the kernel has ended."""
    path = make_notebook()
    before = path.read_bytes()
    running = kernel(JPY_SESSION_NAME=str(path))
    assert "Nothing is pinned yet" in running("%shelf lock --notebook").error
    running("%shelf use shelfone==2.0")
    said = running("%shelf lock --notebook").text
    assert "An open notebook is only changed by its editor" in said and path.read_bytes() == before
    assert running(f"%shelf lock --notebook {path}").text == said  # by its name, it is the same notebook
    command = shlex.split(re.search(r"cloudshelf lock .*", said)[0])
    assert command[3] == str(path)
    done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
    assert "Put 1 pin into" in done.stdout
    assert "shelfone-2.0" in path.read_text()
    fresh = kernel(JPY_SESSION_NAME=str(path))
    assert "These are the pins that" in fresh("%shelf sync --notebook").text
    assert fresh("import shelfone; print(shelfone.version)").text == "2.0\n"


def test_a_lock_waits_for_its_notebook_until_it_is_old(kernel, make_notebook, environ, tmp_path):
    cache = tmp_path / "cache"
    running = kernel(JPY_SESSION_NAME=str(make_notebook()), CLOUDSHELF_CACHE=str(cache))
    running("%shelf use shelfone==2.0")
    kept = Path(shlex.split(re.search(r"cloudshelf lock .*", running("%shelf lock --notebook").text)[0])[-1])
    other = kept.with_name("mine.toml")
    other.touch()

    def prune(days_later):
        for file in (kept, other):
            os.utime(file, (time.time() - days_later * 86400,) * 2)
        words = [sys.executable, "-m", "cloudshelf", "cache", "prune"]
        subprocess.run(words, env=environ | {"CLOUDSHELF_CACHE": str(cache)}, check=True, capture_output=True)
        return sorted(file.name for file in kept.parent.iterdir())

    assert prune(days_later=6) == sorted([kept.name, other.name])
    assert prune(days_later=8) == [other.name]


def test_a_front_end_that_answers_gets_the_block_and_says_what_it_did(kernel, tmp_path, cloudshelf):
    running = kernel(JPY_SESSION_NAME=str(tmp_path / "report.ipynb"))
    running("%shelf use shelfone==1.0")
    for status, words in (("saved", "saved by its editor"), ("set", "Save it"), ("refused", "it is read-only")):
        messages = []
        reply = running.client.execute_interactive("%shelf lock --notebook", output_hook=messages.append, timeout=60)
        assert reply["content"]["status"] == "ok"
        [opened] = [m["content"] for m in messages if m["msg_type"] == "comm_open"]
        assert opened["target_name"] == "cloudshelf"
        asked = opened["data"]
        assert (asked["request"], asked["version"]) == ("set-lock", 1)
        assert asked["path"] == str(tmp_path / "report.ipynb")
        data = {"status": status, "reason": "it is read-only"}
        content = {"comm_id": opened["comm_id"], "data": data}
        running.client.shell_channel.send(running.client.session.msg("comm_msg", content))
        replaced = None
        while replaced is None:
            message = running.client.get_iopub_msg(timeout=60)
            if message["msg_type"] == "update_display_data":
                replaced = message["content"]["data"]["text/plain"]
        assert words in replaced and "cloudshelf lock" not in replaced
    notebook = {"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {"cloudshelf": asked["block"]}}
    (tmp_path / "report.ipynb").write_text(json.dumps(notebook))
    assert "shelfone 1.0" in cloudshelf("sync", "--notebook", tmp_path / "report.ipynb").stdout


def test_another_notebook_is_written_at_once(kernel, make_notebook):
    path = make_notebook("other.ipynb")
    running = kernel()
    running("%shelf use shelfone==1.0")
    assert "Put 1 pin into" in running(f"%shelf lock --notebook {path}").text
    assert block_of(path)
    assert "Put 2 pins into" in running(f"%shelf lock shelftwo shelfone==2.0 --notebook {path}").text
    assert "shelfone-2.0" in path.read_text()
    path.with_name(".other.ipynb.swp").touch()
    assert "is open in an editor" in running(f"%shelf lock --notebook {path}").error


def test_vs_code_names_the_notebook(kernel, report):
    running = kernel()
    running(f"__vsc_ipynb_file__ = {str(report)!r}")
    assert "shelfone 1.0" in running("%shelf sync --notebook").text
    said = running(f"%shelf sync --notebook {block_of(report)['digest'][:12]}").text
    assert "These are the pins that" in said


def test_a_kernel_that_nobody_told_anything_says_what_to_do(kernel, report):
    running = kernel()
    said = running("%shelf sync --notebook").error
    assert "It cannot be told which notebook this is" in said and "cloudshelf run --notebook FILE.ipynb" in said
    assert "shelfone 1.0" in running(f"%shelf sync --notebook {report}").text


def test_a_renamed_notebook_is_not_guessed(kernel, report):
    running = kernel(JPY_SESSION_NAME=str(report.with_name("before.ipynb")))
    said = running("%shelf sync --notebook").error
    assert "before.ipynb, which is not there. If it was renamed, name it" in said


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: "no notebook", "is not a notebook"),
        (lambda text: text.replace('"cloudshelf": {', '"nothing": {'), "carries no lock"),
        (lambda text: text.replace("shelfone==1.0", "shelfone<3"), "was edited after it was made"),
        (lambda text: text.replace('"format": 1', '"format": 9'), "Upgrade"),
    ],
)
def test_a_notebook_that_cannot_be_used_is_one_message(kernel, report, change, says):
    report.write_text(change(report.read_text()))
    shown = kernel(JPY_SESSION_NAME=str(report))("%shelf sync --notebook")
    assert says in shown.error and "Traceback" not in shown.error


def test_the_kernel_of_a_jupyter_server_finds_its_notebook(report, make_notebook, server, cloudshelf):
    """A session of the server's REST API, as JupyterLab starts it; the notebook beside it carries another lock."""
    other = make_notebook("sub/report.ipynb")
    cloudshelf("lock", "--notebook", other, "shelfone==2.0")
    model = {"path": "sub/report.ipynb", "name": "report.ipynb", "type": "notebook", "kernel": {"name": "python3"}}
    number = server("/api/sessions", model)["kernel"]["id"]
    client = BlockingKernelClient(connection_file=f"{server.runtime}/kernel-{number}.json")
    while not Path(client.connection_file).exists():
        time.sleep(0.05)
    client.load_connection_file()
    client.start_channels(hb=False)  # a kernel that starts on a busy machine misses a beat, and is not dead
    try:
        client.wait_for_ready(timeout=60)
        said = Shown()
        code = "%load_ext cloudshelf\n%shelf sync --notebook\nimport shelfone; print('version', shelfone.version)"
        client.execute_interactive(code, timeout=60, output_hook=said.take, allow_stdin=False)
        assert "version 2.0" in said.text, said.error
    finally:
        client.stop_channels()


def test_verbs_load_the_standard_library_only(shelf, settings):
    """A kernel may pin any version of anything, nbformat and jupyter_server included."""
    code = (
        "import sys, cloudshelf.notebooks, cloudshelf.session, cloudshelf.language.arguments\n"
        "print({'nbformat', 'jupyter_server', 'jupyter_client', 'packaging', 'requests'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=settings, check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
