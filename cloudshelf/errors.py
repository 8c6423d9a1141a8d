"""Every exception of the engine, on one screen.

An error holds what happened as attributes (the positional arguments), words are made in ``__str__``; hence errors
pickle, and travel from the fetcher to a kernel as ``(class name, arguments)``. None is an ``ImportError``: an outage
must never look like an optional dependency that is not there. Standard library only, because this file is also part of
the engine copy that runs in users' processes.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes 3 ms to import, at the start of every python of an environment
if TYPE_CHECKING:
    from typing import Any, ClassVar


ADMINISTRATOR = "the shelf's administrator"  # whom to ask where a shelf names nobody


class ShelfError(Exception):
    """Base of all; ``facts`` names the positional arguments, ``words`` is formatted with them.

    ``exit_code`` is what the command line ends with: 1 for a request that cannot be met, 2 for wrong usage,
    3 for a store that cannot be reached or refuses, 4 for damage.
    """

    facts: ClassVar[tuple[str, ...]] = ("message",)
    words = "{message}"
    exit_code = 1

    if TYPE_CHECKING:  # the facts, as attributes

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for name, value in zip(self.facts, args, strict=False):
            setattr(self, name, value)

    def __str__(self) -> str:
        facts = dict.fromkeys(self.facts, "") | dict(zip(self.facts, self.args, strict=False))
        return self.words.format(
            **{k: ", ".join(map(str, v)) if isinstance(v, (list, tuple)) else v for k, v in facts.items()}
        )


class UsageError(ShelfError):
    """A request that cannot be understood: unknown verb, malformed requirement, option without its value."""

    exit_code = 2


class RequirementInvalid(UsageError):
    facts = ("text", "reason")
    words = '{text!r} is not a requirement: {reason}. Write it like pandas, pandas==2.2.3 or "pandas>=2.2,<3".'


class Interrupted(ShelfError):
    facts = ()
    words = "Interrupted. Nothing is lost: run it again, and it continues where it stopped."
    exit_code = 130


class BringInterrupted(KeyboardInterrupt):
    """Ctrl-C while a program waited for files. It is what it always was to whoever catches it, with words."""

    def __str__(self) -> str:
        return "Interrupted while files were fetched. Nothing is lost: run it again, and it continues where it stopped."


class NoShelf(ShelfError):
    facts = ()
    words = (
        "No shelf is connected. Set CLOUDSHELF_URL, or type %shelf connect s3://bucket/prefix "
        "(command line: --shelf URL); file:///path is a shelf on a local disk."
    )
    exit_code = 2


class ShelfMissing(ShelfError):
    facts = ("url",)
    words = "There is no shelf at {url}. Check the URL; a curator creates one with: cloudshelf init {url}"


class ShelfForbidden(ShelfError):
    facts = ("url", "allowed", "file")
    words = (
        "The administrator of this machine does not allow the shelf {url}; allowed: {allowed} ({file}). "
        "Connect to one of those, or ask for this one."
    )
    exit_code = 3


class SeveralShelves(UsageError):
    facts = ("urls",)
    words = "Several shelves are connected, and this is about one: {urls}. Say which: --shelf URL"


class ShelfExists(ShelfError):
    facts = ("url",)
    words = "There is a shelf at {url} already. Nothing was changed."


class ProjectMissing(ShelfError, LookupError):
    facts: ClassVar[tuple[str, ...]] = ("project", "suggestions")
    words = "{project} is not on the shelf."

    def __str__(self) -> str:
        text = f"{self.args[0]} is not on the shelf."
        suggestions = self.args[1] if len(self.args) > 1 else ()
        if suggestions:
            text += f" Did you mean {', '.join(suggestions)}?"
        return (
            f"{text} A curator puts it there with: cloudshelf publish {self.args[0]}. "
            f"To ask for it: %shelf request {self.args[0]} (in a terminal: cloudshelf request {self.args[0]})"
        )


class ProjectMissingThen(ProjectMissing):
    """It is there now, but was not at the moment of --as-of."""

    facts = ("project", "as_of", "since")
    words = "{project} was not on the shelf at {as_of}: it came at {since}. Choose a later --as-of, or leave it out."

    def __str__(self) -> str:
        return ShelfError.__str__(self)


class LockMissing(ShelfError, LookupError):
    facts: ClassVar[tuple[str, ...]] = ("name", "shelf", "suggestions")

    def __str__(self) -> str:
        name, shelf, suggestions = (*self.args, "", "", ())[:3]
        near = f" Did you mean {' or '.join(suggestions)}?" if suggestions else ""
        return (
            f"There is no lock {name} on the shelf {shelf}.{near} Those on it: cloudshelf locks. "
            f"A file ends in .toml, or is written as a path: ./{name}"
        )


class LockRemoved(LockMissing):
    """Somebody took the name away; the states before are there."""

    facts = ("name", "shelf", "by", "time", "before")
    words = (
        "The lock {name} was removed from the shelf {shelf} by {by} at {time}. Its history: cloudshelf locks {name}. "
        "To have it back as it was: cloudshelf lock --lock {name}@{before} --name {name}"
    )
    __str__ = ShelfError.__str__


class VersionMissing(ShelfError, LookupError):
    facts: ClassVar[tuple[str, ...]] = ("project", "version", "available")
    words = (
        "{project} {version} is not on the shelf, which has: {available}. "
        "A curator puts it there with: cloudshelf publish {project}=={version}. "
        "To ask for it: %shelf request {project}=={version} (in a terminal: cloudshelf request {project}=={version})"
    )


class VersionPurged(VersionMissing):
    """It was on the shelf, and a curator took it away for good; ``reason`` is what they said."""

    facts = ("project", "version", "reason", "by", "time", "available")

    def __str__(self) -> str:
        project, version, reason, by, time, available = self.args
        left = f"Lock again to take what is there ({', '.join(available)})" if available else "Take another project"
        return (
            f"{project} {version} was purged from the shelf, for good, by {by} at {time}: {reason.rstrip('.')}. "
            f"{left}, or ask whoever purged it."
        )


class Unsatisfiable(ShelfError):
    """No set of pins meets all requirements; ``explanation`` is the whole story, line by line."""

    facts = ("explanation",)
    words = "{explanation}"


class PythonUnfit(ShelfError):
    facts = ("source", "specifier", "python")
    words = (
        "{source} wants Python {specifier}; this is Python {python}. Use it with such a Python, "
        "or take that line out if it is not true."
    )


class HashMismatch(ShelfError):
    facts = ("project", "version", "wheel", "sha256", "where")
    words = (
        "The shelf's {wheel} has sha256 {sha256}, which {where} does not admit. It was not used, and nothing was "
        "changed. Either the shelf or the file has another build of {project} {version} than you expect: ask a curator "
        "where this one came from (cloudshelf show {project}=={version})."
    )
    exit_code = 4


class AlreadyLoaded(ShelfError):
    facts = ("project", "loaded_version", "wanted", "loaded_by", "restart_line")
    words = (
        "{project} {loaded_version} is already loaded in this kernel (by {loaded_by}), so it cannot become {wanted} "
        "here. To switch: {restart_line}"
    )


class InstalledDirectly(ShelfError):
    facts = ("project", "version", "wanted", "line")
    words = (
        "{project} {version} here is an editable or direct-URL install, which is not shadowed unasked, so it cannot "
        "become {wanted}. To put the shelf's in front of it: {line}"
    )


class PlatformUnsupported(ShelfError):
    facts = ("found", "supported")
    words = "{found} is not supported; cloudshelf runs on {supported}."


class ObjectMissing(ShelfError, LookupError):
    facts = ("key", "store")
    words = "{key} is not in {store}. If the shelf should have it, a curator runs: cloudshelf verify"
    exit_code = 4


class ObjectInvalid(ShelfError):
    facts: ClassVar[tuple[str, ...]] = ("key", "reason")
    words = "{key} on the shelf is damaged: {reason}. It was not used; tell a curator to run: cloudshelf verify"
    exit_code = 4


class HeadReplayed(ObjectInvalid):
    facts = ("key", "seq", "seen")
    words = (
        "{key} went back in time: it says sequence {seq}, but {seen} was read before. "
        "It was not used; tell a curator, somebody may be serving old data."
    )


class SignatureError(ShelfError):
    """What is there is not signed as this reader's settings, and the shelf's root document, want it."""

    exit_code = 4

    def __str__(self) -> str:
        text = super().__str__()
        return text[:1].upper() + text[1:]


class SignatureMissing(SignatureError):
    facts = ("what", "shelf", "again")
    words = (
        "{what} on {shelf} is not signed, and the settings here (trust) take only what is. It was not used. "
        "Tell who publishes there; if all is well with it, they sign it: {again}"
    )


class SignatureWrong(SignatureError):
    facts = ("what", "shelf", "reason")
    words = (
        "The signature of {what} on {shelf} is wrong: {reason}. It was not used; "
        "tell the shelf's administrator, somebody may have changed it."
    )


class KeyUnknown(SignatureError):
    facts = ("what", "shelf", "keys", "allowed")
    words = (
        "{what} on {shelf} was signed with the key {keys}, which may not sign it; these may: {allowed}. It was not "
        "used. Ask the shelf's administrator: cloudshelf trust show says who may sign what."
    )


class KeyExpired(SignatureError):
    facts = ("what", "shelf", "owner", "expires", "again")
    words = (
        "{what} on {shelf} was signed with a key of {owner} that ended at {expires}. It was not used. "
        "The shelf's administrator gives the key more time, or a new one signs it: {again}"
    )


class TrustMissing(SignatureError):
    facts = ("shelf",)
    words = (
        "{shelf} has no root document, and the settings here (trust) take only what is signed. "
        "Check the URL; an administrator makes one with: cloudshelf trust init --key FILE"
    )


class TrustRefused(SignatureError):
    facts = ("shelf", "reason")
    words = (
        "The root document of {shelf} is not to be trusted: {reason}. Nothing of that shelf was used. "
        "Ask its administrator for its fingerprint, by another way than the shelf: cloudshelf trust show"
    )


class TrustExpired(SignatureError):
    facts = ("shelf", "expires")
    words = (
        "The root document of {shelf} ended at {expires}: what is there may be old. Nothing of it was used. "
        "Check the clock here; an administrator renews it with: cloudshelf trust rotate --sign FILE"
    )


class TrustUnpinned(UsageError):
    facts = ("shelf",)
    words = (
        "{shelf} has a root document, and nobody said here which one to trust; a signature would vouch for what is "
        "there. Set CLOUDSHELF_TRUST to its fingerprint, from its administrator, or to first-use."
    )


class TrustExists(ShelfError):
    facts = ("shelf",)
    words = "{shelf} has a root document already. Nothing was changed; see: cloudshelf trust show"


class TrustMoved(ShelfError):
    facts = ("shelf",)
    words = "The root document of {shelf} is another one by now. Nothing was changed; make the change again."


class TrustUndersigned(ShelfError):
    facts = ("seq", "threshold", "signers", "others")
    words = (
        "Root document {seq} takes the signatures of {threshold} administrators and has {signers}; others are: "
        "{others}. Nothing was changed. Give --sign FILE for each, or write it with --out FILE, and each of them adds "
        "to that: cloudshelf trust add-signature FILE --sign KEY"
    )


class PinUnsigned(SignatureError):
    facts = ("project", "version", "shelf")
    words = (
        "No signed head of {project} on {shelf} ever named what the lock has as {project} {version}. It was not used: "
        "whoever made the lock may have slipped it in. Make it again: cloudshelf lock {project}=={version}"
    )


class SigningKeyMissing(UsageError):
    facts = ("shelf",)
    words = (
        "What is written to {shelf} has to be signed, and no key was named: --sign FILE, or CLOUDSHELF_SIGNING_KEY. "
        "Make one with cloudshelf key new FILE, and ask the shelf's administrator to add it."
    )


class KeyNotAllowed(SignatureError):
    facts = ("what", "key", "reason")
    words = (
        "Your key {key} may not sign {what}: {reason}. Nothing was changed. Ask the shelf's administrator to add it: "
        "cloudshelf trust add-key … --key FILE.pub"
    )


class KeyUnusable(UsageError):
    facts = ("key", "reason")
    words = "{key} cannot be used as a key: {reason}."


class FormatUnknown(ShelfError):
    facts = ("key", "found", "known")
    words = (
        "{key} has format {found}; this cloudshelf reads up to {known}. Upgrade it: pip install --upgrade cloudshelf"
    )
    exit_code = 4


class StoreError(ShelfError):
    exit_code = 3


class StoreUnreachable(StoreError):
    facts: ClassVar[tuple[str, ...]] = ("store", "cause")
    words = (
        "{store} cannot be reached: {cause}. What is cached still imports; "
        "check the network and the endpoint (cloudshelf doctor), then try again."
    )


class ClockWrong(StoreUnreachable):
    """The store refuses signatures, because of their time; ``ahead``: by how many seconds, None where nobody told."""

    facts = ("store", "ahead")

    def __str__(self) -> str:
        store, ahead = self.args
        if ahead is None:
            off = "more than 15 minutes off"
        else:
            hours, minutes = divmod(round(abs(ahead) / 60), 60)
            parts = [f"{amount} {unit}" for amount, unit in ((hours, "h"), (minutes, "min")) if amount]
            off = f"{' '.join(parts)} {'ahead' if ahead > 0 else 'behind'}"
        return (
            f"The clock of this machine is {off}, so {store} takes none of its signatures (RequestTimeTooSkewed). "
            "Nothing was changed by that. Set the clock (timedatectl set-ntp true), then try again."
        )


class EndpointUnreachable(StoreError):
    facts = ("endpoint", "cause", "advice")
    words = "{endpoint} cannot be reached: {cause}. {advice}."


class BucketMissing(StoreError):
    facts = ("store",)
    words = "The bucket of {store} does not exist. Check the name and the region, or create the bucket."


class AccessDenied(StoreError):
    facts: ClassVar[tuple[str, ...]] = ("what", "store")
    words = "Your credentials give no access to {what} in {store}. Ask the shelf's administrator for a grant."


class NoGrant(AccessDenied):
    """A project that these credentials may not read. It may be there or not: the store says the same of both.

    ``contact`` is whom the shelf's settings name, ``needed_by`` what asked for it; each may be empty.
    """

    facts = ("project", "store", "contact", "suggestions", "needed_by")

    def __str__(self) -> str:
        project, store, contact, suggestions, needed_by = (*self.args, "", "", "", (), "")[:5]
        needed = f", which {needed_by} needs" if needed_by else ""
        near = f" Did you mean {' or '.join(suggestions)}?" if suggestions else ""
        return (
            f"You have no grant for {project}{needed}, on {store}; it may be there or not.{near} "
            f"Ask {contact or ADMINISTRATOR} for one, or with: %shelf request {project} "
            f"(in a terminal: cloudshelf request {project})"
        )


class CredentialsMissing(StoreError):
    facts = ("store",)
    words = "No AWS credentials were found for {store}. Set AWS_PROFILE or AWS_ACCESS_KEY_ID, or log in: aws sso login"


class CredentialsExpired(StoreError):
    facts = ("store", "cause")
    words = "The credentials for {store} are expired or not valid: {cause}. Renew them (aws sso login), then try again."


class Blocked(ShelfError):
    """The shelf's block list says that nobody may use it; ``use`` is what to take instead, or empty."""

    facts = ("project", "version", "reason", "use", "by", "time", "shelf", "others")

    def __str__(self) -> str:
        project, version, reason, use, by, time, shelf, others = (*self.args, *[""] * 8)[:8]
        word = f'"{use}"' if set(use) & set("<>!~;* [") else use
        then = (
            f"Use {use} instead: %shelf use {word} (in a terminal: cloudshelf run --with {word} -- COMMAND)"
            if use
            else f"No replacement is named; versions on the shelf: cloudshelf ls {project}"
        )
        also = f" Blocked, too: {', '.join(others)}." if others else ""
        return (
            f"{project} {version} is blocked on the shelf {shelf}, by {by} at {time}: {reason.rstrip('.')}."
            f"{also} {then}"
        )


