"""Of many builders one builds, and nobody waits for ever."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cloudshelf.cache import turn as module
from cloudshelf.cache.turn import turn


def test_of_many_at_once_one_builds_and_all_have_it(tmp_path: Path) -> None:
    built: list[int] = []
    begin = threading.Barrier(8)

    def build(number: int) -> None:
        begin.wait(30)
        with turn(tmp_path / "builders" / "e1", lambda: bool(built)):
            if not built:
                built.append(number)

    threads = [threading.Thread(target=build, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(built) == 1


def test_who_holds_it_too_long_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    order = []
    with turn(tmp_path / "e1", lambda: False):
        with turn(tmp_path / "e1", lambda: False):
            order.append("second")
        order.append("first")
    assert order == ["second", "first"]


def test_a_failed_builder_leaves_its_turn_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError), turn(tmp_path / "e1", lambda: False):
        raise ZeroDivisionError
    monkeypatch.setattr(module.time, "sleep", lambda _: pytest.fail("it waits"))
    with turn(tmp_path / "e1", lambda: False):
        pass


def test_where_no_lock_can_be_made_it_is_everybodys_turn(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with turn(tmp_path / "file" / "e1", lambda: False):
        pass
