#include "gateway/dns/context.h"

#include <unbound.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>
#include <utility>

namespace postern::dns {
namespace {

constexpr int class_internet = 1;

struct Option {
    const char* name;
    const char* value;
};

// Bounds on what answers may cost us, for each core.
constexpr std::array options{
    Option{"msg-cache-size:", "4m"},
    Option{"rrset-cache-size:", "8m"},
    Option{"key-cache-size:", "2m"},
    Option{"neg-cache-size:", "1m"},
    Option{"infra-cache-numhosts:", "10000"},
    Option{"outgoing-range:", "64"}, // sockets, each with a port of its own
    Option{"outgoing-num-tcp:", "16"},
    Option{"num-queries-per-thread:", "512"},
    Option{"cache-max-ttl:", "86400"},
    Option{"cache-max-negative-ttl:", "900"}, // a domain that is new is not refused for hours
    // A server that was silent is asked again soon: it may be the only one we have.
    Option{"infra-keep-probing:", "yes"},
    Option{"infra-host-ttl:", "60"},
    Option{"do-not-query-localhost:", "no"}, // a resolver of one's own is often there
    Option{"use-syslog:", "no"},
};

std::string sentence(std::string_view what, int problem) {
    return std::string(what) + ": " + ub_strerror(problem);
}

// "192.0.2.53@53", as the library has it.
std::string forwarder(const gateway::IpEndpoint& server) {
    return server.address.text() + "@" + std::to_string(server.port);
}

// The library's words may quote what a server sent.
std::string printable(const char* text) {
    if (text == nullptr) return {};
    std::string clean(std::string_view(text).substr(0, answer_text_max));
    std::ranges::replace_if(clean, [](char byte) { return byte < ' ' || byte > '~'; }, '?');
    return clean;
}

std::string rcode_text(int rcode) {
    constexpr std::array<std::string_view, 6> names{
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
    if (std::cmp_less(rcode, names.size()) && rcode >= 0)
        return std::string(names.at(static_cast<std::size_t>(rcode)));
    return "RCODE " + std::to_string(rcode);
}

Answer answer_from(const ub_result& result) {
    using Outcome = Answer::Outcome;
    Answer answer;
    if (result.bogus != 0) {
        answer.outcome = Outcome::bogus;
        answer.dnssec = Dnssec::bogus;
        answer.why = printable(result.why_bogus);
        return answer;
    }
    if (result.secure != 0) answer.dnssec = Dnssec::secure;
    if (result.nxdomain != 0) {
        answer.outcome = Outcome::no_such_name;
    } else if (result.rcode != 0) {
        answer.outcome = Outcome::server_failed;
        answer.why = rcode_text(result.rcode);
    } else if (result.havedata == 0) {
        answer.outcome = Outcome::no_records;
    } else {
        answer.outcome = Outcome::records;
        for (std::size_t at = 0; result.data[at] != nullptr; ++at) {
            answer.records.emplace_back(result.data[at], static_cast<std::size_t>(result.len[at]));
        }
    }
    return answer;
}

} // namespace

std::string_view library_version() { return ub_version(); }

std::expected<std::unique_ptr<Context>, std::string>
Context::open(const gateway::DnsSettings& settings, const std::string& resolv_conf) {
    ub_ctx* const made = ub_ctx_create();
    if (made == nullptr) return std::unexpected("libunbound: no memory or no entropy");
    std::unique_ptr<Context> context{new Context{made}};
    std::string mistake = context->configure(settings, resolv_conf);
    if (mistake.empty()) mistake = context->start();
    if (!mistake.empty()) return std::unexpected(std::move(mistake));
    return context;
}

Context::~Context() { ub_ctx_delete(context_); }

std::string Context::configure(const gateway::DnsSettings& settings,
                               const std::string& resolv_conf) {
    ub_ctx_debugout(context_, nullptr); // it would write to our standard error
    for (const auto& [name, value] : options) {
        const int problem = ub_ctx_set_option(context_, name, value);
        if (problem != 0) return sentence(std::string("libunbound, ") + name, problem);
    }
    for (const gateway::IpEndpoint& server : settings.servers) {
        const int problem = ub_ctx_set_fwd(context_, forwarder(server).c_str());
        if (problem != 0) return sentence("name server " + server.text(), problem);
    }
    if (settings.servers.empty()) {
        const int problem = ub_ctx_resolvconf(context_, resolv_conf.c_str());
        if (problem != 0) return sentence(resolv_conf, problem);
    }
    // Until something is decided by what is secure, a server that strips signatures costs nobody
    // mail.
    if (!settings.refuse_bogus) {
        const int problem = ub_ctx_set_option(context_, "val-permissive-mode:", "yes");
        if (problem != 0) return sentence("libunbound, val-permissive-mode", problem);
    }
    if (settings.trust_anchor.empty()) return {};
    const int problem = ub_ctx_add_ta_file(context_, settings.trust_anchor.c_str());
    return problem == 0 ? "" : sentence(settings.trust_anchor, problem);
}

// The first question makes the library read its files and start its thread, and is the first to
// fail where the settings are wrong. This one is answered without a network, RFC 6761 6.3.
std::string Context::start() {
    class Nobody final : public Asker {
        void answered(Answer /*answer*/) override {}
    };
    Nobody nobody;
    ub_ctx_async(context_, 1);
    int problem = ub_resolve_async(context_,
                                   "localhost",
                                   std::to_underlying(RecordType::a),
                                   class_internet,
                                   static_cast<Asker*>(&nobody),
                                   &Context::answered,
                                   nullptr);
    if (problem == 0) problem = ub_wait(context_);
    return problem == 0 ? "" : sentence("starting the resolver", problem);
}

std::optional<int> Context::ask(const std::string& name, RecordType type, Asker& asker) {
    int question = 0;
    const int problem = ub_resolve_async(context_,
                                         name.c_str(),
                                         std::to_underlying(type),
                                         class_internet,
                                         &asker,
                                         &Context::answered,
                                         &question);
    return problem == 0 ? std::optional{question} : std::nullopt;
}

void Context::cancel(int question) { ub_cancel(context_, question); }

int Context::fd() const { return ub_fd(context_); }

bool Context::take_answers() { return ub_process(context_) == 0; }

void Context::answered(void* asker, int problem, ub_result* result) {
    const std::unique_ptr<ub_result, decltype(&ub_resolve_free)> owner{result, &ub_resolve_free};
    Answer answer;
    if (problem == 0 && result != nullptr) {
        answer = answer_from(*result);
    } else {
        answer.why = printable(ub_strerror(problem));
    }
    static_cast<Asker*>(asker)->answered(std::move(answer));
}

} // namespace postern::dns
