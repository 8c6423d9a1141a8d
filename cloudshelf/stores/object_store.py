"""A shelf on S3 and its kin, through obstore.

Reads are retried with jitter until a deadline. Conditional writes are never retried: a retry of a write that landed
would be told that its own condition fails. Each request may take a fixed time plus what its size allows, so neither a
silent server nor an endless body holds anybody for ever, and a large pack still goes over a slow line.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore.exceptions import BaseError, NotModifiedError
from obstore.store import S3Store

from ..errors import ClockWrong, CredentialsExpired, ObjectInvalid, ShelfError, StoreUnreachable, UsageError
from .credentials import Credentials, S3Settings, find_credentials, read_settings
from .keys import check_key, check_prefix, check_range, check_size
from .protocols import Stored
from .staying import stay_at
from .transport_errors import translate, translate_write

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult, PutMode
    from obstore.store import ClientConfig, RetryConfig, S3Config

T = TypeVar("T")
_SLOWEST = 128 * 1024  # bytes a second that a line has to carry
_CONNECT_SECONDS = 5.0
_RETRIES = 7
_UNKNOWN_SIZE = 4 * 1024 * 1024  # what a read of a whole object is given time for
_TRANSPORT_ERRORS = (BaseError, OSError, ValueError)
_DOMAINS = (("cn-", "amazonaws.com.cn"), ("eusc-", "amazonaws.eu"), ("", "amazonaws.com"))  # by a region's beginning


def open_object_store(bucket: str, prefix: str, environ: Mapping[str, str]) -> ObjectStore:
    """The store under ``prefix`` of ``bucket`` with the AWS settings of ``environ``; sends nothing.

    Raises UsageError for wrong settings. Credentials are looked for by the first request: who finds everything in a
    cache needs none.
    """
    settings = read_settings(environ)
    url = f"s3://{bucket}/{prefix}".rstrip("/")
    find = None if settings.anonymous else partial(find_credentials, environ, url, settings.region)
    return ObjectStore(bucket, prefix, settings, None, find)


class ObjectStore:
    """The objects under ``prefix`` of ``bucket``; ``credentials`` None, and nothing to ``find`` them, sends unsigned
    requests.

    Raises UsageError when the CA bundle of ``settings`` is none; a request raises what ``find`` does.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str,
        settings: S3Settings,
        credentials: Credentials | None,
        find: Callable[[], Credentials] | None = None,
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._settings = settings
        self._credentials = credentials
        self._find = find
        self._clients: dict[tuple[bool, int], S3Store] = {}
        self._lock = threading.Lock()
        if settings.ca_bundle is not None:  # a wrong setting is found out before anything depends on it
            self._make_client(writing=False, limit=settings.timeout)

    @property
    def url(self) -> str:
        return self._url

    def get(self, key: str) -> bytes:
        return self.get_tagged(key)[0]

    def get_tagged(self, key: str) -> tuple[bytes, str]:
        return self._renewing(partial(self._get, key, {}))

    def get_changed(self, key: str, etag: str) -> tuple[bytes, str] | None:
        try:
            return self._renewing(partial(self._get, key, {"if_none_match": etag} if etag else {}))
        except NotModifiedError:
            return None

    def _get(self, key: str, options: GetOptions) -> tuple[bytes, str]:
        """Raises NotModifiedError where ``options`` have a condition."""
        path = self._prefix + check_key(key)
        try:
            result = obstore.get(self._reader(_UNKNOWN_SIZE), path, options=options)
            size, etag = result.meta["size"], result.meta["e_tag"]
            check_size(key, size)
            data = b"".join(self._parts(result, size))
        except NotModifiedError:
            raise
        except _TRANSPORT_ERRORS as error:
            raise self._translated(error, key) from None
        if len(data) != size:
            raise ObjectInvalid(key, f"the store sent {len(data)} bytes of {size}")
        return data, etag or ""

    def stream_range(self, key: str, *, start: int, length: int) -> Iterator[bytes | memoryview]:
        check_range(key, start, length)
        check_key(key)
        if not length:
            return  # HTTP has no empty range (RFC 9110, section 14.1.1)
        sent = 0
        result = self._renewing(partial(self._get_range, key, start, length))
        try:
            for part in self._parts(result, length):
                sent += len(part)
                if sent > length:
                    break
                yield part
        except _TRANSPORT_ERRORS as error:
            raise self._translated(error, key) from None
        if sent != length:
            raise ObjectInvalid(key, f"the store sent {sent} bytes of {length}")

    def _get_range(self, key: str, start: int, length: int) -> GetResult:
        path = self._prefix + check_key(key)
        try:
            result = obstore.get(self._reader(length), path, options={"range": (start, start + length)})
        except _TRANSPORT_ERRORS as error:
            raise self._translated(error, key) from None
        _check_sent(result, key, start, length)
        return result

    def _parts(self, result: GetResult, size: int) -> Iterator[memoryview]:
        """The body as it comes. Raises StoreUnreachable when ``size`` bytes take longer than they may."""
        deadline = time.monotonic() + 2 * self._limit(size)  # the client's own limit is that of larger ones
        for part in result.stream(min_chunk_size=1):
            yield memoryview(part)
            if time.monotonic() > deadline:
                raise StoreUnreachable(self._url, "it did not answer in time")

    def put_new(self, key: str, data: bytes) -> None:
        self._renewing(partial(self._write, key, data, "create"))

    def replace(self, key: str, data: bytes, *, etag: str | None) -> str:
        return self._renewing(partial(self._write, key, data, "create" if etag is None else {"e_tag": etag}))

    def list(self, prefix: str) -> Iterator[Stored]:
        check_prefix(prefix)
        folder = self._prefix + prefix[: prefix.rfind("/") + 1]  # obstore lists whole folders only
        try:
            for page in obstore.list(self._reader(_UNKNOWN_SIZE), folder or None):
                for each in page:
                    key = each["path"].removeprefix(self._prefix)
                    if key.startswith(prefix):
                        yield Stored(key, each["size"], each["last_modified"].timestamp())
        except _TRANSPORT_ERRORS as error:
            raise self._translated(error, prefix) from None

    def delete(self, key: str) -> None:
        self._renewing(partial(self._delete, key))

    def _delete(self, key: str) -> None:
        path = self._prefix + check_key(key)
        try:
            obstore.delete(self._reader(0), path)  # doing it twice does no harm, so it may be retried
        except FileNotFoundError as error:
            failure = self._translated(error, key)
            if not isinstance(failure, LookupError):
                raise failure from None
        except _TRANSPORT_ERRORS as error:
            raise self._translated(error, key) from None

    def _write(self, key: str, data: bytes, mode: PutMode) -> str:
        """One conditional request; the new etag."""
        path = self._prefix + check_key(key)
        try:
            result = obstore.put(self._writer(len(data)), path, data, mode=mode, use_multipart=False)
        except _TRANSPORT_ERRORS as error:
            raise self._judged(translate_write(error, key, self._url, replacing=mode != "create")) from None
        return result["e_tag"] or ""

    def _renewing(self, ask: Callable[[], T]) -> T:
        """``ask``; once more when S3 refused the keys, which it does before all else, and there may be newer ones."""
        try:
            return ask()
        except CredentialsExpired:
            if self._credentials is None or not self._credentials.may_renew:
                raise
            return ask()

    def _translated(self, error: BaseException, key: str) -> ShelfError:
        return self._judged(translate(error, key, self._url))

    def _judged(self, failure: ShelfError) -> ShelfError:
        """``failure``, or why there were no credentials. Those that were refused are forgotten, by obstore too."""
        if isinstance(failure, ClockWrong) and failure.ahead is None:
            from .clock import ahead_by_date  # what it needs takes longer to load than all of this

            endpoint, _ = address_of(self._settings, self._bucket)
            return ClockWrong(self._url, ahead_by_date(endpoint, self._settings.ca_bundle))
        if self._credentials is None:
            return failure
        if self._credentials.failure is None and isinstance(failure, CredentialsExpired):
            self._credentials.refused()
            with self._lock:
                self._clients.clear()
        return self._credentials.failure or failure

    def _reader(self, size: int) -> S3Store:
        """One client, and so one set of connections, for all reads up to the size of a range."""
        return self._client(writing=False, size=max(size, _UNKNOWN_SIZE))

    def _writer(self, size: int) -> S3Store:
        return self._client(writing=True, size=size)

    def _client(self, *, writing: bool, size: int) -> S3Store:
        """A client whose time limit fits ``size``; they are few, because limits are rounded up to powers of two."""
        doublings = math.ceil(math.log2(max(self._limit(size) / (2 * self._settings.timeout), 1)))
        with self._lock:
            found = self._clients.get((writing, doublings))
            if found is None:
                if self._find is not None:
                    self._credentials, self._find = self._find(), None
                found = self._make_client(writing, 2 * self._settings.timeout * 2**doublings)
                self._clients[writing, doublings] = found
        return found

    def _limit(self, size: int) -> float:
        """Seconds that a request of ``size`` bytes may take."""
        return self._settings.timeout + size / _SLOWEST

    def _make_client(self, writing: bool, limit: float) -> S3Store:
        settings = self._settings
        endpoint, with_bucket = address_of(settings, self._bucket)
        config: S3Config = {
            "aws_endpoint_url_s3": endpoint,  # wins over every variable that obstore reads itself
            "region": settings.region,
            "checksum_algorithm": "SHA256",
            "conditional_put": "etag",
            "disable_bulk_delete": True,
            "disable_tagging": True,
            "skip_signature": settings.anonymous,
            "virtual_hosted_style_request": with_bucket,
        }
        options: ClientConfig = {
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=min(_CONNECT_SECONDS, settings.timeout)),
            "timeout": timedelta(seconds=limit),
            **stay_at(endpoint),
        }
        if not writing:  # a writer hears nothing until its upload is through
            options["read_timeout"] = timedelta(seconds=settings.timeout)
        if settings.ca_bundle is not None:
            options["root_certificate"] = settings.ca_bundle
        retries: RetryConfig = {"max_retries": 0 if writing else _RETRIES}
        if not writing:
            retries["retry_timeout"] = timedelta(seconds=settings.timeout)
            retries["backoff"] = {
                "init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(seconds=2), "base": 2
            }  # fmt: skip
        try:
            return S3Store(
                self._bucket,
                config=config,
                client_options=options,
                retry_config=retries,
                credential_provider=self._credentials,
            )
        except _TRANSPORT_ERRORS:
            if settings.ca_bundle is None:
                raise
            raise UsageError("The file of AWS_CA_BUNDLE holds no PEM certificates that can be used.") from None


def address_of(settings: S3Settings, bucket: str) -> tuple[str, bool]:
    """Where ``bucket`` is, and whether its name is part of that: on Amazon, but with a dot no certificate covers it."""
    if settings.endpoint is not None:
        return settings.endpoint, False
    domain = next(name for beginning, name in _DOMAINS if settings.region.startswith(beginning))
    host = f"s3.{settings.region}.{domain}"
    return (f"https://{host}", False) if "." in bucket else (f"https://{bucket}.{host}", True)


def _check_sent(result: GetResult, key: str, start: int, length: int) -> None:
    """Before the body is read: raises ObjectInvalid unless Content-Range is what was asked for."""
    if tuple(result.range) != (start, start + length):
        first, end = result.range
        raise ObjectInvalid(key, f"the store sent bytes {first} to {end} for {start} to {start + length}")
