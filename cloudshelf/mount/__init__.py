"""The shelf as a read-only drive of the machine (FUSE): for any language, tool and file."""
