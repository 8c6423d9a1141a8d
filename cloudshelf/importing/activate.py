"""Making an environment importable in this process: what the .pth file of an environment calls, and ``use``.

Every start of an environment's python comes here, so what it loads and opens is little: errors when there is one, the
index only while files are missing.

An environment's own python has its site-packages in sys.path already, and ``site`` runs its .pth files; any other
python gets it put before its own site-packages.
"""

from __future__ import annotations

import os
import sys

from .blocklist import refuse_blocked, tell
from .presence import is_complete

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .finder import EnvironmentHook
    from .state import Environment

OWN_PTH = "00_cloudshelf.pth"


class Activation:
    """An environment that this process uses."""

    __slots__ = ("complete", "environment", "folders", "site", "users")

    def __init__(self, environment: str, site: str, *, complete: bool, users: int) -> None:
        self.environment = environment  # its folder
        self.site = site  # its site-packages
        self.complete = complete  # nothing of ours is needed to import from it
        self.users = users  # descriptor that holds the shared lock, for the life of the process
        self.folders: dict[str, dict[str, int]] | None = None


_active: dict[str, Activation] = {}
_current: list[Activation] = []  # the one whose folder was put into sys.path by us; at most one
_executed: set[str] = set()  # lines of .pth files that have run


def activate(environment: str, *, has_pip: bool = False) -> Activation:
    """Import from ``environment``, and no longer from the one that was activated before it in this process.

    What has been imported keeps its place; a package already imported sees what the new one adds to it. Doing it again
    changes nothing. ``has_pip``: its lock pins pip, which any of its processes may import. Raises CacheUnusable,
    FormatUnknown, Blocked or BlocksUnknown, and then nothing has changed.
    """
    environment = os.path.abspath(environment)
    activation = _active.get(environment)
    if activation is None:
        refuse_blocked(environment)
        activation = _open(environment)
        _active[environment] = activation
        if "CLOUDSHELF_PROFILE" in os.environ:
            from .recording import record_until_exit

            record_until_exit(os.environ["CLOUDSHELF_PROFILE"], activated)
    if not _is_own(activation):
        _put_in_path(activation)
    elif has_pip or _may_install():
        from .installers import refuse_writing

        refuse_writing(activation.environment)
    return activation


def activate_or_end(environment: str, *, has_pip: bool = False) -> None:
    """``activate`` at the start of a Python; one whose environment is blocked ends, before any of it can be imported.

    ``site`` goes on after an exception, and a filled environment needs nothing of ours to be imported from.
    """
    try:
        activate(environment, has_pip=has_pip)
    except Exception as error:
        from ..errors import Blocked, BlocksUnknown

        if not isinstance(error, (Blocked, BlocksUnknown)):
            raise
        tell(f"cloudshelf: {error}")
        os._exit(error.exit_code)


def activated() -> list[str]:
    """The folder of every environment that this process uses, or has used."""
    return list(_active)


def deactivate(environment: str) -> None:
    """Import nothing new from ``environment``; what is loaded keeps working, its submodules too."""
    activation = _active.get(os.path.abspath(environment))
    if activation is not None and activation in _current:
        _current.remove(activation)
        sys.path[:] = [p for p in sys.path if not f"{p}/".startswith(f"{activation.environment}/")]


def _open(environment: str) -> Activation:
    users = hold(environment)
    try:
        complete = is_complete(environment)
        site = f"{environment}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
        if not os.path.isdir(site):
            from ..errors import CacheUnusable

            raise CacheUnusable(environment, "it was made for another Python")
        activation = Activation(environment, site, complete=complete, users=users)
        if not complete:
            from .state import Environment

            _install(Environment(environment), activation)
    except BaseException:
        os.close(users)
        raise
    return activation


def _install(opened: Environment, activation: Activation) -> None:
    """From here on, a folder of the environment is searched by our finder."""
    from .finder import evict
    from .watching import watch

    activation.folders = opened.folders
    root = f"{activation.environment}/"
    alias = f"{sys.prefix}/"
    if alias != root and os.path.exists(f"{alias}.cloudshelf") and os.path.samefile(alias, root):
        opened.roots.append(alias)
    hook = _hook()
    for name in opened.roots:
        hook.roots[name] = opened
        evict(name)
    watch(opened)


def _hook() -> EnvironmentHook:
    """The one of this process, installed when there is none yet."""
    from .finder import EnvironmentFinder, EnvironmentHook, search_modules
    from .metadata import Corrections, correct_metadata
    from .watching import watch_module

    found = next((hook for hook in sys.path_hooks if isinstance(hook, EnvironmentHook)), None)
    if found is not None:
        return found
    hook = EnvironmentHook()
    sys.path_hooks.insert(0, hook)
    Corrections(
        {
            "importlib.metadata": lambda module: correct_metadata(hook, module),
            "importlib_metadata": lambda module: correct_metadata(hook, module),
            "pkgutil": lambda module: module.iter_importer_modules.register(EnvironmentFinder, search_modules),
            "subprocess": watch_module,
            "ctypes": watch_module,
            "sqlite3": watch_module,
        }
    ).install()
    return hook


