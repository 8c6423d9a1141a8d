"""What cloudshelf costs a process that has it, and what children inherit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cloudshelf import subprocess_hook
from cloudshelf.session import loaded

HEAVY = ["IPython", "ipywidgets", "jupyter_server", "boto3", "pip", "obstore", "zstandard", "packaging", "resolvelib"]
STARTS = {
    "run of a lock": [
        "cloudshelf.command.cli",
        "cloudshelf.command.program",
        "cloudshelf.resolving.variants",
        "cloudshelf.verbs.common",
        "cloudshelf.verbs.locked",
        "cloudshelf.verbs.restoring",
        "cloudshelf.environment.build",
        "cloudshelf.recall.checking",
        "cloudshelf.stores.object_store",
    ],
    "run of a lock that has a name on the shelf": ["cloudshelf.verbs.locks", "cloudshelf.named_locks"],
    "run of requirements, without the resolver": ["cloudshelf.verbs.pinning", "cloudshelf.verbs.resolving"],
    "fetcher": [
        "cloudshelf.fetcher.__main__",
        "cloudshelf.fetcher.engine",
        "cloudshelf.fetcher.environments",
        "cloudshelf.fetcher.transfer",
        "cloudshelf.config",
        "cloudshelf.cache.lower_cache",
        "cloudshelf.stores.counting",
        "cloudshelf.stores.credentials",
        "cloudshelf.stores.object_store",
        "cloudshelf.stores.opening",
        "logging.handlers",
    ],
}
ROOT = Path(__file__).parents[2]


def python(code, **environ):
    process = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environ, capture_output=True, text=True, check=True, cwd="/"
    )
    return process.stdout


@pytest.mark.parametrize(
    "module", ["cloudshelf", "cloudshelf.session", "cloudshelf.language.grammar", "cloudshelf.command.cli"]
)
def test_importing_loads_the_standard_library_only(module):
    code = f"import {module}, sys, json; print(json.dumps(sorted(m for m in {HEAVY} if m in sys.modules)))"
    assert json.loads(python(code)) == []


RUN = """
import sys, os
from cloudshelf.command.cli import main
from cloudshelf.importing import client
loaded = lambda: {name for name in sys.argv[2:] if name in sys.modules}
ahead = []
client.start_alone = lambda target, shelf, turn=None: ahead.append(loaded())
def end(*words):
    print(sorted(ahead[0]), sorted(loaded()))
    sys.exit()
