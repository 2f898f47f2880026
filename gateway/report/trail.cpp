#include "gateway/report/trail.h"

#include <algorithm>

namespace postern::report {

void append(std::string& out, Time time, const Decision& decision) {
    Line line(out, time, decision.event);
    line.text(Key::session, decision.session)
        .text(Key::message, decision.message)
        .text(Key::listener, decision.listener)
        .text(Key::client, decision.client)
        .text(Key::direction, decision.direction)
        .texts(Key::from, decision.from)
        .texts(Key::to, decision.to)
        .text(Key::organization, decision.organization)
        .texts(Key::settings, decision.settings)
        .texts(Key::reported, decision.reported)
        .text(Key::demand, decision.demand)
        .text(Key::achieved, decision.achieved)
        .text(Key::tls_version, decision.tls_version)
        .text(Key::tls_cipher, decision.tls_cipher)
        .text(Key::tls_cause, decision.tls_cause)
        .text(Key::verdict, text(decision.verdict))
        .text(Key::reply, decision.reply)
        .text(Key::route, decision.route)
        .text(Key::host, decision.host);
    const auto milliseconds = std::max<std::int64_t>(decision.duration.count(), 0);
    line.number(Key::duration_ms, static_cast<std::uint64_t>(milliseconds))
        .number(Key::bytes, decision.bytes)
        .end();
}

} // namespace postern::report