def hold(environment: str) -> int:
    """A descriptor that keeps ``prune`` away for as long as it is open, in a forked child too.

    Raises CacheUnusable for what is no environment and for one of another user, EnvironmentRemoved.
    """
    import fcntl

    users, is_writable = _open_users(f"{environment}/.cloudshelf/users")
    try:
        fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if is_writable:
            os.utime(users)  # the time of last use
        status = os.fstat(users)
    except OSError as error:
        os.close(users)
        from ..errors import CacheUnusable, EnvironmentRemoved

        if isinstance(error, BlockingIOError):
            raise EnvironmentRemoved(environment) from None
        raise CacheUnusable(environment, str(error.strerror)) from None
    if status.st_uid in (os.geteuid(), 0) and status.st_nlink:
        return users
    os.close(users)
    from ..errors import CacheUnusable, EnvironmentRemoved

    if status.st_nlink:
        raise CacheUnusable(environment, "another user owns it")
    raise EnvironmentRemoved(environment)


def _open_users(path: str) -> tuple[int, bool]:
    """Its descriptor, and whether it can be written: in an image it cannot, but there nobody prunes either."""
    try:
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600), True
        except OSError as error:
            if error.errno not in (1, 13, 30):  # EPERM, EACCES, EROFS
                raise
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), False
    except OSError as error:
        from ..errors import CacheUnusable

        folder = path.removesuffix("/.cloudshelf/users")
        raise CacheUnusable(folder, f"it is not an environment ({error.strerror})") from None


def _is_own(activation: Activation) -> bool:
    """Whether this python is the environment's, so that ``site`` does the rest."""
    if sys.prefix == activation.environment:
        return True
    try:
        return os.path.samefile(sys.prefix, activation.environment)
    except OSError:
        return False


def _may_install() -> bool:
    """Whether this may be pip, or uv's look at this Python: a name in its command."""
    words = " ".join(sys.orig_argv)
    return "pip" in words or "get_interpreter_info" in words


def _put_in_path(activation: Activation) -> None:
    """Its site-packages, and what its .pth files say, before this process's own site-packages."""
    if activation in _current:
        return
    for earlier in _current:
        root = f"{earlier.environment}/"
        sys.path[:] = [p for p in sys.path if not f"{p}/".startswith(root)]
    _current[:] = [activation]
    position = _position()
    sys.path.insert(position, activation.site)
    _extend_packages(activation)
    for path in _run_pth_files(activation.site):
        if path not in sys.path:
            position += 1
            sys.path.insert(position, path)


def _position() -> int:
    """Before the first site-packages; after the current folder and the standard library."""
    for i, path in enumerate(sys.path):
        if path.endswith(("/site-packages", "/dist-packages")):
            return i
    return len(sys.path)


def _run_pth_files(sitedir: str) -> list[str]:
    """What ``site.addsitedir`` does, each line that is code only once in a process; the folders to add to sys.path.

    As there, an error in one file is told on stderr, and the next file is read. The name ``sitedir`` matters: the
    lines of namespace packages read it from this frame.
    """
    found: list[str] = []
    names = sorted(n for n in os.listdir(sitedir) if n.endswith(".pth") and n != OWN_PTH and not n.startswith("."))
    for name in names:
        with open(f"{sitedir}/{name}", encoding="utf-8-sig", errors="replace") as file:
            lines = file.read().splitlines()
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                if line.startswith(("import ", "import\t")):
                    if line not in _executed:
                        _executed.add(line)
                        exec(line)
                    continue
                path = os.path.abspath(os.path.join(sitedir, line.rstrip()))
                if path not in found and os.path.exists(path):
                    found.append(path)
            except Exception as error:
                tell(f"Error processing line {number} of {sitedir}/{name}: {error!r}")
                break
    return found


def _extend_packages(later: Activation) -> None:
    """Packages imported from earlier environments see what the later one adds to their folders.

    Namespace packages look again by themselves, because sys.path has changed.
    """
    earlier = [activation for activation in _active.values() if activation is not later]
    for module in list(sys.modules.values()) if earlier else ():
        path = getattr(module, "__path__", None)
        if isinstance(path, list):
            for folder in {folder for activation in earlier for folder in _below(path, f"{activation.environment}/")}:
                added = f"{later.environment}/{folder}"
                if added not in path and _has_more(earlier, later, folder):
                    path.append(added)


def _below(paths: Iterable[object], root: str) -> list[str]:
    return [p[len(root) :] for p in paths if isinstance(p, str) and p.startswith(root)]


def _has_more(earlier: Iterable[Activation], later: Activation, folder: str) -> bool:
    """Whether the later environment's folder has a name that no earlier one's has."""
    return not _names(later, folder) <= set().union(*(_names(activation, folder) for activation in earlier))


def _names(activation: Activation, folder: str) -> set[str]:
    if activation.folders is not None:
        return set(activation.folders.get(folder, ()))
    try:
        return set(os.listdir(f"{activation.environment}/{folder}"))
    except OSError:
        return set()
