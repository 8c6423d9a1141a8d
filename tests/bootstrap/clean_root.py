"""A machine of its own for a start-up script: /etc, homes and a few more folders are this test's, all else is real.

A process holds a mount namespace open (unshare(1)); every command enters it (nsenter(1)). Needs root.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

OURS = str(Path(sys.executable).parent)  # where `cloudshelf` and a Python that has it are
PATH = f"{OURS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def why_not() -> str:
    """Why no clean root can be made here; "" where one can."""
    if os.geteuid():
        return "a clean root needs root"
    if not shutil.which("unshare") or not shutil.which("nsenter"):
        return "a clean root needs unshare and nsenter"
    done = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True, check=False)
    return f"no mount namespace can be made here: {done.stderr.strip()}" if done.returncode else ""


class CleanRoot:
    """``home`` is of the person who logs in: root, whose name is what a shell must quote."""

    def __init__(self, folder: Path, *, has_fuse: bool) -> None:
        self.folder = folder
        self.home = folder / 'it\'s $HOME of "me"'
        for name in ("etc", "opt", "log"):
            (folder / name).mkdir(parents=True)
        self.home.mkdir()
        shutil.copytree("/etc", folder / "etc", symlinks=True, dirs_exist_ok=True)
        binds = [f"mount --bind {shlex.quote(str(folder / name))} {place}" for name, place in self._places()]
        if not has_fuse:
            (folder / "nothing").touch()
            binds += [f"if [ -e /dev/fuse ]; then mount --bind {shlex.quote(str(folder / 'nothing'))} /dev/fuse; fi"]
        script = "; ".join(["set -e", *binds, "echo ready", "read -r _"])
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
        self._holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n"

    def _places(self) -> tuple[tuple[str, str], ...]:
        return (("etc", "/etc"), ("opt", "/opt"), ("log", "/var/log"))

    def run(
        self, *words: str, code: int = 0, path: str = PATH, text: str | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """A command as a session that has just begun starts it: with no variables but these."""
        base = {"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8", "CLOUDSHELF_FETCHER_IDLE": "5"}
        done = subprocess.run(
            ["nsenter", "--mount", f"--target={self._holder.pid}", "--wd=/", *words],
            env=base | environ,
            input=text if text is not None else "",
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.log()}"
        return done

    def log(self) -> str:
        """What the start of the workspace said."""
        file = self.home / ".local/state/cloudshelf/workspace.log"
        return file.read_text() if file.exists() else ""

    def written(self) -> dict[Path, bytes]:
        """The files of /etc. What is a link there leads to another's, such as the list of what is mounted."""
        files = (self.folder / "etc").rglob("*")
        return {path: path.read_bytes() for path in files if path.is_file() and not path.is_symlink()}

    @property
    def drive(self) -> Path:
        return self.home / "shelf"

    def is_mounted(self) -> bool:
        return self.run("sh", "-c", 'mountpoint -q "$HOME/shelf" && echo yes || echo no').stdout == "yes\n"

    def drive_pid(self) -> int:
        """The process behind the drive: the one that has our home in its words."""
        mine = f"--directory\0{self.drive}\0".encode()
        found = (path for path in Path("/proc").glob("[0-9]*/cmdline") if _has(path, mine))
        return int(next(found).parent.name)

    def reboot(self) -> None:
        """What is gone after one: mounts and processes; and the kernel tells of another boot."""
        self.run("sh", "-c", 'fusermount3 -uz "$HOME/shelf" || :')
        (self.folder / "boot").write_text("another boot\n")
        self.run("mount", "--bind", str(self.folder / "boot"), "/proc/sys/kernel/random/boot_id")

    def close(self) -> None:
        if self.is_mounted():
            self.run("cloudshelf", "umount", str(self.drive))
        self._holder.communicate("\n", timeout=60)


def _has(path: Path, words: bytes) -> bool:
    try:
        return words in path.read_bytes()
    except OSError:  # it has ended
        return False
