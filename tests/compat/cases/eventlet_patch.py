# /// script
# dependencies = ["eventlet", "requests"]
#
# [tool.compat]
# kinds = ["eventlet monkey patching"]
# ///
"""Sockets, threads and os are replaced before anything else is imported."""

import eventlet

eventlet.monkey_patch()
import threading

import requests
from eventlet import wsgi


def application(environ, start_response):
    import idna.uts46data

    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


listener = eventlet.listen(("127.0.0.1", 0))
eventlet.spawn(wsgi.server, listener, application, log_output=False)
seen = []
threads = [
    threading.Thread(target=lambda: seen.append(requests.get("http://127.0.0.1:%d/" % listener.getsockname()[1]).text))
    for _ in range(3)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(seen)
