"""Carrying a selection of a shelf in one file, where no network leads; see docs/format.md, "Bundle"."""
