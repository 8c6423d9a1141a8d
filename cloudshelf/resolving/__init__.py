"""Requirements → lock: which versions and wheels may be taken, and in words why none is."""
