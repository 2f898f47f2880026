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
    spool::MessageId after = 0;        // only messages with a greater id; not in the words

    bool operator==(const QueueRequest&) const = default;
};

// `list --from example.org --to a@b.example --limit 10`, `show 000123…`: words with blanks between.
// The error is a sentence. Everything but list wants at least one condition, or `--all`.
[[nodiscard]] std::expected<QueueRequest, std::string> parse_queue_request(std::string_view words);
// The one spelling of it, as parse_queue_request() reads it.
[[nodiscard]] std::string text(const QueueRequest& request);

// Does it to what one core has, and tells of each message it is about, in JSON as
// {"id":…,"arrival":…,"from":…,"bytes":…,"recipients":[{"to":…,"state":…,…}]}, with "done":false
// for what is being delivered at the moment and cannot be changed. A queue is long: this is a part
// of the answer, about a bounded number of messages, the oldest first; for the next part the caller
// asks again with this `after`, and without `messages` in the limit.
struct QueueAnswer {
    std::string text;
    std::size_t messages = 0;   // that it tells of
    spool::MessageId after = 0; // 0: this was the last part
};
[[nodiscard]] io::Task<QueueAnswer> serve_queue(spool::Spool& spool, const QueueRequest& request);
// Moves the request on to the next part. False: there is none.
[[nodiscard]] bool go_on(QueueRequest& request, const QueueAnswer& answer);

} // namespace postern::deliver
