# /// script
# dependencies = ["gevent", "requests"]
#
# [tool.compat]
# kinds = ["monkey patching before imports"]
# ///
"""A library first imported inside green threads, all at once."""

from gevent import monkey

monkey.patch_all()
import gevent


def work(n):
    import requests

    return requests.Request("GET", f"http://127.0.0.1/{n}").prepare().url


print([job.get() for job in [gevent.spawn(work, i) for i in range(10)]])
