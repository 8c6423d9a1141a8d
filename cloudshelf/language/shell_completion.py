"""Tab in bash, zsh and fish: what ``cloudshelf completion SHELL`` prints, and what that script starts at each Tab.

The script starts this file with an isolated Python that reads no site-packages: a tenth of the command's start. Names
come from files (remembered.py); where they are old, a command that nobody waits for reads them anew.
"""

from __future__ import annotations

import contextlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SHELLS = ("bash", "zsh", "fish")
ELSEWHERE = 3  # exit status: what stands there is the shell's to complete, such as the command of `run`

_BASH = """\
# cloudshelf's completion for bash; put this into ~/.bashrc: eval "$(cloudshelf completion bash)"
_cloudshelf() {
    local IFS=$'\\n' found status
    found=$({run} bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
    status=$?
    COMPREPLY=($found)
    if [ "$status" -eq {elsewhere} ]; then compopt -o default; fi
    case "${COMPREPLY[0]-}" in */) compopt -o nospace ;; esac
}
complete -F _cloudshelf cloudshelf
"""
_ZSH = """\
#compdef cloudshelf
# cloudshelf's completion for zsh; put this into ~/.zshrc, behind compinit: eval "$(cloudshelf completion zsh)"
_cloudshelf() {
    local found code
    found=$({run} zsh "$LBUFFER" 2>/dev/null)
    code=$?
    if [[ $code -eq {elsewhere} ]]; then _files; return; fi
    local -a words=("${(@f)found}")
    compadd -Q -S '' -- ${(M)words:#*/}
    compadd -Q -- ${words:#*/}
}
compdef _cloudshelf cloudshelf
"""
_FISH = """\
# cloudshelf's completion for fish; put this into ~/.config/fish/config.fish: cloudshelf completion fish | source
function __cloudshelf_complete
    set -l found ({run} fish (commandline -cp) 2>/dev/null)
    set -l code $status
    if test $code -eq {elsewhere}
        __fish_complete_path (commandline -ct)
    else
        string join \\n -- $found
    end
end
complete -c cloudshelf -f -a '(__cloudshelf_complete)'
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script_of(shell: str, python: str = sys.executable) -> str:
    """The script for ``shell``, one of SHELLS; it goes on using this installation's ``python``."""
    import shlex

    run = f"{shlex.quote(python)} -I -S {shlex.quote(__file__)}"
    return _SCRIPTS[shell].replace("{run}", run).replace("{elsewhere}", str(ELSEWHERE))


def complete(line: str, wordbreaks: str = "") -> list[str] | None:
    """The words for the end of ``line``, which begins with the program's name; None: the shell knows better.

    A word begins, for readline, behind the last of ``wordbreaks`` that is not in quotes; words come without what is
    before that.
    """
    from cloudshelf.language.completion import Names, words

    _, _, typed = line.lstrip().partition(" ")
    if " -- " in f" {typed}":
        return None
    typed, fragment, quote = _unquoted(typed)
    names = Names(projects=lambda: _names(""), versions=_names)
    found = [word.text for word in words("command", typed, fragment, names) if word.text.startswith(fragment)]
    cut = 0 if quote else 1 + max((fragment.rfind(mark) for mark in wordbreaks), default=-1)
    return list(dict.fromkeys(word[cut:] for word in found))


def _unquoted(typed: str) -> tuple[str, str, str]:
    """``typed`` without quotes, its last word, and the quote that is still open."""
    quote, plain, start = "", "", 0
    for char in typed:
        if quote:
            quote, char = ("", "") if char == quote else (quote, char)
        elif char in "\"'":
            quote, char = char, ""
        elif char.isspace():
            start = len(plain) + 1
        plain += char
    return plain, plain[start:], quote


def _names(project: str) -> list[str]:
    """Projects, or the versions of ``project``, as they were last seen."""
    from cloudshelf.cache.remembered import recall
    from cloudshelf.config import read_config
    from cloudshelf.errors import ShelfError

    try:
        config = read_config()
    except ShelfError:
        return []
    if not config.url:
        return []
    found, old = recall(config.cache, config.url, project)
    if old:
        _ask(project)
    return found


def _ask(project: str) -> None:
    """Start what reads the names, and do not wait for it."""
    nowhere = [(os.POSIX_SPAWN_OPEN, n, os.devnull, os.O_RDWR, 0) for n in range(3)]
    words = [sys.executable, "-P", "-m", "cloudshelf", "ls", *([project] if project else [])]
    with contextlib.suppress(OSError):
        os.posix_spawn(sys.executable, words, os.environ, file_actions=nowhere, setsid=True)


def main(argv: Sequence[str]) -> int:
    """argv: the shell, the line up to the cursor, and readline's word breaks. Never says anything but words."""
    _shell, line, *rest = argv
    try:
        found = complete(line, *rest)
    except Exception:  # nothing rather than an error while somebody types
        return 1
    if found is None:
        return ELSEWHERE
    sys.stdout.write("".join(f"{word}\n" for word in found))
    return 0


if __name__ == "__main__":
    sys.path.append(__file__.rsplit("/", 3)[0])  # last: nothing there stands before the library
    sys.exit(main(sys.argv[1:]))
