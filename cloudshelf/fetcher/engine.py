"""What fills environments, loaded when it is first needed."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ShelfError, UsageError
from .recalled import Recalled

if TYPE_CHECKING:
    from .environments import Environments
    from .transfer import Transfer


class Engine:
    """What fills environments. Loaded when first needed, or ahead of that: libraries take longer than the socket."""

    def __init__(self, cache: Path, config: str = "") -> None:
        self._cache = cache
        self._config = config
        self._lock = threading.Lock()
        self.recalled = Recalled(cache, self._renew_blocks)
        self._loaded: tuple[Transfer, Environments] | None = None

    def get(self) -> tuple[Transfer, Environments]:
        """Raises CacheUnusable; the next call tries again."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def is_busy(self) -> bool:
        return self._loaded is not None and self._loaded[0].is_busy()

    def flag(self, name: str) -> bool:
        """A setting of the user or the machine (config.FLAGS); what is wrong with a file is said by other readers."""
        from ..config import read_flag

        try:
            return read_flag(name, self._environ())[0]
        except UsageError:
            return True

    def numbers(self) -> dict[str, dict[str, Any]]:
        """What was fetched for each environment so far (statistics.py)."""
        return self._loaded[0].statistics.numbers() if self._loaded is not None else {}

    def close(self) -> None:
        if self._loaded is not None:
            self._loaded[0].close(flush=False)

    def _environ(self) -> dict[str, str]:
        return {**os.environ, **({"CLOUDSHELF_CONFIG": self._config} if self._config else {})}

    def _renew_blocks(self, shelf: str) -> None:
        """Ask a shelf what is blocked, if that is due. What fails is said at the next start of an environment."""
        from ..recall.machine import Renewal
        from ..verbs.common import shelf_of

        with contextlib.suppress(ShelfError):
            for repository in shelf_of({"shelf": shelf}).repository.parts:
                Renewal(self._cache, repository).result()

    def _load(self) -> tuple[Transfer, Environments]:
        from ..cache.lower_cache import lower_caches
        from ..config import read_config
        from ..stores.counting import CountingStore
        from ..stores.opening import shared_store
        from .blobs import BlobCache
        from .environments import Environments
        from .transfer import Transfer

        lower = lower_caches(read_config(self._environ()))
        transfer = Transfer(BlobCache(self._cache, lower), background=self.flag("background_fill"))
        transfer.start()
        return transfer, Environments(lambda url: CountingStore(shared_store(url)))
