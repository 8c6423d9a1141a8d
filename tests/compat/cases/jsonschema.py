# /// script
# dependencies = ["jsonschema"]
#
# [tool.compat]
# kinds = ["importlib.resources", "folder listing"]
# ///
"""Metaschemas are found by listing a resource folder."""

import jsonschema

validator = jsonschema.Draft202012Validator({"type": "object", "properties": {"n": {"minimum": 3}}, "required": ["n"]})
print([e.message for e in validator.iter_errors({"n": 1})], validator.is_valid({}))
try:
    jsonschema.Draft7Validator.check_schema({"type": "nonsense"})
except jsonschema.SchemaError as error:
    print(error.message)
