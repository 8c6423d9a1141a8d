# /// script
# dependencies = ["boto3"]
#
# [tool.compat]
# kinds = ["data found by listing folders"]
# ///
"""Services are folders of JSON that botocore lists; the engine uses boto3 too, this one is the user's."""

import boto3
from botocore.stub import Stubber

session = boto3.Session("AKIDEXAMPLE", "secret", region_name="eu-west-1")
print(len(session.get_available_services()) > 300, "eu-west-1" in session.get_available_regions("lambda"))
client = session.client("s3")
with Stubber(client) as stubber:
    stubber.add_response("list_buckets", {"Buckets": [{"Name": "shelf"}]})
    print([b["Name"] for b in client.list_buckets()["Buckets"]])
print(session.client("dynamodb").meta.endpoint_url, session.resource("sqs").meta.service_name)
