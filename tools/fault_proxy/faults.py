"""What can go wrong: each fault answers in the server's place, or changes or drops its reply."""

from __future__ import annotations

import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .messages import Reply

if TYPE_CHECKING:
    from .proxy import Handler

_PIECE = b"\0" * (1 << 16)


class ConnectionEnds(Exception):
    """The connection ends without a reply."""


class Fault:
    """What goes wrong. ``before`` may answer in the server's place; ``after`` may change its reply, or drop it."""

    def __str__(self) -> str:
        return type(self).__name__

    def before(self, handler: Handler) -> Reply | None:
        """None: the server is asked."""
        return None

    def after(self, handler: Handler, reply: Reply) -> Reply | None:
        """None: nothing (more) is sent and the connection is closed."""
        return reply


class DropReply(Fault):
    """The server does what was asked; the client never hears of it."""

    def after(self, handler: Handler, reply: Reply) -> Reply | None:
        return None


class Reset(Fault):
    """The connection is reset before the server sees the request."""

    def before(self, handler: Handler) -> Reply | None:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionEnds


@dataclass(frozen=True, slots=True)
class Answer(Fault):
    """S3's error ``code`` with ``status``; the server does not see the request."""

    status: int = 503
    code: str = "SlowDown"
    extra: str = ""  # more XML

    def __str__(self) -> str:
        return f"{self.status} {self.code}".rstrip()

    def before(self, handler: Handler) -> Reply | None:
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{self.code}</Code>{self.extra}</Error>'.encode()
        return Reply(self.status, (("Content-Type", "application/xml"), ("Content-Length", str(len(body)))), body)


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """The request waits before it goes on."""

    seconds: float

    def before(self, handler: Handler) -> Reply | None:
        handler.proxy.closing.wait(self.seconds)
        return None


@dataclass(frozen=True, slots=True)
class Hold(Fault):
    """Requests wait until ``release``, so that nothing depends on seconds; ``held`` is set when one does."""

    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def before(self, handler: Handler) -> Reply | None:
        self.held.set()
        while not self.released.wait(0.1) and not handler.proxy.closing.is_set():
            pass
        return None

    def release(self) -> None:
        self.released.set()


class Truncate(Fault):
    """The connection is closed after half of the body."""

    def after(self, handler: Handler, reply: Reply) -> Reply | None:
        return Reply(reply.status, reply.headers, reply.body[: len(reply.body) // 2])


class Stall(Fault):
    """After half of the body nothing more comes, and the connection stays open."""

    def after(self, handler: Handler, reply: Reply) -> Reply | None:
        handler.send_head(reply)
        handler.wfile.write(reply.body[: len(reply.body) // 2])
        handler.wfile.flush()
        handler.proxy.closing.wait()
        return None


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """The body comes one byte every ``seconds``."""

    seconds: float = 1.0

    def after(self, handler: Handler, reply: Reply) -> Reply | None:
        handler.send_head(reply)
        for byte in reply.body:
            if handler.proxy.closing.wait(self.seconds):
                break
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
        return None


@dataclass(frozen=True, slots=True)
class Endless(Fault):
    """Behind the body zeros follow for ever; the reply declares ``size`` bytes, or is chunked where that is 0."""

    size: int = 1 << 50

    def after(self, handler: Handler, reply: Reply) -> Reply | None:
        reply = reply.with_header("Content-Length", str(self.size) if self.size else None)
        handler.send_head(reply if self.size else reply.with_header("Transfer-Encoding", "chunked"))
        piece = reply.body or _PIECE
        while not handler.proxy.closing.is_set():  # a client that has gone ends it
            handler.wfile.write(piece if self.size else b"%x\r\n%b\r\n" % (len(piece), piece))
            piece = _PIECE
        return None


class WholeForRange(Fault):
    """200 in place of 206, without Content-Range."""

    def after(self, handler: Handler, reply: Reply) -> Reply | None:
        return Reply(200, reply.with_header("Content-Range", None).headers, reply.body)


class WrongRange(Fault):
    """206 whose Content-Range is one byte further on than was asked."""

    def after(self, handler: Handler, reply: Reply) -> Reply | None:
        numbers = [int(each) for each in re.findall(r"\d+", reply.header("Content-Range"))]
        if len(numbers) != 3:  # no range was asked for
            return reply
        first, last, size = numbers
        return reply.with_header("Content-Range", f"bytes {first + 1}-{last + 1}/{max(size, last + 2)}")


class Corrupt(Fault):
    """One bit of the body's middle byte is flipped."""

    def after(self, handler: Handler, reply: Reply) -> Reply | None:
        if not reply.body:
            return reply
        middle = len(reply.body) // 2
        changed = reply.body[:middle] + bytes([reply.body[middle] ^ 1]) + reply.body[middle + 1 :]
        return Reply(reply.status, reply.headers, changed)
