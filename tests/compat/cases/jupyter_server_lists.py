# /// script
# dependencies = ["jupyterlab"]
#
# [tool.compat]
# kinds = ["files in share/ and etc/"]
# ///
"""Extensions and kernels are found through folders of sys.prefix; a page of the server."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.request

environ = {**os.environ, "JUPYTER_PLATFORM_DIRS": "1"}
for words in (["server", "extension", "list"], ["labextension", "list"]):
    run = subprocess.run([sys.executable, "-m", "jupyter", *words], capture_output=True, text=True, env=environ)
    print(
        run.returncode, sorted(set(re.findall(r"(\w+) (?:v?[\d.]+ |)[^\n]*(enabled|OK)", run.stdout + run.stderr)))[:20]
    )
run = subprocess.run([sys.executable, "-m", "jupyter", "kernelspec", "list", "--json"], capture_output=True, text=True)
print(sorted(json.loads(run.stdout)["kernelspecs"]))
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
server = subprocess.Popen(
    [
        sys.executable,
        "-m",
        "jupyter",
        "lab",
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--IdentityProvider.token=",
    ],
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
    env=environ,
)


def fetch(path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.read()


for _ in range(150):
    try:
        page = fetch("/lab").decode()
        break
    except OSError:
        time.sleep(0.2)
script = re.search(r'src="(/static/lab/main[^"]+)"', page)[1]
print(
    "jupyter-config-data" in page,
    len(fetch(script)),
    len(fetch("/lab/api/themes/@jupyterlab/theme-light-extension/index.css")),
)
print(len(json.loads(fetch("/lab/api/settings"))["settings"]))
server.terminate()
server.wait(20)
