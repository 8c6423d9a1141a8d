"""pandas and scikit-learn in a real kernel that has neither installed: what notebook users' tools do with them."""

import pytest

from tests.faces.test_kernel import Kernel

pytestmark = [pytest.mark.xdist_group("notebooks"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def kernel(settings, published_shelf, tmp_path_factory):
    """A kernel with the extension loaded, pandas and scikit-learn pinned and nothing imported yet."""
    cache = tmp_path_factory.mktemp("real") / "cache"
    kernel = Kernel(settings | {"CLOUDSHELF_URL": published_shelf.as_uri(), "CLOUDSHELF_CACHE": str(cache)})
    assert kernel("%load_ext cloudshelf\n%shelf use pandas scikit-learn").status == "ok"
    yield kernel
    kernel.stop()


def test_jedi_completes_sub_modules_and_imports_nothing(kernel):
    """jedi looks sub-modules up by their tail names and reads sources; the modules must not be executed for it."""
    shown = kernel(
        "import sys, jedi\n"
        "def names(code): return [c.name for c in jedi.Interpreter(code, [{}]).complete()]\n"
        "print('linear_model' in names('from sklearn.linear_m'), '_logistic' in names('from sklearn.linear_model._lo'),"
        " 'sklearn' in sys.modules)"
    )
    assert shown.text.split() == ["True", "True", "False"], shown.error


def test_attributes_complete_after_a_cold_import(kernel):
    shown = kernel(
        "import pandas as pd\n"
        "from IPython.core.completer import provisionalcompleter\n"
        "with provisionalcompleter():\n"
        "    print([c.text for c in get_ipython().Completer.completions('pd.read_parq', 12)])"
    )
    assert "read_parquet" in shown.text, shown.error


def test_autoreload_walks_over_every_module(kernel):
    shown = kernel("%load_ext autoreload\n%autoreload 2\nimport pandas as pd, sklearn.linear_model")
    assert shown.status == "ok", shown.error
    shown = kernel(
        "print(pd.Series([1, 2]).sum(), sklearn.linear_model.LinearRegression().get_params()['fit_intercept'])"
    )
    assert (shown.status, shown.text.split()) == ("ok", ["3", "True"]), shown.error
    assert kernel("%autoreload 0").status == "ok"


def test_sources_and_files_are_where_modules_say(kernel):
    shown = kernel(
        "import inspect, pathlib, linecache\nimport pandas as pd\n"
        "print(pathlib.Path(pd.__file__).is_file(), 'def merge' in inspect.getsource(pd.merge))\n"
        "print(bool(linecache.getline(inspect.getsourcefile(pd.merge), 1)))"
    )
    assert shown.text.split() == ["True", "True", "True"], shown.error


def test_a_joblib_worker_imports_what_the_notebook_pinned(kernel):
    shown = kernel(
        "from joblib import Parallel, delayed\n"
        "def work(n):\n"
        "    import sklearn.cluster\n"
        "    return sklearn.cluster.KMeans.__name__ + str(n)\n"
        "print(Parallel(n_jobs=2)(delayed(work)(n) for n in range(2)))"
    )
    assert "['KMeans0', 'KMeans1']" in shown.text, shown.error


def test_a_forked_child_imports_more_after_a_cold_import(kernel):
    shown = kernel(
        "import multiprocessing\n"
        "def work(queue):\n"
        "    import sklearn.tree\n"
        "    queue.put(sklearn.tree.DecisionTreeClassifier.__name__)\n"
        "context = multiprocessing.get_context('fork')\n"
        "queue = context.Queue()\n"
        "child = context.Process(target=work, args=(queue,))\n"
        "child.start(); print(queue.get(timeout=60)); child.join(); print(child.exitcode)"
    )
    assert shown.text.split() == ["DecisionTreeClassifier", "0"], shown.error
