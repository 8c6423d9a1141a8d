"""What verbs share about builds for different accelerators: which were asked for, and locks that hold several."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..codecs.lock import format_variants, parse_lock
from ..errors import UsageError
from ..model import Lock
from .common import Args, lock_name


def wanted_labels(args: Args) -> list[str]:
    """The labels that ``variant`` asks for: one text, or a list of them."""
    wanted = args.get("variant") or ()
    return [wanted] if isinstance(wanted, str) else [str(label) for label in wanted]


def read_lock(args: Args) -> Lock:
    """The lock that ``lock`` is the text of; of several variants in it the one that was asked for, or fits here."""

    def choose(labels: Sequence[str]) -> str:
        from ..resolving.variants import Variants  # few locks have several

        return Variants("".join(wanted_labels(args)[:1])).choose(labels)

    return parse_lock(str(args["lock"]), lock_name(args), choose=choose)


def join_locks(resolve: Callable[[Args], Lock], args: Args) -> tuple[str, list[Lock]]:
    """One text for several kinds of machines, and the lock of each: the first is the default of other tools."""
    if args.get("name"):
        raise UsageError("A lock for several kinds of machines is a file: lock … --variant A --variant B -o FILE")
    locks = {label: resolve({**args, "variant": label}) for label in wanted_labels(args)}
    return format_variants(locks), list(locks.values())


def without_other_builds(preferred: Lock | None, wanted: Sequence[str]) -> Lock | None:
    """Pins to keep, without builds for another accelerator than the one that is asked for now."""
    if preferred is None or not wanted or not wanted[0]:
        return preferred
    from packaging.version import Version

    from ..resolving.variants import is_label, is_variant

    kept = tuple(
        pin
        for pin in preferred.pins
        if "+" not in pin.version
        or not is_variant(Version(pin.version))
        or is_label(Version(pin.version).local or "", wanted[0])
    )
    return preferred._replace(pins=kept)
