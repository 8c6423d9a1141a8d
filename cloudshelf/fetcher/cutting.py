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
        earlier = len(found)
        for run in _cut(stage, largest, gap):
            host = next((host for host in found[:earlier] if _may_join(host, run, most, largest, gap)), None)
            if host is None:
                found.append(run)
            else:
                host += run
                host.sort(key=lambda job: job.frame)
    return found


def _cut(stage: Sequence[FrameJob], largest: int, gap: int) -> list[_Run]:
    """Evenly large, the one that was asked for first first."""
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
    parts = [part for run in joined for part in _split(run, largest)]
    return sorted(parts, key=lambda part: min(job.sequence for job in part))


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
