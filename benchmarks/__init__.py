"""Cloudshelf beside the systems that it has to beat, in one run: see run.py."""
