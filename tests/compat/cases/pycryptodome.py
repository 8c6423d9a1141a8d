# /// script
# dependencies = ["pycryptodome"]
#
# [tool.compat]
# kinds = ["natives loaded by path"]
# quick = true
# ///
"""Native modules that are no extensions: dlopen'ed by cffi or ctypes from their paths."""

from Crypto.Cipher import AES
from Crypto.Hash import SHA3_256
from Crypto.PublicKey import ECC

cipher = AES.new(bytes(16), AES.MODE_GCM, nonce=bytes(12))
print(cipher.encrypt(b"shelf").hex(), SHA3_256.new(b"shelf").hexdigest()[:16])
print(ECC.construct(curve="p256", d=5).public_key().export_key(format="raw").hex()[:20])
