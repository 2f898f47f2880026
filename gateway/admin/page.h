#pragma once

#include "gateway/admin/http.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace postern::admin {

/// Where the texts come from. Only the one that is asked for is made.
struct Pages {
    std::function<std::string()> metrics; // Prometheus text
    std::function<std::string()> status;  // JSON
    std::function<bool()> ready;          // takes mail
    std::function<bool()> healthy;        // every event loop turns
};

/// The answer to a request for a path: /metrics, /status, /healthz (200 while every event loop
/// turns, else 503: a new process is needed) and /readyz (200 while it takes mail, else 503).
[[nodiscard]] Response page(std::string_view path, const Pages& pages);

/// The whole answer to a request that is complete or wrong.
[[nodiscard]] std::string answer(const Request& request, const Pages& pages);

} // namespace postern::admin
