# Run by tests/package in a clean root with /package/1.deb, 2.deb and 3.deb: each step is said, the first that fails ends
# all. What needs a running systemd is left out where there is none.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

say() { echo "   $*"; }
fail() { echo "   WRONG: $*"; exit 1; }
is() { [ "$1" = "$2" ] || fail "$3: \"$1\", expected \"$2\""; }
running() { [ -d /run/systemd/system ]; }

everything() {
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /package \
        -o -path /var/log -o -path /var/lib/dpkg -o -path /var/cache -o -path /var/tmp -o -path /var/lib/systemd \
        -o -path /etc -o -path /var/lib/apt \) -prune -o -print | sort
    find /etc -path '*postern*' | sort
}
change_policy() { sed -i "$1" /etc/postern/policy.toml; }
wait_for() {
    local tries
    for tries in $(seq 200); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.05
    done
    fail "after 10 s still not: $*"
}
# speak PORT LINE... -> the last reply; each line waits for the reply to the one before.
speak() {
    local port=$1 line reply
    shift
    exec 9<>"/dev/tcp/127.0.0.1/$port" || return 1
    for line in "" "$@"; do
        [ -z "$line" ] || printf '%s\r\n' "$line" >&9
        while IFS= read -r -t 20 reply <&9 && [ "${reply:3:1}" = - ]; do :; done
    done
    exec 9>&-
    printf '%s' "${reply%$'\r'}"
}
main_process() { systemctl show -P MainPID postern; }

everything >/package/before

say "install: a user, its directories, and nothing runs yet"
dpkg -i /package/1.deb >/package/dpkg.log 2>&1 || { cat /package/dpkg.log; fail "dpkg -i"; }
grep -q "edit /etc/postern/postern.toml" /package/dpkg.log || fail "nobody is told what comes next"
is "$(stat -c '%U %a' /var/lib/postern)" "postern 750" "state directory"
is "$(stat -c '%U %G %a' /etc/postern/tls)" "root postern 750" "directory of keys"
is "$(getent passwd postern | cut -d: -f6,7)" "/var/lib/postern:/usr/sbin/nologin" "user"
is "$(systemctl is-enabled postern 2>&1)" "disabled" "unit"
! running || is "$(systemctl is-active postern)" "inactive" "unit"

say "the files of the host lack a certificate, and nothing else"
found=$(runuser -u postern -- postern check) && fail "fit to run without a certificate"
is "$(grep -c 'error' <<<"$found" || true)" 1 "summary"
is "$(grep -c '^/etc/postern/postern.toml:.*ecdsa.* No such file' <<<"$found")" 2 "mistakes: $found"
install -m 640 -g postern /package/chain.pem /etc/postern/tls/ecdsa.pem
install -m 640 -g postern /package/key.pem /etc/postern/tls/ecdsa.key
runuser -u postern -- postern check >/dev/null || fail "not fit to run"
printf '\n[[listener]]\nname = "submission"\naddress = "127.0.0.1:587"\ndirection = "outbound"\nclients = ["127.0.0.0/8"]\n' \
    >>/etc/postern/postern.toml

if running; then
    say "the service runs as its user, with one capability, and greets"
    systemctl enable --quiet --now postern || { journalctl -u postern --no-pager | tail -n 20; fail "start"; }
    process=$(main_process)
    is "$(stat -c %U /proc/"$process")" postern "user of the process"
    is "$(sed -n 's/^CapEff:\t//p' /proc/"$process"/status)" 0000000000000400 "capabilities"
    is "$(sed -n 's/^Seccomp:\t//p' /proc/"$process"/status)" 2 "seccomp"
    is "$(systemctl show -P StatusText postern)" "policy generation 1 in use" "status"
    is "$(speak 25 | cut -c1-24)" "220 mx1.example.org ESMT" "greeting"

    say "a reload fails for a mistake, and says which"
    change_policy '1i nonsense = 1'
    ! systemctl reload postern 2>/dev/null || fail "reload with a mistake succeeded"
    wait_for grep -q "unknown key nonsense" <(journalctl -u postern --no-pager -o cat)
    is "$(systemctl is-active postern)" active "after a failed reload"
    change_policy 1d
    systemctl reload postern || fail "reload"

    say "a process that was killed is replaced"
    kill -KILL "$process"
    wait_for test "$(main_process)" != "$process"
    wait_for systemctl --quiet is-active postern
    speak 25 "EHLO here.example" >/dev/null
    process=$(main_process)
fi

say "upgrade: what was changed stays changed"
dpkg -i /package/2.deb >/package/dpkg.log 2>&1 || { cat /package/dpkg.log; fail "upgrade"; }
grep -q submission /etc/postern/postern.toml || fail "the changed file was replaced"
if running; then
    wait_for test "$(main_process)" != "$process"
    process=$(main_process)
    is "$(systemctl is-active postern)" active "after the upgrade"

    say "upgrade to a version that finds mistakes: the old process goes on"
    change_policy '1i nonsense = 1'
    dpkg -i /package/3.deb >/package/dpkg.log 2>&1 || { cat /package/dpkg.log; fail "upgrade with a mistake"; }
    grep -q "unknown key nonsense" /package/dpkg.log || fail "the mistake is not said"
    is "$(main_process)" "$process" "process"
    change_policy 1d
    systemctl reload postern
fi

say "mail is taken into the queue, by the user of the service"
if ! running; then
    setpriv --reuid postern --regid postern --init-groups --inh-caps +net_bind_service \
        --ambient-caps +net_bind_service postern serve >/package/log.json 2>/package/errors &
    serving=$!
    wait_for speak 587
fi
is "$(speak 587 "EHLO here.example" "MAIL FROM:<a@example.org>" "RCPT TO:<b@elsewhere.example>" DATA \
    $'Subject: kept\r\n\r\nkept\r\n.' | cut -c1-3)" 250 "mail for outside"
if ! running; then kill -TERM "$serving" && wait "$serving" || { cat /package/errors /package/log.json; fail "the end"; }; fi

say "remove: the files of the host and the queue stay"
dpkg -r postern >/package/dpkg.log 2>&1 || { cat /package/dpkg.log; fail "remove"; }
[ -e /etc/postern/policy.toml ] || fail "the policy is gone"
! running || ! systemctl --quiet is-active postern || fail "still runs"
! running || ! speak 25 >/dev/null 2>&1 || fail "still greets"

say "purge: mail that waits stays"
dpkg -i /package/3.deb >/dev/null 2>&1 || fail "installing again"
[ -n "$(runuser -u postern -- postern queue list)" ] || fail "the queue is empty"
dpkg -P postern >/package/dpkg.log 2>&1 || { cat /package/dpkg.log; fail "purge"; }
grep -q "stays" /package/dpkg.log || fail "nobody is told of the queue"
[ -n "$(find /var/lib/postern/spool -name '*.seg')" ] || fail "the queue is gone"
[ -e /etc/postern/tls/ecdsa.key ] && [ ! -e /etc/postern/policy.toml ] || fail "keys stay, other files go"

say "purge: without mail everything goes"
dpkg -i /package/3.deb >/dev/null 2>&1 || fail "installing again"
runuser -u postern -- postern queue drop --all >/dev/null
rm /etc/postern/tls/*
dpkg -P postern >/package/dpkg.log 2>&1 || { cat /package/dpkg.log; fail "purge"; }
everything >/package/after
diff /package/before /package/after || fail "left behind"
