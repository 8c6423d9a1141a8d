"""What a project is, as a dictionary: the specification that every commit on the real shelf is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field

State = dict[str, tuple[frozenset[str], str | None]]  # version → its wheels, and why it was yanked


@dataclass
class Operation:
    """What an actor wants. ``landed`` counts how often it came true; ``refused``: the actor was told it did not."""

    verb: str
    what: str = ""  # a wheel, or a version
    landed: int = 0
    refused: bool = False


@dataclass
class Model:
    """The states of one project, one a head; ``purged`` says at which head a version was last purged."""

    states: list[tuple[State, str | None]] = field(default_factory=lambda: [({}, None)])
    purged: dict[str, int] = field(default_factory=dict)
    born: list[dict[str, int]] = field(default_factory=lambda: [{}])  # of each state: since which head it has a version

    @property
    def seq(self) -> int:
        return len(self.states) - 1

    @property
    def now(self) -> tuple[State, str | None]:
        return self.states[-1]

    def apply(self, operation: Operation) -> None:
        """The next state. What cannot be done in the present one may not land there."""
        versions, default = dict(self.now[0]), self.now[1]
        born, seq = dict(self.born[-1]), self.seq + 1
        match operation.verb:
            case "publish":
                version = operation.what.partition("-")[0]
                wheels, yanked = versions.get(version, (frozenset(), None))
                versions[version] = (wheels | {operation.what}, yanked)
                default = default or version
                born.setdefault(version, seq)
            case "yank":
                versions[operation.what] = (versions[operation.what][0], "bad")
            case "default":
                assert operation.what in versions
                default = operation.what
            case "rollback":
                (older, default), since = self.states[-2], self.born[-2]
                assert self.seq > 1
                left = {v: e for v, e in older.items() if since[v] > self.purged.get(v, 0)}
                versions, born = left, {v: since[v] for v in left}
                default = None if default in self.purged and default not in versions else default
            case "purge":
                del versions[operation.what], born[operation.what]
                self.purged[operation.what] = seq
                default = None if default == operation.what else default
            case "collect":
                pass
        self.states.append((versions, default))
        self.born.append(born)
