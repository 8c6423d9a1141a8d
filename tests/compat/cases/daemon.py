# /// script
# dependencies = ["python-daemon", "idna"]
#
# [tool.compat]
# kinds = ["every descriptor closed"]
# ///
"""A daemon closes what it did not open; importing goes on."""

import os
import sys

import daemon

with open("said", "wb") as said:
    if os.fork():
        os.wait()
    else:
        with daemon.DaemonContext(
            working_directory=os.getcwd(), stdout=said, detach_process=False, files_preserve=[], prevent_core=False
        ):
            left, right = __import__("socket").socketpair()
            left.send(b"abc")
            import idna.codec

            os.write(1, b"%s %s" % (right.recv(3), idna.encode("ドメイン")))
            sys.stdout.flush()
print(open("said").read())
