#pragma once

#include "gateway/spool/message.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What is inside the records of each type; FORMAT.md has the bytes. Every reader takes foreign
// bytes: nothing comes back unless all of them make sense.
namespace postern::spool {

// Content: the id, then the bytes themselves.
[[nodiscard]] std::string content_head(MessageId id);
struct Content {
    MessageId id = 0;
    std::string_view bytes;
};
[[nodiscard]] std::optional<Content> decode_content(std::string_view payload);

// Message: all of it, with the state of its recipients.
[[nodiscard]] std::string encode_message(const Message& message);
[[nodiscard]] std::optional<Message> decode_message(std::string_view payload);

// Outcome: the state of some recipients as it is now, and where the outcome before is that has to
// be read too (nowhere: these are all recipients).
struct Outcome {
    struct Change {
        std::uint32_t number = 0; // of the recipient in its message
        Recipient recipient;      // without its envelope
    };
    MessageId id = 0;
    Time due{}; // of the message
    Place previous;
    std::uint32_t depth = 0; // how many outcomes have to be read before this one
    std::vector<Change> changes;
};
[[nodiscard]] std::string
encode_outcome(const Message& message, std::span<const std::uint32_t> changed, Place previous);
[[nodiscard]] std::optional<Outcome> decode_outcome(std::string_view payload);

// Done: the id.
[[nodiscard]] std::string encode_done(MessageId id);
[[nodiscard]] std::optional<MessageId> decode_done(std::string_view payload);

} // namespace postern::spool
