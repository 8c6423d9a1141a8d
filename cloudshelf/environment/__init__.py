"""A lock made importable: a virtual environment whose site-packages fills itself."""
