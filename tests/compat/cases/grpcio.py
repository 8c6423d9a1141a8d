# /// script
# dependencies = ["grpcio"]
#
# [tool.compat]
# kinds = ["large extension", "data"]
# ///
"""A server and a client in one process."""

from concurrent import futures

import grpc


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: details.method.encode() + request)


server = grpc.server(futures.ThreadPoolExecutor(1), handlers=[Echo()])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
    print(channel.unary_unary("/a/b")(b"!", timeout=20))
server.stop(None).wait()
