# A command's behaviour from outside, in a directory of the test's own: $work, which goes when the
# test ends. What a command printed last is in $work/out and $work/err. To be sourced by sh.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

# status CODE COMMAND…: the command ends with that exit status.
status() {
    expected=$1
    shift
    code=0
    "$@" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" = "$expected" ] || fail "exit status $code instead of $expected: $*: $(cat "$work/err")"
}

# has FILE PATTERN, has_not FILE PATTERN
has() { grep -q -- "$2" "$1" || fail "no \"$2\" in $(head -c 3000 "$1")"; }
has_not() { ! grep -q -- "$2" "$1" || fail "\"$2\" in $1"; }
