"""papermill, nbconvert and jupyter-scheduler restore the lock that a notebook carries, with no browser."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from .conftest import RESTORE, SHOW, block_of, shown

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def tool(environ, tmp_path):
    def run(*words, cwd=tmp_path, code=0, **more):
        done = subprocess.run(
            [str(word) for word in words],
            env=environ | {"PWD": str(cwd)} | more,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == code, f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    return run


@pytest.fixture
def two_reports(report, make_notebook, cloudshelf):
    """In one folder with the report, which carries 1.0: another with the same cells, which carries 2.0."""
    other = make_notebook("other.ipynb")
    cloudshelf("lock", "--notebook", other, "shelfone==2.0")
    return report, other


def test_papermill(two_reports, tool, tmp_path):
    """Each finds its own lock, also by a path, from another folder and with parameters."""
    report, other = two_reports
    shutil.copy(other, tmp_path / "out.ipynb")  # what an earlier run left
    tool("papermill", "report.ipynb", "out.ipynb")
    assert "These are the pins that report.ipynb carries." in shown(tmp_path / "out.ipynb")
    assert "version 1.0" in shown(tmp_path / "out.ipynb")
    assert block_of(tmp_path / "out.ipynb") == block_of(report)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    tool("papermill", other.name, "out2.ipynb", "--cwd", elsewhere, "-p", "x", "1")
    assert "version 2.0" in shown(tmp_path / "out2.ipynb")


def test_papermill_from_a_program(two_reports, tool, tmp_path):
    """Its command line names no notebook: papermill says it, or several could be meant, and that is said."""
    _, other = two_reports
    code = "import papermill, sys; papermill.execute_notebook('other.ipynb', 'out/out.ipynb', progress_bar=False"
    (tmp_path / "out").mkdir()
    said = tool(sys.executable, "-c", f"{code})", code=1).stderr
    assert "Several notebooks could be meant, with different locks: " in said
    for digest, name in ((block_of(path)["digest"][:12], path.name) for path in two_reports):
        assert f"{name} ({digest})" in said
    exact = nbformat.read(other, as_version=4)
    exact.cells[0].source = RESTORE + f" {block_of(other)['digest'][:12]}"
    nbformat.write(exact, other)
    tool(sys.executable, "-c", f"{code})")
    assert "version 2.0" in shown(tmp_path / "out" / "out.ipynb")


def test_run_gives_a_notebook_without_a_word_of_ours_its_lock(make_notebook, cloudshelf, tool, shelf, tmp_path):
    plain = make_notebook("plain.ipynb", SHOW)
    cloudshelf("lock", "--notebook", plain, "shelfone==1.0")
    tool("cloudshelf", "run", "--notebook", plain, "--", "papermill", plain, "out.ipynb")
    assert "version 1.0" in shown(tmp_path / "out.ipynb")
    restoring = make_notebook("restoring.ipynb")
    tool("cloudshelf", "run", "--notebook", plain, "--", "papermill", restoring, "out.ipynb")
    assert "These are the pins that plain.ipynb carries." in shown(tmp_path / "out.ipynb")


def test_nbconvert(two_reports, tool, tmp_path):
    for name, version in (("report.ipynb", "1.0"), ("other", "2.0")):
        tool("jupyter-nbconvert", "--execute", "--to", "notebook", "--output", "out", name)
        assert f"version {version}" in shown(tmp_path / "out.ipynb")


def test_jupyter_scheduler(report, server, tmp_path, environ):
    """It copies the notebook and runs the copy; the one beside it is not taken."""
    job = {"name": "nightly", "input_uri": "report.ipynb", "runtime_environment_name": "", "output_formats": ["ipynb"]}
    environments = server("/scheduler/runtime_environments")
    job["runtime_environment_name"] = environments[0]["name"]
    number = server("/scheduler/jobs", job)["job_id"]
    while (done := server(f"/scheduler/jobs/{number}"))["status"] not in ("COMPLETED", "FAILED"):  # at first: STOPPED
        time.sleep(0.5)
    assert done["status"] == "COMPLETED", done.get("status_message")
    staging = Path(environ["HOME"], ".local/share/jupyter/scheduler_staging_area", number)
    [said] = [text for path in staging.glob("*.ipynb") if (text := shown(path))]
    assert "These are the pins that report.ipynb carries." in said and "version 1.0" in said


def test_a_kernel_that_a_notebook_started_through_papermill_is_not_taken_for_it(two_reports, tool, tmp_path):
    """``!papermill`` in a notebook: the session's name is inherited, and wrong there."""
    report, _ = two_reports
    tool("papermill", "other.ipynb", "out.ipynb", JPY_SESSION_NAME=str(report))
    assert "version 2.0" in shown(tmp_path / "out.ipynb")


def test_a_lock_that_was_edited_stops_the_run_with_one_message(report, tool, tmp_path):
    report.write_text(report.read_text().replace("shelfone==1.0", "shelfone<3"))
    said = tool("papermill", "report.ipynb", "out.ipynb", code=1)
    assert "was edited after it was made" in said.stderr


def test_a_machine_that_never_saw_the_notebook_runs_it(report, tool, tmp_path, environ):
    """A copy in an empty folder, with an empty cache and no setting but the credentials: the lock names the shelf."""
    place = tmp_path / "far" / "away"
    place.mkdir(parents=True)
    shutil.copy(report, place)
    tool("papermill", "report.ipynb", "out.ipynb", cwd=place, CLOUDSHELF_URL="", CLOUDSHELF_CACHE=str(tmp_path / "c"))
    assert "version 1.0" in shown(place / "out.ipynb")
