"""Recall: a shelf's block list, and what a machine knows of it (docs/format.md, docs/security.md)."""