class BlocksUnknown(StoreError):
    """The setting says that without a block list that is young enough nothing starts."""

    facts = ("shelf", "cause", "checked")
    words = (
        "It is not known whether anything here is blocked on the shelf {shelf}: {cause}; its block list was last read "
        "{checked}, and by the settings of this machine (recall_offline) nothing starts on an older one. "
        "Try again when it can be reached: cloudshelf blocks"
    )


class NotBlocked(ShelfError, LookupError):
    facts = ("what", "blocked")
    words = "{what} is not on the block list; blocked: {blocked}. All of it: cloudshelf blocks"


class Conflict(StoreError):
    """A conditional write lost: the key exists, or its etag moved on."""

    facts = ("key",)
    words = "{key} was changed by somebody else at the same time. Nothing was lost; run the command again."


class OutcomeUnknown(StoreError):
    facts = ("key", "cause")
    words = (
        "It is not known whether the write of {key} landed: {cause}. Nothing was deleted; "
        "run the command again, it finds out and does only what is missing."
    )


class CacheUnusable(ShelfError):
    facts: ClassVar[tuple[str, ...]] = ("path", "reason")
    words = "The cache {path} cannot be used: {reason}. Choose another folder with CLOUDSHELF_CACHE, then try again."
    exit_code = 3


