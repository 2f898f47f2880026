# What deploy/quickstart runs with: certificates, the policy, and the host's settings.
# shellcheck shell=bash disable=SC2154  # ports and $home are deploy/quickstart's

# certificate FILE NAME: FILE.pem and FILE.key for this host name.
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
        -subj "/CN=$2" -addext "subjectAltName=DNS:$2" \
        -keyout "$home/tls/$1.key" -out "$home/tls/$1.pem" 2>/dev/null
}

write_files() {
    rm -rf "$home"
    mkdir -p "$home"/{tls,lists,state} "$home"/messages/{site,clinic,old}
    certificate mx1 mx1.example.org
    certificate clinic mx.clinic.example
    say "bank.example" >"$home/lists/banks.txt"
    cat >"$home/policy.toml" <<TOML
# --- Mail from outside ---

[[address_list]]
name = "banks"
file = "lists/banks.txt"

[[tls_compliance]]
name = "banks over TLS"
directions = ["inbound"]
address_lists = ["banks"]

[[route]]
name = "mailbox server"
domains = ["example.org"]
hosts = ["127.0.0.1:$site_port"]

# --- Mail to outside ---

[[address_list]]
name = "medicine"
entries = ["clinic.example", "lab.example"]

[[tls_compliance]]
name = "medicine over TLS"
directions = ["outbound"]
address_lists = ["medicine"]

# Instead of DNS, which would name the mail hosts of these domains.
[[address_list]]
name = "at the clinic's host"
entries = ["clinic.example"]

[[route]]
name = "the clinic's host"
hosts = ["127.0.0.1:$clinic_port"]
server_name = "mx.clinic.example"

[[routing]]
name = "to the clinic's host"
recipients = ["at the clinic's host"]
route = "the clinic's host"

[[address_list]]
name = "at the old host"
entries = ["lab.example", "shop.example"]

[[route]]
name = "the old host"
hosts = ["127.0.0.1:$old_port"]
server_name = "mx.old.example"

[[routing]]
name = "to the old host"
recipients = ["at the old host"]
route = "the old host"
TOML
    cat >"$home/postern.toml" <<TOML
hostname = "mx1.example.org"
policy = "policy.toml"
state_directory = "state"

[[listener]]
name = "mx"
address = "127.0.0.1:$smtp_port"
direction = "inbound"
tls = "starttls"

[[listener]]
name = "submission"
address = "127.0.0.1:$submission_port"
direction = "outbound"
clients = ["127.0.0.0/8"]

[[certificate]]
chain = "tls/mx1.pem"
key = "tls/mx1.key"

[admin]
address = "127.0.0.1:$admin_port"
TOML
}
