# /// script
# dependencies = ["networkx"]
#
# [tool.compat]
# kinds = ["debuggers and profilers"]
# ///
"""trace, cProfile, pdb and tracemalloc over imports."""

import cProfile
import io
import pathlib
import pstats
import subprocess
import sys

profile = cProfile.Profile()
profile.runcall(__import__, "networkx.algorithms.flow")
names = {
    f"{pathlib.Path(f).name}:{n}" for f, _, n in pstats.Stats(profile, stream=io.StringIO()).stats if "networkx" in f
}
print(len(names) > 100, "maxflow.py:<module>" in names)
pathlib.Path("fails.py").write_text("import networkx\nnetworkx.path_graph(3).nodes[7]\n")
run = subprocess.run(
    [sys.executable, "-m", "pdb", "-c", "continue", "-c", "up", "-c", "p sorted(self._nodes)", "-c", "q", "fails.py"],
    capture_output=True,
    text=True,
    input="q\nq\n",
)
print([line for line in run.stdout.splitlines() if "Error" in line or "[0, 1, 2]" in line])
run = subprocess.run([sys.executable, "-m", "trace", "--listfuncs", "fails.py"], capture_output=True, text=True)
print(
    sorted(
        {
            line.split("modulename: ")[1].split(",")[0]
            for line in run.stdout.splitlines()
            if "networkx/generators" in line
        }
    )[:5]
)
events = []
sys.settrace(
    lambda frame, event, arg: (
        events.append(pathlib.Path(frame.f_code.co_filename).name) if "frozen" not in frame.f_code.co_filename else None
    )
)
import networkx.algorithms.approximation.maxcut
import networkx.readwrite.sparse6

sys.settrace(None)
print(sorted(set(events))[:8])
