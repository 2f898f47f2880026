#include "gateway/report/key.h"

namespace postern::report {

std::string_view text(Key key) {
    switch (key) {
    case Key::time: return "time";
    case Key::level: return "level";
    case Key::event: return "event";
    case Key::session: return "session";
    case Key::message: return "message";
    case Key::listener: return "listener";
    case Key::client: return "client";
    case Key::direction: return "direction";
    case Key::from: return "from";
    case Key::to: return "to";
    case Key::settings: return "settings";
    case Key::reported: return "reported";
    case Key::organization: return "organization";
    case Key::demand: return "demand";
    case Key::achieved: return "achieved";
    case Key::tls_version: return "tls_version";
    case Key::tls_cipher: return "tls_cipher";
    case Key::tls_cause: return "tls_cause";
    case Key::verdict: return "verdict";
    case Key::reply: return "reply";
    case Key::route: return "route";
    case Key::host: return "host";
    case Key::duration_ms: return "duration_ms";
    case Key::bytes: return "bytes";
    case Key::text: return "text";
    case Key::cause: return "cause";
    case Key::ending: return "ending";
    case Key::commands: return "commands";
    case Key::messages: return "messages";
    case Key::bytes_out: return "bytes_out";
    case Key::file: return "file";
    case Key::line: return "line";
    case Key::column: return "column";
    case Key::generation: return "generation";
    case Key::count: return "count";
    case Key::version: return "version";
    }
    return "unknown";
}

std::string_view text(Level level) {
    switch (level) {
    case Level::error: return "error";
    case Level::warning: return "warning";
    case Level::info: return "info";
    case Level::debug: return "debug";
    }
    return "unknown";
}

} // namespace postern::report
