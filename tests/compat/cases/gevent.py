# /// script
# dependencies = ["gevent"]
#
# [tool.compat]
# kinds = ["monkey patching before imports"]
# ///
"""Threads and sockets are patched first; imports happen in green threads afterwards."""

from gevent import monkey

monkey.patch_all()
import gevent


def work(n):
    import decimal
    import xml.etree.ElementTree as tree

    from gevent import pywsgi, queue, subprocess

    gevent.sleep(0.01)
    return n, tree.fromstring("<a/>").tag, bool(pywsgi and queue and subprocess), str(decimal.Decimal(n))


print([job.get() for job in [gevent.spawn(work, i) for i in range(20)]][-1])
