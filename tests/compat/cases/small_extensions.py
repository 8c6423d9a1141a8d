# /// script
# dependencies = ["regex", "orjson", "msgpack"]
#
# [tool.compat]
# kinds = ["single extension modules"]
# ///
"""Three small native distributions in one lock."""

import msgpack
import orjson
import regex

print(regex.findall(r"\p{Lu}\p{Ll}+", "Über Alles Ärger"), orjson.dumps({"a": [1.5, None]}).decode())
print(msgpack.unpackb(msgpack.packb({"k": b"v"})), regex.__name__)
