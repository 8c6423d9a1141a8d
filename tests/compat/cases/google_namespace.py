# /// script
# dependencies = ["protobuf", "googleapis-common-protos", "google-auth"]
#
# [tool.compat]
# kinds = ["namespace over wheels"]
# quick = true
# ///
"""One namespace from three wheels."""

import google
from google.api import http_pb2
from google.auth import credentials
from google.protobuf import json_format, timestamp_pb2
from google.rpc import status_pb2

print(json_format.MessageToDict(http_pb2.HttpRule(get="/v1/x", selector="s")))
print(timestamp_pb2.Timestamp(seconds=1).ToJsonString(), status_pb2.Status(code=3).code)
print(type(google).__name__, len(list(google.__path__)), credentials.AnonymousCredentials().valid)
