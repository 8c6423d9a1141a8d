#!/bin/bash
# Written by `cloudshelf bootstrap sagemaker`. A lifecycle configuration: of a notebook instance the script on-start, which
# root runs, or of Studio, where it is of sagemaker-user, who may sudo. It holds no secret: the shelf is read with the
# role of the instance. Such a script has five minutes, and where it fails nothing starts: so all is done in the
# background. What became of it is in /var/log/cloudshelf-bootstrap.log, in Studio in ~/.cloudshelf-bootstrap.log
set -u
if [ "$(id -u)" -eq 0 ]; then log=/var/log/cloudshelf-bootstrap.log; else log=$HOME/.cloudshelf-bootstrap.log; fi
install=${CLOUDSHELF_INSTALL:-cloudshelf} # what pip installs: a version, a wheel's path or URL

say() { echo "cloudshelf: $1"; }

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi; }

as_person() { if [ "$(id -un)" = "$person" ]; then "$@"; else sudo -n -H -u "$person" "$@"; fi; }

setup() {
    person=ec2-user
    id "$person" >/dev/null 2>&1 || person=$(id -un)
    command=
    # The kernels of a notebook instance are conda environments, each a Python of its own; Studio has one.
    for python in /home/ec2-user/anaconda3/bin/python /home/ec2-user/anaconda3/envs/*/bin/python /opt/conda/bin/python; do
        [ -x "$python" ] || continue
        if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))'; then
            say "$python is not of a version that cloudshelf runs on (3.11 to 3.14); its kernels go on without"
        elif as_person "$python" -m pip install --quiet --disable-pip-version-check "$install"; then
            command=$(dirname "$python")/cloudshelf
        else
            say "pip could not install $install for $python"
        fi
    done
    if [ -z "$command" ]; then
        say "there is no Python here that has cloudshelf; nothing else is done"
        return 1
    fi
    as_root env CLOUDSHELF_COMMAND="$command" sh -s <<'CLOUDSHELF_SETUP' || return 1
@SETUP@
CLOUDSHELF_SETUP
    as_person sh /etc/cloudshelf/workspace start # so that nobody waits for it
}

{
    trap '' HUP
    setup
    say "done, with status $?"
} >"$log" 2>&1 </dev/null &
disown
exit 0
