#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::smtp {

inline constexpr std::size_t header_section_bytes_max = 256UL * 1024;
inline constexpr std::size_t received_fields_max = 50; // more: a loop (RFC 5321 6.3)

enum class Stuffing : std::uint8_t {
    stuffed, // content as DataScanner hands it out
    plain,   // content of BDAT chunks
};

enum class HeaderState : std::uint8_t {
    more,
    complete, // the section has ended; what is known of it is valid
    too_big,  // I15; stays so
    nul,      // a NUL byte in it; stays so
};

// Holds the beginning of a message back until its header section has ended, then says what is in
// it. One object per message. Fed with clean content (line ends checked) cut up anyhow:
//     feed ... feed, then finish() if the message ended before the section did.
// Fields are looked for until the first empty line, whatever malformed lines stand between. A
// message whose first line is no field has no header section.
class HeaderSection {
public:
    explicit HeaderSection(Stuffing stuffing = Stuffing::stuffed,
                           std::size_t bytes_max = header_section_bytes_max)
        : bytes_max_(bytes_max), stuffing_(stuffing) {}

    // Takes what belongs to the section; the return value is how much that was. The rest of the
    // chunk is body, to be passed on behind held().
    [[nodiscard]] std::size_t feed(std::string_view content);
    // The message is over.
    void finish();

    [[nodiscard]] HeaderState state() const { return state_; }
    // The bytes kept back, to be passed on behind our Received field, then the rest of the message.
    // Where there is no header section they begin with an empty line of our own, so that no reader
    // further on can take the text for fields.
    [[nodiscard]] std::string_view held() const { return held_; }
    // Gives the memory back once held() was passed on. What is known of the fields stays.
    void release_held() { std::string().swap(held_); }

    [[nodiscard]] bool missing() const { return missing_; }     // there is no header section
    [[nodiscard]] bool malformed() const { return malformed_; } // some line in it is no field
    [[nodiscard]] std::size_t received_fields() const { return received_fields_; }
    // The values of all From fields, unfolded, for mailboxes_of().
    [[nodiscard]] const std::vector<std::string>& from_fields() const { return from_fields_; }

private:
    [[nodiscard]] std::size_t check_first_line(std::string_view content);
    [[nodiscard]] std::size_t look_for_end(std::string_view content);
    [[nodiscard]] bool hold(std::string_view content);
    void complete();
    void complete_without_section();

    std::string held_;
    std::vector<std::string> from_fields_;
    std::size_t bytes_max_;
    std::size_t received_fields_ = 0;
    std::size_t end_matched_ = 0; // bytes of CRLF CRLF that were the last ones seen
    Stuffing stuffing_;
    HeaderState state_ = HeaderState::more;
    bool first_line_checked_ = false;
    bool missing_ = false;
    bool malformed_ = false;
};

} // namespace postern::smtp