class EnvironmentRemoved(CacheUnusable):
    facts = ("path",)
    words = "The environment {path} was removed from the cache just now. Run it again: it is built anew."


class SocketFolderUnusable(CacheUnusable):
    words = (
        "The fetcher cannot listen in {path}: {reason}. Name a folder that is yours alone with XDG_RUNTIME_DIR "
        "(mkdir -m 700), then try again."
    )


class FetcherForeign(CacheUnusable):
    facts = ("path", "user")
    words = (
        "Not your fetcher but one of user {user} answers at {path}; nothing was said to it. Name a folder that is "
        "yours alone with XDG_RUNTIME_DIR (mkdir -m 700), then try again."
    )


class LowerCacheUnsafe(CacheUnusable):
    words = (
        "The lower cache {path} is not used: {reason}. Its administrator puts that right (chown, chmod go-w; other "
        "owners than root: CLOUDSHELF_LOWER_CACHE_OWNERS), or take it out of CLOUDSHELF_LOWER_CACHE."
    )


class DiskFull(CacheUnusable):
    facts = ("path",)
    words = (
        "No space is left for {path}. Free some (cloudshelf cache prune), then try again; "
        "nothing half-written was kept."
    )


class FetcherFailed(ShelfError):
    facts = ("reason", "log")
    words = "The fetcher cannot be used: {reason}. Its log is {log}; the next request starts a new one."
    exit_code = 3


