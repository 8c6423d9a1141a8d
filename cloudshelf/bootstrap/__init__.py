"""Start-up scripts for cloud workspaces, made of the templates beside this file."""
