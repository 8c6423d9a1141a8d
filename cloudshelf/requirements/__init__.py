"""What is asked for: requirements in texts and files, and what of them travels as a value."""
