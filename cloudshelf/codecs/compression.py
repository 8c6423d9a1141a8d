"""Objects that are one zstd frame (RFC 8878), decompressed within a bound."""

from __future__ import annotations

import zstandard

from ..errors import ObjectInvalid


def decompress_object(data: bytes, kind: str, largest: int, key: str) -> bytes:
    """The content of ``data``: at most ``largest`` bytes, whatever it claims. Raises ObjectInvalid."""
    try:
        if zstandard.get_frame_parameters(data).content_size > largest:
            raise ObjectInvalid(key, f"it is larger than a {kind} can be")
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=largest, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ObjectInvalid(key, f"it does not decompress ({error})") from None
