"""What runs in the user's process: finder, loader, client. Standard library only.

This package is used under two names: ``cloudshelf.importing`` in a process that has cloudshelf installed, and
``_cloudshelf.importing``, a copy in the cache, in an environment's own python. Hence relative imports only, and nothing
but ``..errors`` from outside.
"""