class WheelInvalid(ShelfError):
    facts = ("wheel", "reason")
    words = "{wheel} was refused: {reason}. Nothing of it was uploaded."
    exit_code = 4


class TreeInvalid(ShelfError):
    """Something in a folder cannot be shelved, or changed while it was read."""

    facts = ("path", "reason")
    words = "{path!r} cannot be shelved: {reason}. Nothing was published."
    exit_code = 4


class ModuleOwned(ShelfError):
    facts = ("module", "owner", "project")
    words = (
        "{project} brings the module {module}, which belongs to {owner} on this shelf. "
        "If that is meant: cloudshelf publish --allow-module {module} {project}"
    )


class PolicyRefused(ShelfError):
    facts = ("policy", "reasons")

    def __str__(self) -> str:
        policy, reasons = (*self.args, "", ())[:2]
        lines = "".join(f"\n  {reason}" for reason in reasons)
        return (
            f"Nothing was published: the policy {policy} refuses it.{lines}\n"
            "See what else is known of it: cloudshelf publish --dry-run …; or ask whoever wrote the policy."
        )


class InternalName(ShelfError):
    """An index is never asked for what was first published from a file: anybody may have taken that name there."""

    facts = ("project", "origin")
    words = (
        "{project} is internal on this shelf, and is not taken from {origin}, where anybody may have taken its name. "
        "Publish a file of yours: cloudshelf publish ./dist/{project}-….whl. "
        "If the one there is meant: cloudshelf publish --allow-public {project} {project}"
    )


