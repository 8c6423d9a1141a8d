"""What a curator does with a shelf as a whole: verifying it, collecting garbage, purging a version."""
