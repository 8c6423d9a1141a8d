# /// script
# dependencies = ["gunicorn", "flask"]
#
# [tool.compat]
# kinds = ["a server with workers"]
# ///
"""A server that forks workers, which import the program."""

import pathlib
import signal
import subprocess
import sys
import time
import urllib.request

pathlib.Path("web.py").write_text(
    "import flask\napp = flask.Flask(__name__)\n@app.get('/')\ndef index():\n    import werkzeug.debug\n    return flask.jsonify(a=1)\n"
)
server = subprocess.Popen(
    [sys.executable, "-m", "gunicorn", "-w", "2", "-b", "unix:sock", "web:app"], stderr=subprocess.DEVNULL
)
import http.client
import socket


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("sock")


for _ in range(100):
    try:
        connection = Connection("localhost")
        connection.request("GET", "/")
        break
    except OSError:
        time.sleep(0.1)
print(connection.getresponse().read())
server.terminate()
print(server.wait(20))