class NameAlike(ShelfError):
    facts = ("project", "other")
    words = (
        "{project} would be new on this shelf, and people would take it for {other}, which is there. "
        "If both are meant: cloudshelf publish --allow-name {project} {project}"
    )


class PublishFailed(ShelfError):
    """The index, pip or a build failed; ``detail`` is what it said last."""

    facts = ("what", "detail")
    words = "{what} could not be published: {detail}"
    hints: ClassVar[tuple[tuple[str, str], ...]] = (
        ("No matching distribution found", "Check the name and the version, and that pip reaches its index."),
        ("not a supported wheel on this platform", "Say for which: --python 3.12 --platform manylinux_2_28_aarch64"),
        ("is not installable", "Name the wheels in it, or ask by name: --find-links DIR --no-index PROJECT"),
    )

    def __str__(self) -> str:
        import re

        def shorten(found: re.Match[str]) -> str:  # pip names every version there is
            versions = found[1].split(", ")
            return f"(from versions: {', '.join(['…', *versions[-6:]] if len(versions) > 6 else versions)})"

        text = re.sub(r"\(from versions: ([^)]*)\)", shorten, super().__str__())
        text = re.sub(r"; No matching distribution found for .*", "", text)
        found = [hint for sign, hint in self.hints if sign in str(self.args[-1])]
        if re.search(r"\(from (?!versions)", text):  # something that it needs
            found[:1] = [
                "If the shelf has that already, publish with --no-deps; else check that pip reaches its index."
            ]
        return f"{text.rstrip('.')}. {found[0]}" if found else text


