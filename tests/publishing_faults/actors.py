"""Actors that share one store and take turns: each runs real code in a thread, which stands still at every request.

Who holds the baton decides what becomes of the request: it is done; done, but the reply is lost; it never arrives; it
arrives much later; or the actor dies before or after it. So one process plays what many processes and a network do.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

from cloudshelf.errors import OutcomeUnknown, ShelfError, StoreUnreachable
from cloudshelf.stores.memory import MemoryStore
from cloudshelf.stores.protocols import Stored

PATIENCE = 60.0  # seconds until a test fails in which an actor neither asks nor ends


class Fate(StrEnum):
    """What becomes of a request."""

    DONE = "done"
    REPLY_LOST = "done, and nobody hears of it"
    LOST = "never arrives"
    LATE = "arrives later, and nobody hears of it"
    KILLED_BEFORE = "the actor dies before it"
    KILLED_AFTER = "the actor dies after it"


class Killed(BaseException):
    """SIGKILL: nothing that the code could catch, and no request comes after it."""


class Actor:
    """``work``, which gets a store, in a thread. Between two calls of ``grant`` it waits at a request, or has ended.

    ``observe`` is told of each request that the store did: the actor, the verb, the key, the bytes.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Any], Any],
        store: MemoryStore,
        observe: Callable[[Actor, str, str, bytes], None],
    ) -> None:
        self.name, self.result, self.error = name, None, None
        self.ended = self.dead = False
        self.verb = self.key = ""
        self._store, self._observe = store, observe
        self._act: Callable[[], Any] = lambda: None
        self._body = b""
        self._fate = Fate.DONE
        self._turn, self._asked = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()
        self._wait()

    def grant(self, fate: Fate = Fate.DONE) -> Callable[[], None] | None:
        """Let the request have its fate, and wait for the next; what is still to arrive of it, for LATE."""
        assert not self.ended
        late = self._late() if fate is Fate.LATE else None
        self._fate = fate
        self._turn.release()
        self._wait()
        return late

    def finish(self) -> None:
        """Let all that is left be done."""
        while not self.ended:
            self.grant()

    def request(self, verb: str, key: str, act: Callable[[], Any], body: bytes = b"") -> Any:
        """In the actor's thread: stand still, and then do as one is told."""
        if self.dead:
            raise Killed
        self.verb, self.key, self._act, self._body = verb, key, act, body
        self._asked.release()
        self._turn.acquire()
        if self._fate is Fate.KILLED_BEFORE:
            self.dead = True
            raise Killed
        if self._fate in (Fate.LOST, Fate.LATE):
            raise self._silence()
        answer = self._do(verb, key, act, body)
        if self._fate is Fate.KILLED_AFTER:
            self.dead = True
            raise Killed
        if self._fate is Fate.REPLY_LOST:
            raise self._silence()
        return answer

    def _do(self, verb: str, key: str, act: Callable[[], Any], body: bytes) -> Any:
        answer = act()
        self._observe(self, verb, key, body)
        return answer

    def _silence(self) -> Exception:
        if self.verb in ("put_new", "replace"):
            return OutcomeUnknown(self.key, "connection reset")
        return StoreUnreachable(self._store.url, "connection reset")

    def _late(self) -> Callable[[], None]:
        verb, key, act, body = self.verb, self.key, self._act, self._body

        def arrive() -> None:
            with contextlib.suppress(ShelfError):  # nobody waits for the answer
                self._do(verb, key, act, body)

        return arrive

    def _wait(self) -> None:
        assert self._asked.acquire(timeout=PATIENCE), f"{self.name} neither asks nor ends"

    def _run(self, work: Callable[[Any], Any]) -> None:
        try:
            self.result = work(ActorStore(self, self._store))
        except BaseException as error:
            self.error = error
        self.ended = True
        self._asked.release()


class ActorStore:
    """The store as an actor sees it; every verb is a request."""

    def __init__(self, actor: Actor, store: MemoryStore) -> None:
        self._actor, self._store = actor, store

    @property
    def url(self) -> str:
        return self._store.url

    def get(self, key: str) -> bytes:
        return self._actor.request("get", key, lambda: self._store.get(key))

    def get_tagged(self, key: str) -> tuple[bytes, str]:
        return self._actor.request("get_tagged", key, lambda: self._store.get_tagged(key))

    def put_new(self, key: str, data: bytes) -> None:
        self._actor.request("put_new", key, lambda: self._store.put_new(key, data), data)

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        return self._actor.request("replace", key, lambda: self._store.replace(key, data, etag=etag), data)

    def list(self, prefix: str) -> Iterator[Stored]:
        return iter(self._actor.request("list", prefix, lambda: list(self._store.list(prefix))))

    def delete(self, key: str) -> None:
        self._actor.request("delete", key, lambda: self._store.delete(key))
