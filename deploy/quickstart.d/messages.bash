# The messages that deploy/quickstart sends, and what must become of each.
# shellcheck shell=bash disable=SC2154  # ports and $home are deploy/quickstart's
# shellcheck disable=SC2317             # conditions are called by wait_for

# --- four messages from outside ---------------------------------------------------------------------

generation() { admin /metrics | awk '$1 == "postern_policy_generation" { print $2 }'; }
generation_changed() { [ "$(generation)" != "$1" ]; }

inbound() { send "$1" "$smtp_port" "$2" user@example.org "${@:3}"; }

from_outside() {
    local before list=$home/lists/banks.txt
    title "1. From a listed sender, over TLS: accepted"
    inbound "250 *" cfo@bank.example --tls
    title "2. The same message in clear text: refused"
    inbound "550 5.7.10 *" cfo@bank.example
    title "3. From a sender on no list, in clear text: accepted"
    inbound "250 *" friend@other.example

    before=$(generation)
    say "other.example" >>"$list"
    say ""
    say "   $list now has other.example too; nobody is told"
    wait_for "the changed list" "$postern_id" generation_changed "$before"
    title "4. The third message once more: refused"
    inbound "550 5.7.10 *" friend@other.example

    title "What was refused never reached the site's mail server"
    judge "$(kept_by site)" 2 "messages there: "
}

# --- three messages to outside ----------------------------------------------------------------------

# outbound TO TLS PATTERN: what `postern explain` says of a host with this TLS, then the message itself,
# which is taken into the queue whatever becomes of it.
outbound() {
    local explained
    explained=$(postern explain --direction outbound --from user@example.org --to "$1" --tls "$2" |
        sed -n 's/^verdict  *//p') || true
    faintly "postern explain --direction outbound --from user@example.org --to $1 --tls $2"
    judge "$explained" "$3" "foretold: "
    send "250 *" "$submission_port" user@example.org "$1"
}

# delivered SERVER TO PATTERN: waits for the message and judges how it came, as that server saw it.
delivered() {
    local file
    wait_for "mail for $2" "$postern_id" kept_with "$1" "X-Envelope-To: <$2>"
    file=$(kept_with "$1" "X-Envelope-To: <$2>")
    judge "$(sed -n 's/\r$//; s/^X-Transport: //p; /^$/q' "$file")" "$3" "arrived: "
}

# Part $2 of the multipart report in the file $1, without its MIME fields.
part() {
    awk -v wanted="$2" '
        { sub(/\r$/, "") }
        !mark && match($0, /boundary="[^"]+/) { mark = "--" substr($0, RSTART + 10, RLENGTH - 10) }
        mark && index($0, mark) == 1 { number++; body = 0; next }
        number == wanted && body { print }
        number == wanted && $0 == "" { body = 1 }' "$1"
}

field() { part "$1" 2 | sed -n "s/^$2: //p"; }

# How often the log says that a delivery was tried; fails while it says nothing yet.
attempts_for() { grep '"event":"delivery"' "$home/postern.log" | grep -cF "\"$1\""; }

# returned TO: waits for the report, shows it and judges it.
returned() {
    local report
    wait_for "the report about $1" "$postern_id" kept_with site "X-Envelope-From: <>"
    report=$(kept_with site "X-Envelope-From: <>")
    say "  the report that user@example.org gets:"
    part "$report" 1 | sed '$ { /^$/d }; s/^/  | /; s/ $//'
    say "  and its part for programs:"
    part "$report" 2 | sed '/^$/d; s/^/  | /'
    judge "$(field "$report" Action)" failed "Action: "
    judge "$(field "$report" Status)" 5.7.10 "Status: "
    judge "$(field "$report" Remote-MTA)" "dns; mx.old.example" "Remote-MTA: "
    judge "$(field "$report" Diagnostic-Code)" "*; starttls-not-supported:*" "Diagnostic-Code: "
    wait_for "the attempt in the log" "$postern_id" attempts_for "$1"
    judge "$(attempts_for "$1")" 1 "attempts in the log: "
    judge "$(kept_by old)" 0 "messages at the old host: "
}

queue_is_empty() {
    local waiting
    waiting=$(postern queue list) && [ -z "$waiting" ]
}

to_outside() {
    title "5. To a listed recipient whose mail host has TLS: delivered over TLS"
    outbound nurse@clinic.example 1.3 "accepted:*"
    delivered clinic nurse@clinic.example "TLS 1.*"

    title "6. To a listed recipient whose mail host has none: tried once, returned"
    outbound doctor@lab.example none "refused: returned*"
    returned doctor@lab.example

    title "7. To a recipient on no list, at the same mail host: delivered in clear text"
    outbound sales@shop.example none "accepted:*"
    delivered old sales@shop.example "in clear"

    title "Nothing is left to do: postern queue list"
    wait_for "the empty queue" "$postern_id" queue_is_empty
    judge "$(postern queue list | wc -l)" 0 "messages in the queue: "
}
