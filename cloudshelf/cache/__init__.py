"""What processes of a user share in the cache beside environments and blobs."""
