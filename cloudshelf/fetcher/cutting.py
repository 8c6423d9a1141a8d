"""Which frames travel together in one request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .frames import FrameJob

LARGEST_GAP = 512 << 10  # bytes nobody wants between two frames that cost less than another request
MOST_BESIDE = 4 << 20  # bytes of a later stage that may travel with an earlier one
_NEVER = float("inf")
_Run = list[FrameJob]  # in the order of their pack


def cut_stages(stages: Sequence[Sequence[FrameJob]], *, largest: int, gap: int) -> list[_Run]:
    """Requests for frames of one environment; what is needed first is in the first stage.

    A request holds frames of one stage, and few of a later one that lie beside or among them. Where all stages
    together are no more than ``largest`` bytes, they would be on the line at once in any case: then there may be many.
    """
    size = sum(job.stop - job.start for stage in stages for job in stage)
    most = largest if size <= largest else MOST_BESIDE
    found: list[_Run] = []
    for stage in stages:
        earlier = found[:]
        runs = [_without_lent(run, earlier, largest, gap) for run in _join(stage, gap)]
        parts = [part for run in runs for part in _split(run, largest)]
        for part in sorted(parts, key=lambda part: min(job.sequence for job in part)):
            found += _part_among(part, earlier, most, largest, gap)
    return found


def _part_among(part: _Run, hosts: Sequence[_Run], most: int, largest: int, gap: int) -> list[_Run]:
    """Have ``part`` travel with ``hosts``, which are of an earlier stage; what is left of it.

    Where some of these lie among its frames it is parted there, if each piece finds one: else their bytes came twice.
    """
    for pieces in (_parted_by(hosts, part), [part]):
        found = [host for piece in pieces if (host := _host(piece, hosts, most, largest, gap)) is not None]
        if len(found) == len(pieces):
            for host, piece in zip(found, pieces, strict=True):
                host += piece
                host.sort(key=lambda job: job.frame)
            return []
    return [part]


def _parted_by(hosts: Sequence[_Run], part: _Run) -> list[_Run]:
    pieces: dict[int, _Run] = {}
    for job in part:
        before = sum(host[0].frame < job.frame for host in hosts)
        pieces.setdefault(before, []).append(job)
    return list(pieces.values())


def _host(part: _Run, hosts: Sequence[_Run], most: int, largest: int, gap: int) -> _Run | None:
    """The nearest that ``part`` may join: rather one before it, whose own bytes then come first."""
    possible = [host for host in hosts if _may_join(host, part, most, largest, gap)]
    frame = part[0].frame
    return min(possible, key=lambda host: (host[0].frame > frame, abs(host[0].frame - frame)), default=None)


def _join(stage: Sequence[FrameJob], gap: int) -> list[_Run]:
    """What lies near each other, however long that is; in the order of packs."""
    runs: list[_Run] = []
    for job in sorted(stage, key=lambda job: job.frame):
        if runs and _distance(runs[-1], [job]) <= gap:
            runs[-1].append(job)
        else:
            runs.append([job])
    joined: list[_Run] = []
    for run in runs:
        if joined and _distance(joined[-1], run) <= _gap_beside(joined[-1], run, gap):
            joined[-1] += run
        else:
            joined.append(run)
    return joined


def _without_lent(run: _Run, hosts: Sequence[_Run], largest: int, gap: int) -> _Run:
    """``run``; where it is a request fewer when its beginning travels in one for what lies before it, what is left."""
    length = _length(run)
    if length <= MOST_BESIDE:
        return run
    for host in hosts:
        if 0 <= _distance(host, run) <= gap:
            most = min(MOST_BESIDE, largest - (run[0].start - host[0].start))
            lent = [job for job in run if job.stop - run[0].start <= most]
            left = run[len(lent) :]
            if -(-_length(left) // largest) < -(-length // largest):
                host += lent
                return left
    return run


def _distance(run: _Run, behind: _Run) -> float:
    """Bytes between two of a pack, less than 0 where they overlap; infinite if they may not share a request."""
    edge, job = run[-1], behind[0]
    pack = edge.environment.frame_pack
    if pack[edge.frame] != pack[job.frame] or edge.alone or job.alone:
        return _NEVER
    return job.start - edge.stop


def _gap_beside(run: _Run, behind: _Run, gap: int) -> float:
    """The largest distance that costs less than a request of its own for the smaller of two."""
    small, large = sorted((_length(run), _length(behind)))
    return min(2 * gap, large / 4) if small <= gap else 0


def _may_join(host: _Run, run: _Run, most: int, largest: int, gap: int) -> bool:
    """Whether ``run`` may travel in the request for ``host``, which is of an earlier stage."""
    first, last = sorted((host, run), key=lambda part: part[0].frame)
    distance = _distance(first, last)
    joined = max(host[-1].stop, run[-1].stop) - first[0].start
    added = joined - max(_length(host), _length(run)) if distance < 0 else _length(run)
    return distance <= gap and joined <= largest and added <= most


def _split(run: _Run, largest: int) -> Iterator[_Run]:
    """Parts of about one size, none larger than allowed (unless one frame is)."""
    target = _length(run) / -(-_length(run) // largest)
    part = [run[0]]
    for job in run[1:]:
        start = part[0].start
        if job.stop - start > largest or job.start - start >= target:
            yield part
            part = []
        part.append(job)
    yield part


def _length(run: _Run) -> int:
    return run[-1].stop - run[0].start