os.execve = end
main(["run", "--lock", sys.argv[1], "--", "true"])
"""


def test_a_run_of_a_lock_loads_no_more_than_it_needs(tmp_path):
    """And what it needs later it loads when the fetcher has been started, which takes longer than all the rest."""
    from cloudshelf.shelf import Shelf
    from tests.repository.shelves import publish

    shelf = Shelf.init(str(tmp_path / "shelf"))
    publish(shelf.store, "a", "1")
    lock = tmp_path / "pylock.toml"
    environ = os.environ | {"CLOUDSHELF_CACHE": str(tmp_path / "cache"), "CLOUDSHELF_FETCHER_IDLE": "0.2"}
    words = ["lock", "a", "-o", str(lock), "--shelf", shelf.url]
    subprocess.run([sys.executable, "-m", "cloudshelf", *words], env=environ, check=True, capture_output=True)
    later = ["hashlib", "json", "tomllib"]
    never = [
        "packaging",
        "ctypes",
        "configparser",
        "concurrent.futures",
        "cloudshelf.resolving.variants",
        "cloudshelf.requirements.wanted",
    ]
    never += ["cloudshelf.codecs.catalog", "cloudshelf.codecs.recall"]
    words = [sys.executable, "-c", RUN, str(lock), *later, *never]
    done = subprocess.run(words, env=environ, check=True, capture_output=True, text=True)
    assert done.stdout == f"[] {later}\n"


@pytest.mark.parametrize("start", STARTS)
def test_what_a_cold_import_waits_for_loads_no_dataclasses(start):
    code = f"import sys, {', '.join(STARTS[start])}; print('dataclasses' in sys.modules)"
    assert python(code) == "False\n"


def test_a_cold_run_loads_no_dataclasses(cloudshelf, shelf, tmp_path):
    """Neither the command, nor the program, nor the fetcher, whatever modules those are."""
    lock, cache = tmp_path / "pylock.toml", tmp_path / "cache"
    cloudshelf("lock", "shelftwo", "-o", lock)
    words = ("run", "--lock", lock, "--", "python", "-c", "import shelftwo")
    done = cloudshelf(*words, CLOUDSHELF_CACHE=str(cache), PYTHONPROFILEIMPORTTIME="1")
    log = (cache / "fetcher" / "log").read_text()
    for text, needed in ((done.stderr, "cloudshelf.environment.build"), (log, "cloudshelf.fetcher.transfer")):
        modules = {line.rpartition("|")[2].strip() for line in text.splitlines()}
        assert needed in modules
        assert "dataclasses" not in modules


def test_importing_does_no_io_but_its_own_file():
    code = (
        "import sys, typing, __future__\nopened = []\n"
        "sys.addaudithook(lambda event, args: opened.append((event, str(args[0])))"
        " if event == 'open' or event.startswith(('socket', 'subprocess')) else None)\n"
        "import cloudshelf\n"
        "print([o for o in opened if 'cloudshelf/__init__' not in o[1] and '__pycache__/__init__' not in o[1]])"
    )
    assert python(code).strip() == "[]"


def test_importing_brings_no_module_but_its_own():
    code = (
        "import sys, typing, __future__; before = set(sys.modules); import cloudshelf; print(set(sys.modules) - before)"
    )
    assert eval(python(code)) <= {"cloudshelf"}


def test_every_public_name_is_listed_and_unknown_ones_are_attribute_errors():
    import cloudshelf

    assert set(cloudshelf.__all__) <= set(dir(cloudshelf))
    assert cloudshelf.errors.ShelfError.__module__ == "cloudshelf.errors"
    with pytest.raises(AttributeError, match="nonsense"):
        _ = cloudshelf.nonsense


def test_the_pth_line_opens_and_loads_nothing_without_an_environment():
    line = (ROOT / "cloudshelf.pth").read_text()
    code = (
        "import sys, os; events = []; before = set(sys.modules)\n"
        "sys.addaudithook(lambda event, args: events.append(event) if event in ('open', 'import') else None)\n"
        f"exec({line!r})\nprint([e for e in events if e == 'open'], set(sys.modules) - before)"
    )
    assert python(code) == "[] set()\n"


def test_the_pth_line_names_a_function_that_exists():
    line = (ROOT / "cloudshelf.pth").read_text()
    assert line.count("\n") == 1 and line.startswith("import ")
    assert "cloudshelf.subprocess_hook" in line and callable(subprocess_hook.inherit)


@pytest.mark.parametrize(
    ("words", "engine"),
    [
        (["python", "-m", "cloudshelf.fetcher"], True),
        (["python", "-I", "-m", "cloudshelf", "ls"], True),
        (["python", "/x/bin/cloudshelf", "ls"], True),
        (["python", "-c", "cloudshelf"], False),
        (["python", "script.py", "cloudshelf"], False),
        (["python", "-m", "pytest"], False),
        (["python"], False),
    ],
)
def test_the_engines_own_programs_are_recognized(words, engine):
    assert subprocess_hook.is_engine(words) is engine


def test_an_environment_of_another_python_is_not_inherited(tmp_path):
    (tmp_path / "lib/python3.2/site-packages").mkdir(parents=True)
    assert not subprocess_hook.fits(str(tmp_path))
    (tmp_path / "lib/python{}.{}/site-packages".format(*sys.version_info)).mkdir(parents=True)
    assert subprocess_hook.fits(str(tmp_path))


def test_a_broken_environment_says_so_and_the_program_goes_on(tmp_path):
    (tmp_path / "lib/python{}.{}/site-packages".format(*sys.version_info)).mkdir(parents=True)
    code = "import cloudshelf.subprocess_hook as hook; hook.inherit(); print('went on')"
    assert "went on" in python(code, CLOUDSHELF_ENVIRONMENT=str(tmp_path))


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site-packages with two distributions, of which one requires the other; both imported."""
    folder = tmp_path / "site-packages"
    for name, requires in (("shelfa", "shelfb>=1"), ("shelfb", "")):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("")
        info = folder / f"{name}-1.5.dist-info"
        info.mkdir()
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n{needs}\nText")
        (info / "RECORD").write_text(f"{name}/__init__.py,,\n")
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in ("shelfa", "shelfb"):
        sys.modules.pop(name, None)


def test_loaded_distributions_are_found_with_who_required_them(site):
    assert "shelfa" not in loaded.find_loaded()
    __import__("shelfa"), __import__("shelfb")
    found = loaded.find_loaded()
    a, b = found["shelfa"], found["shelfb"]
    assert a == {"version": "1.5", "by": "this notebook", "requires": ["shelfb>=1"], "installed": True}
    assert b == {"version": "1.5", "by": "shelfa", "requires": [], "installed": True}


def test_a_direct_url_install_counts_before_it_is_imported(site):
    (site / "shelfa-1.5.dist-info" / "direct_url.json").write_text("{}")
    found = loaded.find_loaded()
    assert found["shelfa"]["by"] == loaded.DIRECT and found["shelfa"]["imported"] is False
    assert "shelfb" not in found


def test_finding_what_is_loaded_again_is_fast():
    """Counted, not timed: what a distribution says is read once, and only its direct_url.json is looked for again."""
    code = (
        "import sys, packaging.version\nfrom cloudshelf.session import loaded\n"
        "first = loaded.find_loaded(); opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(args[0]) if event == 'open' else None)\n"
        "print(loaded.find_loaded() == first, 'packaging' in first, opened)"
    )
    assert python(code) == "True True []\n"
