#!/bin/sh
# Written by cloudshelf bootstrap. Makes the shelf ready for whoever runs it: mounted on ~/shelf where FUSE can be had,
# else in their cache.
#   start      does that now
#   variables  names a file of variables, for a shell that starts; where nobody has started it, it does, and waits a little
#   enable     loads the extension in every kernel of this person
set -u
shelf=@SHELF@
lock=@LOCK@
packed=@PACKED@
settings=@SETTINGS@ # others after a change of shelf or lock
cloudshelf=${CLOUDSHELF_COMMAND:-@COMMAND@}
state="$HOME/.local/state/cloudshelf"
drive="$HOME/shelf"
log="$state/workspace.log"
if [ -n "$packed" ]; then lock="$state/pylock.toml"; fi

boot() { cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown; }

# What an earlier start made leads somewhere: after a reboot a drive is gone, an environment is not.
is_usable() {
    [ -r "$state/variables.sh" ] && [ -r "$state/made" ] || return 1
    { IFS= read -r made && IFS= read -r place; } <"$state/made"
    [ -e "$place" ]
}

is_current() { is_usable && [ "$made" = "$settings $(boot)" ]; }

mounted() {
    [ -c /dev/fuse ] || return 1
    if mountpoint -q "$drive"; then "$cloudshelf" umount "$drive" || return 1; fi # it is of an earlier lock
    if [ -n "$lock" ]; then "$cloudshelf" mount "$drive" --lock "$lock"; else "$cloudshelf" mount "$drive" --all; fi
}

# Variables into the file $1; $place is what has to be there for them.
make_variables() {
    if [ -z "$lock" ]; then
        if mounted; then place="$drive/projects"; else place=$state; fi
        : >"$1"
    elif mounted && "$cloudshelf" env --inherit --lock "$lock" --mount "$drive" >"$1"; then
        place="$drive/env/pyvenv.cfg"
    elif "$cloudshelf" env --inherit --lock "$lock" >"$1"; then
        # shellcheck source=/dev/null
        place="$(. "$1" && printf %s "$CLOUDSHELF_ENVIRONMENT")/pyvenv.cfg"
    else
        return 1
    fi
}

ready() {
    umask 077
    mkdir -p "$state" 2>/dev/null || {
        echo "cloudshelf: there is no shelf here: $state cannot be made" >&2
        return 1
    }
    command -v "$cloudshelf" >/dev/null || {
        echo "cloudshelf: there is no shelf here: $cloudshelf is not installed (python3 -m pip install cloudshelf)" >&2
        return 1
    }
}

start() {
    ready && unpack || return 1
    export CLOUDSHELF_URL="${CLOUDSHELF_URL:-$shelf}"
    if command -v flock >/dev/null; then # one at a time; what is started must not hold the lock
        flock --close "$state/starting" sh "$0" start-alone
    else
        start_alone
    fi
}

unpack() {
    [ -n "$packed" ] || return 0
    printf %s "$packed" | base64 -d | gzip -d >"$lock.new" && mv "$lock.new" "$lock"
}

load_extension() {
    ready && unpack || return 1
    set -- --shelf "$shelf"
    if [ -n "$lock" ]; then set -- "$@" --lock "$lock"; fi
    "$cloudshelf" enable "$@"
}

start_alone() {
    if is_current; then return; fi
    : >"$state/failed"
    make_variables "$state/variables.new" || return 1
    mv "$state/variables.new" "$state/variables.sh" && printf '%s\n' "$settings $(boot)" "$place" >"$state/made"
    rm -f "$state/failed"
    case $place in "$drive"/* | "$state") ;; *) "$cloudshelf" fill --lock "$lock" ;; esac
}

# Nobody waits long before a prompt, and after a failure nobody waits for five minutes.
variables() {
    if [ "$(id -u)" -eq 0 ] && [ -z "$(find "$HOME" -prune -user 0)" ]; then return 1; fi # sudo -s: HOME is another's
    if ! is_current; then
        ready || return 1
        recent=$(find "$state/failed" -mmin -5 2>/dev/null)
        nohup sh "$0" start </dev/null >"$log" 2>&1 &
        job=$!
        tenths=0
        while [ -z "$recent" ] && [ "$tenths" -lt 100 ] && ! is_current && kill -0 "$job" 2>/dev/null; do
            sleep 0.1
            tenths=$((tenths + 1))
        done
        if ! is_current; then told; fi
    fi
    is_usable && printf '%s\n' "$state/variables.sh"
}

told() {
    said=$(tail -n 1 "$log" 2>/dev/null)
    echo "cloudshelf: the shelf is not ready in this shell${said:+ ($said)}. A new shell looks again; all of it: $log" >&2
}

case "${1-}" in
start) start ;;
start-alone) start_alone ;;
variables) variables ;;
enable) load_extension ;;
*) echo "cloudshelf: $0 takes start, variables or enable" >&2 && exit 2 ;;
esac
