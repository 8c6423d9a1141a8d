"""Bytes of a file without an environment: only the frames that they lie in, and nothing that was changed."""

from __future__ import annotations

import pytest

from cloudshelf.codecs.names import pack_key, sha256
from cloudshelf.codecs.pack import compress_frame
from cloudshelf.content import read_content
from cloudshelf.errors import ObjectInvalid
from cloudshelf.model import File, Frame, Kind, Manifest
from cloudshelf.stores.counting import CountingStore
from cloudshelf.stores.memory import MemoryStore

PIECES = (b"other" + b"0123456789", b"abcdefghij", b"ABCDEFGHIJ" + b"another")
WHOLE = b"0123456789abcdefghijABCDEFGHIJ"  # begins five bytes into the first frame, ends within the third


@pytest.fixture
def store() -> CountingStore:
    store = MemoryStore()
    store.put_new(pack_key("demo", "p.0"), b"".join(map(compress_frame, PIECES)))
    return CountingStore(store)


def manifest(*, digest: str = sha256(WHOLE)) -> Manifest:
    frames, offset = [], 0
    for piece in PIECES:
        data = compress_frame(piece)
        frames.append(Frame("p.0", offset, len(data), len(piece), sha256(data)))
        offset += len(data)
    text = File("site/text.txt", 5, 0o644, 1, sha256(b"hello"), Kind.INLINE, -1, 0)
    file = File("site/demo.bin", len(WHOLE), 0o644, 1, digest, Kind.DATA, 0, 5)
    return Manifest(
        "demo", "1", "demo-1-py3-none-any.whl", "", (file, text), tuple(frames), 0, {text.path: b"hello"}, {}, ()
    )


@pytest.mark.parametrize(
    ("start", "stop", "requests"),
    [(0, 30, 3), (0, 1, 1), (9, 11, 2), (10, 20, 1), (25, 30, 1), (0, 10, 1), (20, 21, 1), (7, 7, 0)],
)
def test_a_range_reads_the_frames_it_lies_in_and_no_other(
    store: CountingStore, start: int, stop: int, requests: int
) -> None:
    whole = manifest()
    assert read_content(store, whole, whole.files[0], start, stop) == WHOLE[start:stop]
    assert store.counts.requests.get("stream_range", 0) == requests


def test_a_file_of_the_manifest_needs_no_request(store: CountingStore) -> None:
    whole = manifest()
    assert read_content(store, whole, whole.files[1], 1, 3) == b"el"
    assert store.counts.total == 0


def test_a_frame_that_was_changed_is_refused(store: CountingStore) -> None:
    data = bytearray(store.get(pack_key("demo", "p.0")))
    data[-3] ^= 1
    store.delete(pack_key("demo", "p.0"))
    store.put_new(pack_key("demo", "p.0"), bytes(data))
    whole = manifest()
    assert read_content(store, whole, whole.files[0], 0, 10) == WHOLE[:10]
    with pytest.raises(ObjectInvalid, match="other bytes than were published"):
        read_content(store, whole, whole.files[0], 0, 30)


def test_a_whole_file_has_the_digest_of_the_manifest(store: CountingStore) -> None:
    other = manifest(digest="0" * 64)
    with pytest.raises(ObjectInvalid, match=r"site/demo\.bin"):
        read_content(store, other, other.files[0], 0, 30)


def test_who_does_not_wait_any_more_ends_it_between_frames(store: CountingStore) -> None:
    class Gone(Exception):
        pass

    calls = iter([None, Gone()])

    def pause() -> None:
        if error := next(calls):
            raise error

    whole = manifest()
    with pytest.raises(Gone):
        read_content(store, whole, whole.files[0], 0, 30, pause)
    assert store.counts.requests == {"stream_range": 1}
