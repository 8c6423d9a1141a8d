"""Content types that a browser does not run: what is no picture, JSON or text is bytes, and HTML and SVG are text."""

from __future__ import annotations

import posixpath

_PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
}
_JSON = {".json", ".ipynb", ".geojson"}
_TEXT = {
    ".py", ".pyi", ".pyx", ".pxd", ".pth", ".typed", ".txt", ".md", ".rst", ".log", ".tex", ".csv", ".tsv", ".sql",
    ".cfg", ".toml", ".ini", ".yaml", ".yml", ".lock", ".in", ".template", ".jinja", ".j2", ".mplstyle", ".afm",
    ".cmake", ".html", ".htm", ".xhtml", ".svg", ".xml", ".xsl", ".css", ".js", ".mjs", ".jsx", ".ts", ".tsx", ".map",
    ".c", ".h", ".cc", ".cpp", ".hpp", ".cu", ".cuh", ".f", ".f90", ".r", ".rs", ".go", ".java", ".sh", ".bat",
}  # fmt: skip
_TEXT_NAMES = {
    "METADATA", "RECORD", "WHEEL", "INSTALLER", "REQUESTED", "LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS",
    "README",
}  # fmt: skip
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
BYTES = "application/octet-stream"
SAFE = (*dict.fromkeys(_PICTURES.values()), JSON, "text/plain", BYTES)


def content_type(path: str) -> str:
    """What to say a file is, by its name alone."""
    name = posixpath.basename(path)
    ending = posixpath.splitext(name)[1]
    if ending.lower() in _PICTURES:
        return _PICTURES[ending.lower()]
    if ending.lower() in _JSON:
        return JSON
    return TEXT if ending.lower() in _TEXT or name in _TEXT_NAMES else BYTES
