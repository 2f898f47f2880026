#include "gateway/core.h"

#include <catch2/catch.hpp>

#include <fcntl.h>

#include <future>
#include <optional>
#include <string>

namespace postern::gateway {
namespace {

TEST_CASE("a core that has ended still answers what it is asked about its queue") {
    const io::Descriptor nowhere{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
    JournalWriter writer{nowhere.get()};
    std::promise<void> stopped;
    Core core{{.number = 0, .cpu = 0},
              writer,
              {.started = [](const std::string& error) { CHECK(error.empty()); },
               .let_go = [](const auto&) {},
               .stopped = [&] { stopped.set_value(); }}};
    std::promise<deliver::QueueAnswer> early;
    core.start({});
    core.ask_queue({}, [&](deliver::QueueAnswer answer) { early.set_value(std::move(answer)); });
    core.stop(receive::Door::Address::given_up);
    stopped.get_future().wait();
    CHECK(early.get_future().get().text.empty()); // it has no queue

    std::optional<deliver::QueueAnswer> late;
    core.ask_queue({}, [&](deliver::QueueAnswer answer) { late = std::move(answer); });
    REQUIRE(late);
    CHECK(late->text.empty());
}

} // namespace
} // namespace postern::gateway
