"""The shelf's formats: bytes in, values out; no I/O, clock or environment. docs/format.md is their document."""
