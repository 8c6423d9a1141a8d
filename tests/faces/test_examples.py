"""Every example of every help page, on a demo shelf: none of them rots. And ``--json`` of every verb.

The demo has small wheels of the names that the examples use; what they name by URL is a bucket of a real S3 server.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cloudshelf.language import grammar
from cloudshelf.mount.mountpoint import own_mounts, unmount
from cloudshelf.stores.opening import open_store
from tests.mount.drives import WHY_NOT
from tests.servers import seaweed

from .conftest import make_wheel
from .test_kernel import Kernel

CODE_CELL = {"metadata": {}, "outputs": [], "execution_count": None}
DEMO = [  # name, version, what it requires; in the order in which a curator published them
    ("numpy", "1.26.4", ()),
    ("numpy", "2.0.0", ()),
    ("pandas", "2.2.2", ("numpy",)),
    ("pandas", "2.2.3", ("numpy",)),
    ("pandas", "2.3.0", ("numpy",)),
    ("torch", "2.1.0", ()),
    ("torch", "2.1.2", ()),
    ("pytest", "8.0", ()),
]
INDEX = [("matplotlib", "3.9", ("numpy",)), ("ours", "1.0", ())]  # not published yet
FILES = {
    "script.py": "import pandas\n",
    "job.py": "# /// script\n# dependencies = ['pandas']\n# ///\n"
    "import sys, pandas\nassert sys.argv[1:] == ['--fast']\n",
    "Makefile": "all:\n\ttrue\n",
    "requirements.txt": "pandas>=2.2\n",
    "constraints.txt": "numpy<2\n",
    "policy.toml": "denied = ['leftpad']\n",
    "pyproject.toml": "[project]\nname = 'x'\nversion = '1'\ndependencies = ['numpy']\n"
    "optional-dependencies = {plots = ['pandas']}\n[dependency-groups]\ndev = ['pytest']\n",
    "environment.yml": "dependencies:\n  - pandas\n  - gcc\n  - pip:\n    - torch\n",
    "report.ipynb": json.dumps(
        {
            "cells": [
                {"cell_type": "code", "source": line, "id": name} | CODE_CELL
                for name, line in (("a", "%load_ext cloudshelf"), ("b", "%shelf use pandas"))
            ],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    ),
}
# A key, and a root document that has it, where they are not there yet.
KEY = "key show anna.key >/dev/null 2>&1 || cloudshelf key new --owner anna anna.key"
TRUST = (
    f"{KEY} >/dev/null; (cloudshelf trust show || cloudshelf trust init --key root.key) >/dev/null 2>&1; "
    "cloudshelf trust add-key '*' --locks '*' --key anna.key.pub --sign root.key"
)
# What must have been typed before.
BEFORE = {
    "key show anna.key": KEY,
    "trust add-key pandas 'ours-*' --key anna.key.pub --expires 1y --sign root.key": TRUST,
    "trust add-key --locks 'team/*' --key anna.key.pub --sign root.key": TRUST,
    "trust remove-key --key anna --sign root.key": TRUST,
    "trust rotate --sign root.key": TRUST,
    "trust sign --all --sign anna.key": TRUST,
    "trust show": TRUST,
    "sync --notebook report.ipynb": "lock --notebook report.ipynb",
    "run --notebook report.ipynb -- papermill report.ipynb out.ipynb": "lock --notebook report.ipynb",
    "kernelspec remove team": "kernelspec team --lock pylock.toml",
    "import pandas.tar": "export pandas.tar pandas",
    "unblock numpy==2.0.0": "block numpy==2.0.0 --reason x",
    "umount ~/everything": "mount ~/everything --all",
    "env --lock team/2026q4 --mount ~/drive": "mount ~/drive --lock team/2026q4",
    "locks --remove team/2026q3": "lock pandas --name team/2026q3",
}
# What these do is tested elsewhere: they write where every kernel of this Python or machine looks, take a shelf that
# has been there for long, another bucket, an index with all that the engine needs, or a terminal.
ELSEWHERE = ("--sys-prefix", "--system", "--as-of", "--logs", "--engine", "s3://team/shelf", "--passphrase")


@pytest.fixture(scope="module")
def server():
    with seaweed(bucket="our-shelf") as running:
        yield running


@pytest.fixture(scope="module")
def demo(server, settings, tmp_path_factory):
    """A folder with the shelf, an index for pip and what a project has; and the environment variables."""
    folder = tmp_path_factory.mktemp("demo")
    index, work = folder / "index", folder / "work"
    index.mkdir()
    (work / "dist").mkdir(parents=True)
    wheels = {}
    for name, version, requires in [*DEMO, *INDEX]:
        modules = {f"{name}/__init__.py": "".join(f"import {other}\n" for other in requires)}
        modules[f"{name}/__main__.py"] = "print('done')\n"
        wheels[name, version] = make_wheel(index, name, version, modules, requires)
    shutil.copy(wheels["ours", "1.0"], work / "dist")
    for name, text in FILES.items():
        (work / name).write_text(text)
    program = folder / "bin" / "cloudshelf"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m cloudshelf "$@"\n')
    program.chmod(0o755)
    environ = settings | server.environ()
    environ |= {"CLOUDSHELF_CACHE": str(folder / "cache"), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index)}
    environ |= {
        "CLOUDSHELF_URL": (folder / "shelf").as_uri(),
        "PATH": f"{program.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    def run(*words):
        subprocess.run(["cloudshelf", *words], env=environ, cwd=work, check=True, capture_output=True)

    run("init")
    for name, version, _ in DEMO:
        run("publish", "--no-deps", str(wheels[name, version]))
    run("default", "pandas==2.2.3")
    run("lock", "pandas", "pytest", "-o", "pylock.toml")
    for requirements in (("numpy",), ("pandas",), ("pandas", "pytest")):
        run("lock", *requirements, "--name", "team/2026q4")
    return folder, environ


@pytest.fixture
def world(demo, server, tmp_path):
    """A copy of the demo that an example may change: the working folder and the environment variables."""
    folder, environ = demo
    shutil.copytree(folder / "shelf", tmp_path / "shelf")
    shutil.copytree(folder / "work", tmp_path / "work")
    store = open_store("s3://our-shelf/curated", environ=server.environ())
    for key in [found.key for found in store.list("")]:
        store.delete(key)
    home = tmp_path / "home"  # of which `enable` and `kernelspec` write the settings of kernels
    home.mkdir()
    own = {"CLOUDSHELF_URL": (tmp_path / "shelf").as_uri(), "CLOUDSHELF_CACHE": str(tmp_path / "cache")}
    own |= {"HOME": str(home), "IPYTHONDIR": str(home / "ipython")}
    lock = tmp_path / "work" / "pylock.toml"
    lock.write_text(lock.read_text().replace(environ["CLOUDSHELF_URL"], own["CLOUDSHELF_URL"]))
    yield tmp_path / "work", environ | own  # one cache would see the copies' heads go back in time
    for mounted in own_mounts():
        if mounted.directory.startswith(f"{tmp_path}/"):
            unmount(mounted.directory)


def examples_of(verb, face):
    """Those that are run here."""
    if WHY_NOT and verb.name in ("mount", "umount"):
        return []
    without = (*ELSEWHERE, "--mount") if WHY_NOT else ELSEWHERE
    return [e for e in verb.examples_in(face) if not any(word in e for word in without)]


def command_examples():
    return [e for verb in grammar.VERBS.values() if "command" in verb.faces for e in examples_of(verb, "command")]


def magic_examples():
    return [e for verb in grammar.VERBS.values() if "magic" in verb.faces for e in examples_of(verb, "magic")]


def run_example(world, line):
    folder, environ = world
    before = BEFORE.get(line.removesuffix(" --json"))
    lines = [*([f"cloudshelf {before} >/dev/null"] if before else []), f"cloudshelf {line}"]
    return subprocess.run(
        ["sh", "-c", " && ".join(lines)], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("example", command_examples())
def test_an_example_of_the_command_works_as_it_stands_there(world, example):
    done = run_example(world, example)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "verb", [verb for verb in grammar.VERBS.values() if "command" in verb.faces], ids=lambda verb: verb.name
)
def test_every_verb_of_the_command_answers_with_json_alone(world, verb):
    if verb.name == "run":
        pytest.skip("its output is that of the command that it becomes")
    for example in examples_of(verb, "command"):
        shutil.rmtree(world[0] / "shelf", ignore_errors=True)  # of `init ./shelf`
        done = run_example(world, f"{example} --json")
        assert isinstance(json.loads(done.stdout), dict), f"{done.stdout}\n{done.stderr}"


def test_run_with_a_profile_gives_it_as_json_on_stderr_beside_the_commands_output(world):
    done = run_example(world, "run --profile --json --with pandas -- python -c 'import pandas; print(1)'")
    assert done.stdout == "1\n" and json.loads(done.stderr)["imports"][-1]["module"] == "numpy"


@pytest.fixture
def kernel(world):
    folder, environ = world
    running = Kernel(environ | {"HOME": str(folder)})
    assert running("%load_ext cloudshelf").status == "ok"
    yield running
    running.stop()


@pytest.mark.timeout(600)
def test_every_example_of_the_magic_works_as_it_stands_there_and_answers_with_json(kernel, world, server):
    failed, url = [], world[1]["CLOUDSHELF_URL"]
    for example in magic_examples():
        if "--restart" in example:
            continue
        before = f"\n%shelf {BEFORE[example]}" if example in BEFORE else ""
        prepared = kernel(f"%shelf connect {url}\n%shelf use pandas==2.2.3 torch==2.1.2{before}")
        shown = kernel(f"%shelf {example}")
        if (prepared.status, shown.status) != ("ok", "ok"):
            failed.append((example, prepared.error, shown.error))
        if example.startswith(("init", "browse")):
            continue  # there already; a widget
        kernel(f"%shelf connect {url}\n%shelf use pandas==2.2.3 torch==2.1.2{before}")
        shown = kernel(f"%shelf {example} --json")
        try:
            json.loads(shown.text)
        except ValueError:
            failed.append((example, shown.text, shown.error))
    assert not failed, "\n".join(map(str, failed))


def test_the_example_that_restarts_restarts(kernel):
    kernel("%shelf use numpy==2.0.0\nimport numpy")
    assert "Restarting the kernel" in kernel("%shelf use --restart numpy==1.26.4").text
    kernel.restart_after_it_ended()
    assert "numpy==1.26.4" in kernel("%load_ext cloudshelf").text


@pytest.mark.parametrize(
    "verb", [verb for verb in grammar.VERBS.values() if "magic" in verb.faces], ids=lambda verb: verb.name
)
def test_a_question_mark_behind_a_verb_is_its_help(shell_lines, verb):
    assert shell_lines(f"%shelf {verb.name}?") == f"%shelf {verb.name} --help\n"


@pytest.fixture(scope="module")
def shell_lines():
    """What IPython makes of a cell, the step before it looks for magics and questions."""
    from IPython.core.inputtransformer2 import TransformerManager

    from cloudshelf_jupyter import question

    manager = TransformerManager()
    manager.input_transformers_cleanup = manager.cleanup_transforms
    question.install(manager)
    return lambda cell: "".join(question.ask_for_help(cell.splitlines(keepends=True)))


@pytest.mark.parametrize("cell", ["%shelf?", "use?", "%shelf use six", "x = 1\n%shelf use?", "%shelf use six?"])
def test_other_questions_stay_as_they_are(shell_lines, cell):
    assert shell_lines(cell) == cell


def test_the_question_in_a_kernel_shows_the_page_with_the_examples(kernel):
    shown = kernel("%shelf use?")
    assert shown.status == "ok" and "usage: %shelf use" in shown.text and "%shelf use pandas" in shown.text
    assert kernel("%unload_ext cloudshelf").status == "ok"


def test_every_verb_has_a_summary_and_examples_that_begin_with_it():
    for verb in grammar.VERBS.values():
        for face in verb.faces:
            examples = verb.examples_in(face)
            assert examples and all(example.split()[0] == verb.name for example in examples)


def typed_for_pip_users(program):
    """What docs/for-pip-users.md says to type behind ``program``."""
    page = (Path(__file__).parents[2] / "docs" / "for-pip-users.md").read_text()
    lines = re.findall(rf"`{program} ([^`]+)`", page) + re.findall(rf"(?m)^{program} (.+)$", page)
    found = dict.fromkeys(line.partition("#")[0].partition(" && ")[0].strip() for line in lines)
    return [line for line in found if line != "run"]  # that is only spoken of


@pytest.fixture
def project(world):
    """The world with the files of a project that used pip."""
    folder, environ = world
    (folder / "job.py").write_text("# /// script\n# dependencies = ['pandas']\n# ///\nimport pandas\n")
    (folder / "requirements.in").write_text("pandas\n")
    (folder / "pyproject.toml").write_text(FILES["pyproject.toml"])
    return folder, environ


def test_what_the_page_for_pip_users_says_to_type_in_a_terminal_works(project):
    typed = typed_for_pip_users("cloudshelf")
    assert len(typed) > 10
    failed = []
    for line in typed:
        done = run_example(project, line.replace("…", "python -c 1"))
        if done.returncode or "Traceback" in done.stderr:
            failed.append((line, done.stdout, done.stderr))
    assert not failed, "\n".join(map(str, failed))


def test_what_the_page_for_pip_users_says_to_type_in_a_notebook_works(project, kernel):
    typed = typed_for_pip_users("%shelf")
    assert len(typed) > 12
    failed = []
    for line in typed:
        if "--restart" in line:
            continue  # it has a test above
        before = "\n%shelf freeze --hashes -o requirements.txt" if "--require-hashes" in line else ""
        prepared = kernel(f"%shelf use pandas==2.2.3{before}")
        shown = kernel(f"%shelf {line}")
        if (prepared.status, shown.status) != ("ok", "ok"):
            failed.append((line, prepared.error, shown.error))
        (project[0] / "requirements.txt").write_text(FILES["requirements.txt"])
    assert not failed, "\n".join(map(str, failed))
