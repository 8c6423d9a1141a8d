# /// script
# dependencies = ["boto3==1.34.0"]
#
# [tool.compat]
# kinds = ["pin of what the engine uses"]
# ///
"""An old boto3 beside an engine that has a new one."""

from importlib.metadata import version

import boto3
import botocore

print(boto3.__version__, version("boto3"), botocore.__version__.startswith("1.34"))
