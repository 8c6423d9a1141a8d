"""A store that fails in every way that HTTP allows, under the real fetcher: retries, then one clear error.

Whatever it was: nothing half stays, it is no ImportError, the next try works, and what is cached imports meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bad_input.conftest import READER, User, assert_clear
from tests.bad_input.test_import import TALK, ask
from tests.servers import S3Server
from tools.fault_proxy import (
    Answer,
    Corrupt,
    Delay,
    Drip,
    DropReply,
    Endless,
    Fault,
    FaultProxy,
    Reset,
    Stall,
    Truncate,
    WholeForRange,
    WrongRange,
)

LOADED = ["guard", "guard.inner", "guard.native"]


@pytest.fixture
def remote(users: Callable[..., User], in_bucket: str, server: S3Server, proxy: FaultProxy) -> User:
    """A user of the shelf in the bucket, through the proxy, who gives up soon."""
    return users(in_bucket, **server.environ(READER, proxy.endpoint) | {"CLOUDSHELF_TIMEOUT": "1"})


PASSING = {
    "SlowDown": Answer(503, "SlowDown"),
    "InternalError": Answer(500, "InternalError"),
    "reset": Reset(),
    "dropped": DropReply(),
    "truncated": Truncate(),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_three_of_ten_requests_fail_and_everything_works(remote: User, proxy: FaultProxy, fault: Fault) -> None:
    proxy.fail(fault, method="GET", nth=None, share=0.3)
    with remote.talking(TALK) as script:
        ask(script, "cloudshelf.use('guard', 'web')")
        assert ask(script, "attempt('guard.late')") == {"error": None}
        assert ask(script, "attempt('web.m1')") == {"error": None}
        assert ask(script, "loaded('guard')") == [*LOADED[:2], "guard.late", LOADED[2]]


LASTING = {
    "SlowDown": (Answer(503, "SlowDown"), "StoreUnreachable"),
    "reset": (Reset(), "StoreUnreachable"),
    "dropped": (DropReply(), "StoreUnreachable"),
    "truncated": (Truncate(), "StoreUnreachable"),
    "silent": (Delay(3600), "StoreUnreachable"),
    "stalled": (Stall(), "StoreUnreachable"),
    "one byte a second": (Drip(1), "StoreUnreachable"),
    "endless": (Endless(), "ObjectInvalid"),
    "endless, chunked": (Endless(0), ""),
    "200 for 206": (WholeForRange(), "ObjectInvalid"),
    "another range": (WrongRange(), "ObjectInvalid"),
}


@pytest.mark.parametrize(("fault", "error"), LASTING.values(), ids=LASTING)
def test_a_fault_of_packs_that_lasts_is_one_clear_error_and_the_next_import_works(
    remote: User, proxy: FaultProxy, fault: Fault, error: str
) -> None:
    with remote.talking(TALK) as script:
        ask(script, "cloudshelf.use('guard', 'web')")
        assert ask(script, "attempt('guard')") == {"error": None}
        proxy.forget()
        proxy.fail(fault, method="GET", nth=None)
        failed = ask(script, "attempt('web.m1')")
        assert isinstance(failed, dict)
        if isinstance(fault, Endless) and failed == {"error": None}:
            return  # the true bytes came first: they were verified, and in place, before what follows them was noticed
        assert failed["error"] in ((error,) if error else ("ObjectInvalid", "StoreUnreachable")), failed
        assert not failed["import_error"]
        assert_clear(failed["text"], "/pack/" if failed["error"] == "ObjectInvalid" else "s3://shelf/good")
        # no half module; what imports nothing itself is whole when its true bytes came before what is wrong
        whole = ["web", "web.ran"] if isinstance(fault, Endless | Stall | Truncate) else []
        assert ask(script, f"[m for m in loaded('web') if m not in {whole}]") == []
        assert ask(script, "loaded('guard')") == LOADED
        assert 1 <= proxy.count("GET") <= 40  # a few ranges, each asked for a few times
        proxy.heal()
        ask(script, "[each.COUNT.clear() for each in [sys.modules.get('web.ran')] if each]")  # a whole one may be there
        assert ask(script, "attempt('web.m1')") == {"error": None}
        assert ask(script, "sorted(sys.modules['web.ran'].COUNT) == list(range(50))") is True


@pytest.mark.parametrize(
    "fault", [Reset(), Stall(), Drip(1), Endless(), Endless(0), Corrupt()], ids=lambda fault: str(fault)
)
def test_a_fault_of_heads_that_lasts_is_one_clear_error_and_the_next_use_works(
    remote: User, proxy: FaultProxy, fault: Fault
) -> None:
    proxy.fail(fault, method="GET", path="/projects/guard/head", nth=None)
    done = remote.run("run", "--with", "guard", "--", "python", "-c", "import guard", code=None)
    assert done.returncode in (3, 4), done.stderr
    assert_clear(done.stderr, "projects/guard/head" if done.returncode == 4 else "s3://shelf/good")
    assert done.stderr.count("cloudshelf: ") == 1
    proxy.heal()
    remote.run("run", "--with", "guard", "--", "python", "-c", "import guard")


def test_what_is_cached_imports_without_the_store(remote: User, proxy: FaultProxy) -> None:
    """A lock, all files, and then no network: processes start and import as before."""
    lock = remote.folder / "pins.toml"
    lock.write_text(remote.run("lock", "guard").stdout)
    remote.run("fill", "--lock", lock)
    proxy.forget()
    proxy.fail(Reset(), nth=None)
    script = "import guard.late; print(guard.late.READY)"
    for _ in range(2):
        assert remote.run("run", "--lock", lock, "--", "python", "-c", script).stdout == "True\n"


def test_what_is_loaded_goes_on_and_what_is_missing_says_so_without_the_store(remote: User, proxy: FaultProxy) -> None:
    with remote.talking(TALK) as script:
        ask(script, "cloudshelf.use('guard', 'web')")
        assert ask(script, "attempt('guard')") == {"error": None}
        proxy.fail(Reset(), nth=None)
        assert ask(script, "attempt('guard.inner')") == {"error": None}
        failed = ask(script, "attempt('web')")
        assert isinstance(failed, dict) and failed["error"] == "StoreUnreachable" and not failed["import_error"]
        assert ask(script, "loaded('web')") == []


def test_an_endless_body_takes_no_more_memory_than_an_object_may_have(
    remote: User, proxy: FaultProxy, server: S3Server, in_bucket: str
) -> None:
    """What a process may take: what it has when nothing is wrong, and one object of the largest size."""
    code = (
        "import resource, cloudshelf.stores.opening as o, sys\n"
        "store = o.open_store(sys.argv[1])\n"
        "try: store.get('projects/guard/head')\n"
        "except Exception as e: print(type(e).__name__)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for fault in (None, Endless(), Endless(0)):
        proxy.heal()
        if fault:
            proxy.fail(fault, method="GET", nth=None)
        lines = remote.python(f"import sys; sys.argv = ['', {in_bucket!r}]\n{code}").split()
        assert bool(fault) == (lines[0] in ("ObjectInvalid", "StoreUnreachable"))
        peaks.append(int(lines[-1]) // 1024)
    assert max(peaks[1:]) < peaks[0] + 600, peaks


def test_a_slow_store_is_not_a_broken_one(remote: User, proxy: FaultProxy) -> None:
    """Each answer late, but within the deadline: nothing fails, no bytes are asked for twice."""
    remote.environ["CLOUDSHELF_TIMEOUT"] = "60"
    proxy.fail(Delay(0.3), method="GET", nth=None)
    with remote.talking(TALK) as script:
        ask(script, "cloudshelf.use('guard')")
        assert ask(script, "attempt('guard')") == {"error": None}
    asked = [(r.path, r.range) for r in proxy.requests if "/pack/" in r.path]
    assert asked and len(asked) == len(set(asked))
