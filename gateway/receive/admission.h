#pragma once

#include "gateway/smtp/mailbox.h"
#include "gateway/smtp/reply.h"
#include "policy/demand.h"
#include "policy/setting_set.h"
#include "policy/snapshot.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::receive {

// Why a session in clear is in clear.
enum class StartTls : std::uint8_t {
    offered,     // the client could have used it
    not_offered, // this listener does not do TLS
    own_fault,   // our certificate is unusable, or the handshake failed because of us
};

// What a session has shown of itself when a message arrives.
struct Standing {
    policy::Achieved achieved;
    StartTls start_tls = StartTls::offered;
};

enum class Verdict : std::uint8_t { accepted, refused, deferred };
[[nodiscard]] std::string_view text(Verdict verdict);

// The decision about one message, made once and passed on.
struct Judgement {
    Verdict verdict = Verdict::accepted;
    std::optional<smtp::Reply> reply;             // ours, unless accepted
    policy::Required required;                    // the effective demand
    std::vector<const policy::Setting*> settings; // enforced ones that match
    std::vector<const policy::Setting*> reported; // matching ones in report mode
    bool would_refuse = false;                    // had the reported ones been enforced
};

// THE INBOUND CHECK (COMPLIANCE I9-I13): whether a message from these From: mailboxes may go on to
// recipients whose settings are these. Pure; never fails.
[[nodiscard]] Judgement admit(const policy::Snapshot& policy,
                              std::span<const policy::SettingSet* const> settings,
                              std::span<const policy::Address> from,
                              Standing standing);

// COMPLIANCE I7: the reply to RCPT, when the body must never cross in clear.
[[nodiscard]] std::optional<smtp::Reply> refuse_early(const policy::Snapshot& policy,
                                                      const policy::SettingSet& settings,
                                                      const policy::Address& envelope_sender,
                                                      Standing standing);

// The same to MAIL, while no recipient is known: by the settings of everybody that no organization
// overrides.
[[nodiscard]] std::optional<smtp::Reply> refuse_at_mail(const policy::Snapshot& policy,
                                                        const policy::Address& envelope_sender,
                                                        Standing standing);

// Whom the message is from: the mailboxes of its From fields, or, where there are none, the
// envelope sender; nobody, when that is null too.
[[nodiscard]] std::vector<policy::Address> senders_of(const smtp::Mailboxes& from,
                                                      const policy::Address& envelope_sender);

} // namespace postern::receive
