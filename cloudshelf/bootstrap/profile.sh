#!/bin/sh
# Written by `cloudshelf bootstrap @TARGET@`. The shelf in every shell and kernel of this machine, at every start.
# Run it as root: sudo sh THIS_FILE. Run it again after a change; it replaces what it wrote. It holds no secret.
set -eu
cloudshelf=$(command -v "${CLOUDSHELF_COMMAND:-cloudshelf}" || :)

fail() {
    echo "cloudshelf: $1" >&2
    exit 1
}

[ "$(id -u)" -eq 0 ] || fail "this writes below /etc, so run it as root: sudo sh $0"
[ -n "$cloudshelf" ] || fail "the command cloudshelf is not on root's PATH. Install it (python3 -m pip install cloudshelf), or say where it is: sudo CLOUDSHELF_COMMAND=/path/to/cloudshelf sh $0"

umask 022
mkdir -p /etc/cloudshelf /etc/profile.d
@LOCK_FILE@
cat >/etc/cloudshelf/workspace.new <<'CLOUDSHELF_WORKSPACE'
@WORKSPACE@
CLOUDSHELF_WORKSPACE
ln -sfn "$cloudshelf" /etc/cloudshelf/cloudshelf
mv /etc/cloudshelf/workspace.new /etc/cloudshelf/workspace

# The shelf: in the machine's settings, unless somebody named another one there.
settings=/etc/cloudshelf.toml
mark='# of cloudshelf bootstrap'
touch "$settings"
grep -v "$mark\$" "$settings" >/etc/cloudshelf/settings.new || :
if grep -q '^[[:space:]]*shelf[[:space:]]*=' /etc/cloudshelf/settings.new; then
    echo "cloudshelf: $settings names a shelf already; it stays." >&2
else # before the first table
    { printf '%s %s\n' @SETTING@ "$mark" && cat /etc/cloudshelf/settings.new; } >/etc/cloudshelf/settings.both
    mv /etc/cloudshelf/settings.both /etc/cloudshelf/settings.new
fi
cat /etc/cloudshelf/settings.new >"$settings" # a link stays one
rm /etc/cloudshelf/settings.new

cat >/etc/profile.d/cloudshelf.sh.new <<'CLOUDSHELF_PROFILE'
@PROFILE@
CLOUDSHELF_PROFILE
mv /etc/profile.d/cloudshelf.sh.new /etc/profile.d/cloudshelf.sh

# Shells that are no login shells read these, where there are any.
for file in /etc/bash.bashrc /etc/zsh/zshrc; do
    line='[ ! -r /etc/profile.d/cloudshelf.sh ] || . /etc/profile.d/cloudshelf.sh # of cloudshelf bootstrap'
    if [ -f "$file" ] && ! grep -qF "$line" "$file"; then printf '%s\n' "$line" >>"$file"; fi
done

"$cloudshelf" enable --system @ENABLE@ >&2 </dev/null
echo "cloudshelf: every new shell and kernel has the shelf." >&2
