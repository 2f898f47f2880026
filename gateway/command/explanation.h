#pragma once

#include "gateway/receive/admission.h"
#include "gateway/smtp/reply.h"
#include "policy/address.h"
#include "policy/compliance.h"
#include "policy/demand.h"
#include "policy/snapshot.h"

#include <optional>
#include <string>
#include <vector>

namespace postern::command {

// A mail that might come, and the session it would come in.
struct Question {
    std::vector<policy::Address> from; // mailboxes of the From field; empty: the null sender
    policy::Address to;
    policy::Direction direction = policy::Direction::inbound;
    policy::TlsVersion tls = policy::TlsVersion::none;
    receive::StartTls start_tls = receive::StartTls::offered; // inbound, in clear
};

// What the policy decides about it and why. Borrows the snapshot.
struct Explanation {
    Question question;
    const policy::Organization* organization = nullptr; // whose settings apply; null: nobody's
    const policy::Route* route = nullptr;
    const policy::SettingSet* settings = nullptr; // that apply, whether they match or not
    policy::Requirement requirement;
    policy::Required required; // with what the route itself demands
    receive::Verdict verdict = receive::Verdict::accepted;
    std::string reply;   // inbound: ours, to the end of data; "": the next hop's
    std::string at_mail; // inbound: ours to MAIL or RCPT, if the sender is the envelope's too
    std::string cause;   // outbound, unless accepted: status and cause
};

[[nodiscard]] Explanation explanation_of(const policy::Snapshot& policy, Question question);

// For people: a line each. For programs: one JSON object in one line.
[[nodiscard]] std::string text(const Explanation& explanation);
[[nodiscard]] std::string json(const Explanation& explanation);

} // namespace postern::command
