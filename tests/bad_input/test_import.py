"""Imports while something goes wrong: never an ImportError, no half a module, and the same import works afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest

from tools.fault_proxy import Answer, Corrupt, Fault, FaultProxy, Reset, Truncate

from .conftest import BULK, User, assert_clear, pids_of_fetchers

# Reads one expression or statement a line, and answers with one line of JSON.
TALK = """
import json, sys, time
import cloudshelf, cloudshelf.session
from cloudshelf.importing.client import call

def attempt(name):
    try:
        __import__(name)
    except BaseException as error:
        return {"error": type(error).__name__, "import_error": isinstance(error, ImportError), "text": str(error)}
    return {"error": None}

def numbers():
    return call('statistics', {'environment': cloudshelf.session.current().environment})['environments']

def loaded(prefix):
    return sorted(m for m in sys.modules if m.startswith(prefix))

for line in sys.stdin:
    print(json.dumps(eval(line), default=str))
"""


def ask(process: subprocess.Popen[str], expression: str) -> object:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(f"{expression}\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    try:
        return json.loads(answer)
    except ValueError:
        process.kill()
        raise AssertionError(answer + process.stdout.read()) from None


@pytest.mark.parametrize(
    "fault", [Reset(), Answer(503, "SlowDown"), Answer(400, "ExpiredToken")], ids=["reset", "busy", "expired"]
)
def test_an_outage_in_the_middle_of_an_import_leaves_no_half_module(
    remote: User, proxy: FaultProxy, fault: Fault
) -> None:
    with remote.talking(TALK) as script:
        ask(script, "cloudshelf.use('badone')")
        assert ask(script, "attempt('badone')") == {"error": None}
        proxy.fail(fault, nth=None)
        failed = ask(script, "attempt('badone.late')")
        assert isinstance(failed, dict)
        assert failed["error"] in ("StoreUnreachable", "CredentialsExpired") and not failed["import_error"]
        assert_clear(failed["text"], "s3://shelf/good", "then try again")
        assert ask(script, "loaded('badone')") == ["badone"]
        proxy.heal()
        assert ask(script, "attempt('badone.late')") == {"error": None}
        assert ask(script, "loaded('badone')") == ["badone", "badone.late", "badone.late.inner"]
        assert ask(script, "sys.modules['badone.late'].ready") is True


def test_an_outage_before_the_first_import_is_not_an_import_error(remote: User, proxy: FaultProxy) -> None:
    with remote.talking(TALK) as script:
        ask(script, "cloudshelf.use('badtwo')")
        proxy.fail(Reset(), nth=None)
        failed = ask(script, "attempt('badtwo')")
        assert isinstance(failed, dict)
        assert failed["error"] == "StoreUnreachable" and not failed["import_error"]
        assert ask(script, "loaded('bad')") == []
        proxy.heal()
        assert ask(script, "attempt('badtwo')") == {"error": None}


@pytest.mark.parametrize("fault", [Corrupt(), Truncate()], ids=["corrupt", "truncated"])
def test_bytes_that_are_not_what_was_published_are_never_imported(
    remote: User, proxy: FaultProxy, fault: Fault
) -> None:
    with remote.talking(TALK) as script:
        ask(script, "cloudshelf.use('badone')")
        proxy.fail(fault, path="/pack/", nth=None)
        failed = ask(script, "attempt('badone')")
        assert isinstance(failed, dict)
        assert failed["error"] in ("ObjectInvalid", "StoreUnreachable") and not failed["import_error"]
        assert_clear(failed["text"], "s3://shelf/good" if failed["error"] == "StoreUnreachable" else "/pack/")
        assert ask(script, "loaded('badone')") == []
        proxy.heal()
        assert ask(script, "attempt('badone')") == {"error": None}


def test_a_fetcher_killed_between_two_imports_is_replaced(user: User) -> None:
    with user.talking(TALK) as script:
        ask(script, "cloudshelf.use('badone')")
        assert ask(script, "attempt('badone')") == {"error": None}
        before = ask(script, "call('ping', {})['pid']")
        ask(script, f"__import__('os').kill({before}, 9)")
        assert ask(script, "attempt('badone.late')") == {"error": None}
        assert ask(script, "call('ping', {})['pid']") != before


def test_a_fetcher_killed_during_an_import_is_replaced(remote: User, proxy: FaultProxy) -> None:
    with remote.talking(TALK) as script:
        ask(script, "cloudshelf.use('badone')")
        assert ask(script, "attempt('badone')") == {"error": None}
        before = ask(script, "call('ping', {})['pid']")
        killer = KillOnRequest(int(str(before)))
        proxy.fail(killer, path="/pack/")
        assert ask(script, "attempt('badone.late')") == {"error": None}
        assert killer.done and ask(script, "call('ping', {})['pid']") != before


class KillOnRequest(Fault):
    """While its request is under way, the process that asked for it is killed."""

    def __init__(self, pid: int) -> None:
        self.pid, self.done = pid, False

    def before(self, handler: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.done = True


def test_a_cold_import_makes_get_requests_only_and_its_numbers_are_measured(remote: User, proxy: FaultProxy) -> None:
    """Issue, "Done when", 3."""
    with remote.talking(TALK) as script:
        ask(script, "cloudshelf.use('badone')")
        while not any(r.range == "bytes=0-0" for r in proxy.requests):  # the fetcher, which opens a connection ahead
            time.sleep(0.02)
        assert only_objects_were_got(proxy)
        proxy.forget()
        assert ask(script, "attempt('badone')") == {"error": None}
        assert ask(script, "attempt('badone.late')") == {"error": None}
        numbers = ask(script, "numbers()")
        assert only_objects_were_got(proxy)
        requests = proxy.requests
        assert isinstance(numbers, dict)
        (measured,) = numbers.values()
    assert [(r.path, r.range) for r in requests if not ("/pack/" in r.path and r.range)] == []
    assert measured["requests"] == len(requests) > 0
    assert measured["bytes"] == sum(_length(r.range) for r in requests) > BULK // 4
    assert measured["seconds"] > 0


@pytest.mark.parametrize("config", ["", 'recall_age = "2h"\n'], ids=["empty", "recall"])
def test_one_fetcher_serves_a_program_whatever_its_configuration_file_says(remote: User, config: str) -> None:
    file = remote.folder / "cloudshelf.toml"
    file.write_text(config)
    with remote.talking(TALK, CLOUDSHELF_CONFIG=str(file)) as script:
        ask(script, "cloudshelf.use('badone')")
        assert ask(script, "attempt('badone')") == {"error": None}
        assert ask(script, "numbers()")
        assert len(pids_of_fetchers(remote)) == 1


def only_objects_were_got(proxy: FaultProxy) -> bool:
    """Neither HEAD nor LIST (a GET of the bucket with a query) nor a write."""
    return bool(proxy.requests) and all(r.method == "GET" and "?" not in r.path for r in proxy.requests)


def _length(span: str) -> int:
    first, last = map(int, span.removeprefix("bytes=").split("-"))
    return last - first + 1
