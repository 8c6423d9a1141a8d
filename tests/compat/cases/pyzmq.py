# /// script
# dependencies = ["pyzmq"]
#
# [tool.compat]
# kinds = ["bundled libraries"]
# ///
"""A message through libzmq."""

import zmq

context = zmq.Context()
left, right = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
left.bind("inproc://a")
right.connect("inproc://a")
left.send(b"shelf")
print(right.recv(), zmq.has("curve"))
context.destroy()
