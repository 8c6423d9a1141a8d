"""What a curator changes of a project: its default, yanked versions, and back to an earlier state.

Each is one move of the head (chains/commit.py), which holds whether or not the catalog can follow.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from .answers import Changed
from .catalog import project_facts, update_catalog
from .chains.chain import Signer, read_link
from .chains.commit import Change, change_head, project_chain
from .chains.skips import find_seq
from .errors import ShelfError, UsageError, VersionMissing
from .model import Entry, Head
from .repository import Repository, shorten
from .stores.protocols import Store


class HeadChanges:
    """Changes of heads; ``repository`` is that of the same store, and forgets what it knew. ``signer`` signs them.

    Projects and versions are spelled as the shelf has them. All raise as ``Repository.head`` and ``chain.move_head``.
    """

    def __init__(self, store: Store, repository: Repository, signer: Signer | None = None) -> None:
        self._store = store
        self._repository = repository
        self._signer = signer

    def set_default(self, project: str, version: str, *, by: str) -> Changed:
        """What a bare name takes from now on. Raises VersionMissing."""

        def change(head: Head | None) -> Change:
            self._entry(head, project, version)
            return Change(default=version)

        return self._move(project, change, by=by, action=f"default {version}")

    def set_yanked(self, project: str, version: str, reason: str | None, *, by: str) -> Changed:
        """Yank a version (PEP 592), or with None for a reason take that back. Raises VersionMissing."""

        def change(head: Head | None) -> Change | None:
            entry = self._entry(head, project, version)
            return None if entry.yanked == reason else Change(put={version: Entry(entry.release, reason)})

        return self._move(project, change, by=by, action=f"{'unyank' if reason is None else 'yank'} {version}")

    def roll_back(self, project: str, seq: int | None, *, by: str) -> Changed:
        """A new head with the list of that of ``seq``, None for the one before the last change. Raises UsageError."""
        read = partial(read_link, self._store, project_chain(project))

        def change(head: Head | None) -> Change | None:
            if head is None:
                return None
            wanted = head.seq - 1 if seq is None else seq
            older = find_seq(head, wanted, read) if wanted > 0 else None
            if older is not None:
                return Change(base=older)
            if wanted < 1:
                raise UsageError(f"{project} has only had one state; there is none to go back to.")
            raise UsageError(f"{project} has no state {wanted} to go back to; see: cloudshelf log {project}")

        return self._move(project, change, by=by, action="rollback" if seq is None else f"rollback to {seq}")

    def _entry(self, head: Head | None, project: str, version: str) -> Entry:
        """What ``head`` says of a version; it may have been purged since it was found."""
        entry = self._repository.versions_of(head).get(version) if head else None
        if entry is None:
            raise VersionMissing(project, version, ())
        return entry

    def _move(self, project: str, change: Callable[[Head | None], Change | None], *, by: str, action: str) -> Changed:
        self._repository.head(project)  # a name that is not there gets suggestions, not a new head
        before: list[Head | None] = []

        def remembered(head: Head | None) -> Change | None:
            before[:] = [head]
            return change(head)

        head = change_head(self._store, project, remembered, by=by, action=action, signer=self._signer)
        self._repository.forget(project)
        landed = head is not before[0]
        return Changed(
            project=project,
            seq=head.seq,
            action=action,
            default=head.default,
            changed=landed,
            versions=shorten(self._repository.versions_of(head)),
            notes=self._refresh_catalog(project) if landed else (),
        )

    def _refresh_catalog(self, project: str) -> tuple[str, ...]:
        """The catalog is derived: the change holds even if it cannot follow."""
        try:
            update_catalog(self._store, [project_facts(self._repository, project)])
        except ShelfError as error:
            return (f"The change is made, but the catalog does not show it yet: {error}",)
        return ()
