# Sourced by tests/run and .ci/run: named steps, each with its duration, quiet unless they fail.
# The caller stands in the repository root. A step's output lies in build/log/NAME.log.

step_failures=()

# step NAME COMMAND... -> the command's exit status
step() {
    local name=$1 status=0 begin=$SECONDS
    shift
    local log="build/log/${name//[ \/]/-}.log"
    mkdir -p build/log
    printf '%-34s ' "$name"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -eq 0 ]; then
        printf 'ok      %4d s\n' $((SECONDS - begin))
        return 0
    fi
    step_failures+=("$name")
    printf 'FAILED  %4d s   exit %d, all of it in %s:\n' $((SECONDS - begin)) "$status" "$log"
    tail -n "${STEP_TAIL:-60}" "$log" | sed 's/^/    /'
    return "$status"
}

# Which wolfSSL the build tree in build/wolfssl allows: `fast` where deploy/wolfssl has built it.
wolfssl_kind() {
    if [ -e build/wolfssl/lib/libwolfssl.a ]; then echo fast; else echo system; fi
}
