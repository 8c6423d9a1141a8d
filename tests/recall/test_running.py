"""What happens to a program that runs while something of its environment is blocked."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from tests.faces.conftest import make_wheel

from .machines import Machine

RUNNING = """
import sys
if __name__ == "__main__":
    import one
    print("running", flush=True)
    for line in sys.stdin:
        try:
            exec(line)
            print("inside", flush=True)
        except BaseException as error:
            print(type(error).__name__, isinstance(error, ImportError), error, flush=True)
"""
SPAWN = "import multiprocessing as m; p = m.get_context('spawn').Process(target=int); p.start(); p.join()"


class Program:
    """A Python of an environment, which obeys line by line."""

    def __init__(self, machine: Machine, environment: Path) -> None:
        script = machine.folder / "running.py"
        script.write_text(RUNNING)
        self.process = subprocess.Popen(
            [environment / "bin/python", script],
            env=machine.environ | {"CLOUDSHELF_BACKGROUND_FILL": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout and self.process.stdout.readline() == "running\n"

    def __call__(self, line: str) -> str:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self) -> str:
        """What it wrote on stderr."""
        return self.process.communicate(timeout=60)[1]


def test_a_running_program_gets_no_further_file_of_what_is_blocked_and_keeps_what_it_has(
    machine: Machine, tmp_path: Path
) -> None:
    large = {f"big/part{n}.py": f"x = 1\n# {random.randbytes(1 << 20).hex()}\n" for n in range(2)}
    machine("publish", "--no-deps", make_wheel(tmp_path, "big", "1.0", {"big/__init__.py": "", **large}))
    program = Program(machine, machine.environment("one==1.0", "two", "big"))
    assert program("import big.part0") == "inside"
    machine("block", "big==1.0", "--reason", "stop")
    said = program("import big.part1")
    assert said.startswith("Blocked False big 1.0 is blocked") and "stop" in said
    assert program("assert 'big.part1' not in sys.modules") == "inside"
    assert program("import big.part0, two") == "inside"  # the one is loaded, the other is not blocked
    machine("unblock", "big==1.0")
    assert program("import big.part1") == "inside"
    assert program.end() == ""


def test_a_worker_that_a_running_program_starts_is_refused(machine: Machine) -> None:
    program = Program(machine, machine.environment("one==1.0"))
    assert program(f"{SPAWN}; assert p.exitcode == 0") == "inside"
    machine("block", "one==1.0", "--reason", "stop")
    assert program(f"{SPAWN}; assert p.exitcode == 1") == "inside"
    assert "one 1.0 is blocked" in program.end()
