#!/bin/bash
# Written by `cloudshelf bootstrap jupyterhub`. The shelf in every single-user server, its kernels and terminals. No secret
# is in it. Two ways to use it:
#   an image of jupyter/docker-stacks: COPY cloudshelf.sh /usr/local/bin/before-notebook.d/cloudshelf.sh
#   any other: c.Spawner.cmd = ["/path/to/cloudshelf.sh", "jupyterhub-singleuser"] in jupyterhub_config.py
# The image has cloudshelf: pip install cloudshelf. Where the shelf cannot be had the server starts without it.

cloudshelf_workspace() {
    cat <<'CLOUDSHELF_WORKSPACE'
@WORKSPACE@
CLOUDSHELF_WORKSPACE
}

# As the person whose server it is: root runs the hooks of docker-stacks, and then becomes NB_USER.
cloudshelf_as_person() {
    if [ "$(id -u)" -eq 0 ] && [ -n "${NB_USER-}" ]; then
        runuser -u "$NB_USER" -- env HOME="/home/$NB_USER" PATH="$PATH" sh "$@"
    else
        sh "$@"
    fi
}

# Prints the name of the file of variables. What goes wrong is told, and ends nothing.
cloudshelf_hook() {
    # shellcheck disable=SC2016  # it is the person's shell that knows the folder
    local into='umask 077 && mkdir -p "$HOME/.local/state/cloudshelf" && cd "$HOME/.local/state/cloudshelf" &&
        cat >workspace.new && mv workspace.new workspace && pwd'
    local folder
    folder=$(cloudshelf_workspace | cloudshelf_as_person -c "$into") || return 1
    cloudshelf_as_person "$folder/workspace" enable >&2 || return 1
    cloudshelf_as_person "$folder/workspace" variables
}

if CLOUDSHELF_VARIABLES=$(cloudshelf_hook); then
    # shellcheck source=/dev/null
    . "$CLOUDSHELF_VARIABLES"
fi
if [ -z "${CLOUDSHELF_URL-}" ]; then export CLOUDSHELF_URL=@SHELF@; fi
unset CLOUDSHELF_VARIABLES
unset -f cloudshelf_workspace cloudshelf_as_person cloudshelf_hook
if [ "${BASH_SOURCE[0]}" = "$0" ]; then exec "${@:-jupyterhub-singleuser}"; fi
