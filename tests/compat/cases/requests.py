# /// script
# dependencies = ["requests"]
#
# [tool.compat]
# kinds = ["data in package", "loopback server"]
# ///
"""A request to a server in this process, and the certificates of certifi."""

import http.server
import ssl
import threading

import certifi
import requests


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"path": "%s"}' % self.path.encode())

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
session = requests.Session()
session.trust_env = False
print(session.get(f"http://127.0.0.1:{server.server_port}/a b?c=é").json())
server.shutdown()
context = ssl.create_default_context(cafile=certifi.where())
print(len(context.get_ca_certs()) > 100, certifi.contents().startswith("\n# Issuer"))
