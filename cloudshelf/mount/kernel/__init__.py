"""The kernel's side of the drive: mounting, and what is asked and told through /dev/fuse (linux/fuse.h)."""
