#include "gateway/deliver/back_off.h"

#include <algorithm>

namespace postern::deliver {

namespace {

Pause pause_after(const BackOffSettings& settings, unsigned failures) {
    Pause pause = settings.first;
    for (unsigned i = 1; i < failures && pause < settings.most; ++i)
        pause *= 2;
    return std::min(pause, settings.most);
}

} // namespace

std::optional<Time> BackOff::wait_until(std::string_view host, Time now) {
    const auto found = hosts_.find(host);
    if (found == hosts_.end()) return std::nullopt;
    if (found->second.usable_at > now) return found->second.usable_at;
    found->second.usable_at = now + settings_.probe;
    return std::nullopt;
}

void BackOff::failed(std::string_view host, Time now, std::uint64_t random) {
    auto found = hosts_.find(host);
    if (found == hosts_.end()) {
        if (hosts_.size() >= settings_.hosts_max) make_room();
        found = hosts_.emplace(host, Host{}).first;
    }
    Host& known = found->second;
    ++known.failures;
    known.usable_at =
        now + with_jitter(pause_after(settings_, known.failures), settings_.jitter_percent, random);
}

void BackOff::succeeded(std::string_view host) {
    const auto found = hosts_.find(host);
    if (found != hosts_.end()) hosts_.erase(found);
}

// Forgets the host that would be tried next: it costs an attempt too early and nothing else.
void BackOff::make_room() {
    const auto next = std::ranges::min_element(
        hosts_, {}, [](const auto& known) { return known.second.usable_at; });
    if (next != hosts_.end()) hosts_.erase(next);
}

} // namespace postern::deliver
