"""The process that fills environments: what to fetch, transfer, cache, socket. See docs/architecture.md."""
