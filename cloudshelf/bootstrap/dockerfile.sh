# Written by `cloudshelf bootstrap dockerfile`. Lines for a Dockerfile (BuildKit, or podman 4.9 and newer), behind FROM and as
# root: where the image has a USER, put USER root before them, and that USER behind. The image has a Python from 3.11 on.
# No secret is in them. An image of jupyter/docker-stacks can take `cloudshelf bootstrap jupyterhub` instead.
RUN python3 -m pip install --no-cache-dir cloudshelf
RUN <<'CLOUDSHELF_SETUP'
@SETUP@
CLOUDSHELF_SETUP
@FILL@
# Shells (login, or interactive) and kernels have the shelf now. For a command that neither starts:
#   docker run IMAGE sh -lc 'exec python script.py'
