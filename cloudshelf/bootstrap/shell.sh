# Written by cloudshelf bootstrap: the shelf in every shell. Where it cannot be had it says so on one line, and the shell goes on.
if [ -n "${HOME-}" ] && [ -r /etc/cloudshelf/workspace ]; then
    CLOUDSHELF_WORKSPACE=$(sh /etc/cloudshelf/workspace variables) || :
    if [ -r "$CLOUDSHELF_WORKSPACE" ]; then
        # shellcheck source=/dev/null
        . "$CLOUDSHELF_WORKSPACE"
    fi
    unset CLOUDSHELF_WORKSPACE
fi
