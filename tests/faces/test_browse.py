"""``%shelf browse`` with real widgets in a real kernel: what the models hold, and what a click brings about."""

import subprocess
import sys

import pytest

from .conftest import publish_small
from .test_kernel import Kernel
from .widgets import Front


@pytest.fixture(scope="module")
def own(settings, cloudshelf, tmp_path_factory):
    """The settings of a shelf that no other test adds to."""
    folder = tmp_path_factory.mktemp("browsed")
    environ = {"CLOUDSHELF_URL": f"file://{folder / 'shelf'}", "CLOUDSHELF_CACHE": str(folder / "cache")}
    publish_small(cloudshelf, folder, **environ)
    return settings | environ


@pytest.fixture
def kernel(own):
    running = Kernel(own)
    assert running("%load_ext cloudshelf").status == "ok"
    yield running
    running.stop()


@pytest.fixture
def front(kernel):
    """A browser that has read the shelf, described the first project, and says so."""
    front = Front(kernel)
    front.run("%shelf browse")
    front.wait(lambda: "for an import" in front.text())
    return front


def options(front, label):
    return list(front.models[front.find(label)]["_options_labels"])


def test_it_lists_projects_and_describes_the_first_with_its_default(front):
    assert options(front, "Project") == ["shelfone", "shelfscript", "shelftwo"]
    assert options(front, "Version") == ["2.0", "1.0 (default)"]
    assert front.models[front.find("Version")]["index"] == 1
    assert "The shelfone of the tests" in front.text()


def test_the_filter_looks_at_names_modules_and_summaries(front):
    front.set(front.find("Filter"), value="TWO tests")
    front.wait(lambda: options(front, "Project") == ["shelftwo"])
    front.wait(lambda: "The shelftwo of the tests" in front.text())
    front.set(front.find("Filter"), value="no such thing")
    front.wait(lambda: options(front, "Project") == [])
    front.wait(lambda: "0 of 3 projects." in front.text())
    assert front.models[front.find("Use")]["disabled"]


def test_use_pins_the_chosen_version_and_says_what_to_type(front, kernel):
    front.set(front.find("Version"), index=0)
    front.wait(lambda: "shelfone-2.0" in front.text())
    front.click(front.find("Use"))
    front.wait(lambda: "Now: import shelfone" in front.text())
    assert "Pinned: shelfone 2.0" in front.text()
    assert kernel("import shelfone; print(shelfone.version)").text.endswith("2.0\n")


def test_an_error_is_said_in_it_and_it_goes_on(front, kernel):
    kernel("import shelfone; assert shelfone.version == '1.0'")  # zero-step: the default
    front.set(front.find("Version"), index=0)
    front.wait(lambda: "shelfone-2.0" in front.text())
    front.click(front.find("Use"))
    front.wait(lambda: "cloudshelf: " in front.text() and "restart" in front.text())
    front.set(front.find("Project"), index=2)
    front.wait(lambda: "The shelftwo of the tests" in front.text())


def test_words_begin_the_filter(kernel):
    front = Front(kernel)
    front.run("%shelf browse script")
    front.wait(lambda: "The shelfscript of the tests" in front.text())
    assert options(front, "Project") == ["shelfscript"]


def test_the_kernel_is_free_while_the_shelf_answers(kernel):
    """The first cell ends while no answer has come: nothing of it is waited for."""
    kernel("import threading; gate = threading.Event(); from cloudshelf.session import Session; real = Session.call")
    kernel("Session.call = lambda self, *args: (gate.wait(60), real(self, *args))[1]")
    front = Front(kernel)
    front.run("%shelf browse")
    assert "Reading the shelf" in front.text()
    kernel("gate.set()")
    front.wait(lambda: "The shelfone of the tests" in front.text())


def test_every_control_has_a_label_and_is_a_standard_one_that_the_keyboard_reaches(front):
    kinds = {
        state["_model_name"]: state.get("description")
        for state in front.models.values()
        if state.get("_model_name", "").endswith(("TextModel", "SelectModel", "DropdownModel", "ButtonModel"))
    }
    assert kinds == {"TextModel": "Filter", "SelectModel": "Project", "DropdownModel": "Version", "ButtonModel": "Use"}
    assert not any(state.get("tabbable") is False for state in front.models.values())


def test_it_sets_no_colour_so_that_the_theme_does(front):
    styles = [state for state in front.models.values() if state.get("_model_name", "").endswith("StyleModel")]
    assert not any(state.get(name) for state in styles for name in ("background", "text_color", "button_color"))
    assert "color" not in front.text() and "background" not in front.text()


def test_without_ipywidgets_it_says_what_to_do_instead(kernel):
    kernel("import sys; sys.modules['ipywidgets'] = None")
    error = kernel("%shelf browse").error
    assert "pip install ipywidgets" in error and "%shelf ls" in error and "Traceback" not in error


def test_nothing_but_browse_loads_ipywidgets(shelf, settings):
    code = (
        "import sys\nfrom IPython.core.interactiveshell import InteractiveShell\nshell = InteractiveShell.instance()\n"
        "shell.run_line_magic('load_ext', 'cloudshelf')\n"
        "for line in ('', 'ls', 'use shelfone', 'profile', 'show shelfone'): shell.run_line_magic('shelf', line)\n"
        "print([m for m in sys.modules if m.startswith('ipywidgets')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, cwd=settings["HOME"], check=False
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
