"""The process that fills environments: what to fetch, transfer, cache, socket. See docs/architecture.md.

Imports go one way: server → transfer → fetching → placing → in_flight → scheduler → frames → environments → disk.
"""
