"""Heads, the only mutable objects: each names the digest of what it was, and moves by a conditional write."""
