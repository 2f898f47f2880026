#pragma once

#include "gateway/io/task.h"
#include "gateway/spool/spool.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

// What an administrator may ask of the queue, and do with it.
namespace postern::deliver {

struct QueueRequest {
    enum class Verb : std::uint8_t {
        list,  // a line for each message
        show,  // all that is known of it
        retry, // due now, held or not
        hold,  // not until told otherwise
        drop,  // forgotten, without a report
    };
    Verb verb = Verb::list;
    // Whom it is about: all that fit every condition that is given.
    std::vector<spool::MessageId> ids; // none: any
    std::string sender;                // an address or a domain; "": any
    std::string recipient;             // likewise, of any recipient that is not settled
    std::size_t limit = SIZE_MAX;      // of messages
    bool json = false;                 // one object a line, rather than lines for people

    bool operator==(const QueueRequest&) const = default;
};

// `list --from example.org --to a@b.example --limit 10`, `show 000123…`: words with blanks between.
// The error is a sentence. Everything but list wants at least one condition, or `--all`.
[[nodiscard]] std::expected<QueueRequest, std::string> parse_queue_request(std::string_view words);
// The one spelling of it, as parse_queue_request() reads it.
[[nodiscard]] std::string text(const QueueRequest& request);

// Does it to what one core has, and tells of each message it is about, in JSON as
// {"id":…,"arrival":…,"from":…,"bytes":…,"recipients":[{"to":…,"state":…,…}]}, with "done":false
// for what is being delivered at the moment and cannot be changed.
[[nodiscard]] io::Task<std::string> serve_queue(spool::Spool& spool, const QueueRequest& request);
// How many messages such an answer tells of.
[[nodiscard]] std::size_t messages_in(std::string_view answer, bool json);

} // namespace postern::deliver