class BundleUnwritten(ShelfError):
    facts = ("bundle", "reason")
    words = "The bundle {bundle} was not written: {reason}. Nothing half-written was kept."


class BundleInvalid(ShelfError):
    facts = ("bundle", "reason")
    words = "The bundle {bundle} was refused: {reason}. Nothing of it was put on the shelf."
    exit_code = 4


class CatalogOutdated(StoreError):
    """Everything is committed; only the derived catalog does not show it."""

    facts = ("published", "cause")
    words = (
        "Published: {published}. But the catalog, which ls and bare imports read, could not be brought up to date: "
        "{cause} To write it anew: cloudshelf verify --repair"
    )


def by_name(name: str, args: list[Any]) -> ShelfError:
    """The error that was sent as ``(name, args)``; an unknown name becomes a plain ShelfError, never lost."""
    found = globals().get(name)
    if isinstance(found, type) and issubclass(found, ShelfError):
        return found(*args)
    return ShelfError(f"{name}: {', '.join(map(str, args))}")


class NoFuse(ShelfError):
    """This machine, or this user on it, can mount nothing."""

    facts = ("reason", "remedy")
    words = (
        "Nothing can be mounted here: {reason}. {remedy} What does the same without a mount: an environment that fills "
        "itself (cloudshelf run --lock pylock.toml -- COMMAND, or %shelf use), and one with every file in it, for any "
        "program: cloudshelf fill --lock pylock.toml"
    )


class MountFailed(ShelfError):
    facts = ("directory", "reason")
    words = "{directory} cannot be mounted: {reason}."


class MountBusy(ShelfError):
    facts = ("directory", "users")
    words = "{directory} is in use by {users}. End that, or leave the folder (cd), then unmount again."
