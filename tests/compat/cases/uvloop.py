# /// script
# dependencies = ["uvloop"]
#
# [tool.compat]
# kinds = ["extension"]
# ///
"""An event loop in C."""

import asyncio

import uvloop


async def main():
    server = await asyncio.start_server(lambda r, w: (w.write(b"hi"), w.close()), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    print(await reader.read(), type(asyncio.get_running_loop()).__module__)
    writer.close()
    server.close()


with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
