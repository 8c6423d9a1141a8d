"""What the project's developers run; none of it is in the wheel."""
