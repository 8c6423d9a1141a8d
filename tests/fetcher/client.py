"""The protocol spelled out byte by byte, apart from the engine's own client: what tests speak with."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any


class Client:
    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(str(path))

    def send(self, tag: bytes, body: bytes = b"") -> None:
        self.socket.sendall(struct.pack(">I", 1 + len(body)) + tag + body)

    def receive(self) -> tuple[bytes, Any]:
        """One message, its JSON decoded; (b"", None) at the end of the stream."""
        header = self._read(4)
        if not header:
            return b"", None
        message = self._read(struct.unpack(">I", header)[0])
        return message[:1], json.loads(message[1:]) if len(message) > 1 else None

    def ask(self, tag: bytes, body: bytes = b"") -> tuple[bytes, Any]:
        """The final answer; heartbeats and progress are passed over."""
        self.send(tag, body)
        while (answer := self.receive())[0] in (b".", b"P"):
            pass
        return answer

    def ensure(self, environment: Path, *numbers: int, word: str = "need") -> tuple[bytes, Any]:
        return self.ask(b"E", f"{environment}\0{','.join(map(str, numbers))}\0{word}".encode())

    def call(self, verb: str, **args: Any) -> tuple[bytes, Any]:
        return self.ask(b"C", json.dumps({"verb": verb, "args": args}).encode())

    def _read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                break
            data += part
        return data


def start_fetcher(cache: Path, path: Path, **environ: str) -> subprocess.Popen[bytes]:
    """A real fetcher process, listening already (or gone, when there is one)."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    watch = _Watch(path.parent)
    process = subprocess.Popen(
        [sys.executable, "-m", "cloudshelf.fetcher", "--cache", str(cache), "--socket", str(path)],
        env=os.environ | environ,
        start_new_session=True,
    )
    watch.until(lambda: process.poll() is not None or _answers(path))
    return process


class _Watch:
    """Looks again whenever the folder may have changed; there is no inotify in the standard library."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def until(self, condition: Any) -> None:
        for _ in range(3000):
            if condition():
                return
            select.select([], [], [], 0.01)
        raise TimeoutError(f"nothing listens in {self._folder}")


def _answers(path: Path) -> bool:
    try:
        Client(path).socket.close()
    except OSError:
        return False
    return True
