"""A fetcher without a shelf: speaks the protocol, takes contents from a file beside the index. Run as a script.

Files in an environment's ``.cloudshelf`` tell it to misbehave: ``die`` (in the middle of a request), ``hang``
(no heartbeat), ``fail`` (its content is the error that is sent). ``requests`` records what was
asked.
"""

import json
import marshal
import os
import socket
import sys
import threading
from pathlib import Path

OPEN = {}
LOCK = threading.Lock()


def read(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def send(connection, tag, body=b""):
    connection.sendall((len(body) + 1).to_bytes(4, "big") + tag + body)


def environment(path):
    with LOCK:
        if path not in OPEN:
            own = path / ".cloudshelf"
            OPEN[path] = marshal.loads((own / "index").read_bytes()), marshal.loads((own / "contents").read_bytes())
        return OPEN[path]


def place(path, numbers):
    index, contents = environment(path)
    for number in numbers:
        file = path / index["paths"][number]
        temporary = path / ".cloudshelf" / "staging" / f"{number}.{threading.get_ident()}"
        temporary.write_bytes(contents[number])
        temporary.chmod(index["modes"][number])
        os.utime(temporary, (index["mtimes"][number],) * 2)
        temporary.rename(file)
        with open(path / ".cloudshelf" / "presence", "r+b") as stream:
            stream.seek(number)
            stream.write(b"\1")


def misbehave(connection, path):
    """Whether the request was answered by misbehaving."""
    own = path / ".cloudshelf"
    if (own / "die").exists():
        (own / "die").unlink()
        os._exit(9)
    if (own / "hang").exists():
        (own / "hang").unlink()
        threading.Event().wait()
    if (own / "fail").exists():
        send(connection, b"X", (own / "fail").read_bytes())
        return True
    return False


def converse(connection):
    try:
        while True:
            message = read(connection, int.from_bytes(read(connection, 4), "big"))
            tag, parts = message[:1], message[1:].split(b"\0")
            if tag == b"C":
                request = json.loads(message[1:])
                send(connection, b".")
                send(connection, b"P", json.dumps({"stage": "echo", "done": 1, "total": 1}).encode())
                send(connection, b"K", json.dumps(request).encode())
                continue
            path = Path(parts[0].decode())
            with open(path / ".cloudshelf" / "requests", "a") as log:
                log.write(" ".join([tag.decode(), *map(bytes.decode, parts[1 : 3 if tag == b"E" else 2])]) + "\n")
            if tag == b"E":
                send(connection, b".")
                if misbehave(connection, path):
                    continue
                place(path, [int(n) for n in parts[1].split(b",") if n])
            send(connection, b"K")
    except (EOFError, OSError):
        connection.close()


def main():
    import fcntl

    os.closerange(3, 256)  # as ours: a spawned child's copy of the resource tracker's pipe would keep that waiting
    options = dict(zip(sys.argv[1:5:2], sys.argv[2:5:2], strict=True))
    name = options["--socket"]
    lock = os.open(name + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    Path(name).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(name)
    listener.listen(64)
    Path(options["--cache"], "fetcher", "pid").write_text(str(os.getpid()))
    listener.settimeout(20)  # a test that was killed leaves nothing behind for long
    while True:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            return
        connection.settimeout(None)
        threading.Thread(target=converse, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
    os._exit(0)
