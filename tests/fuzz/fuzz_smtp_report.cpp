// Whatever other hosts and senders say, a report has its three parts and no more, each line of it
// fits, and nothing foreign becomes a field of the delivery status. The input is foreign texts,
// each ended by a NUL: flags, reply, host, detail, setting, ORCPT, ENVID, message.
#include "gateway/smtp/delivery_report.h"
#include "gateway/smtp/delivery_status.h"
#include "gateway/smtp/utf8.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace smtp = postern::smtp;

namespace {

std::string_view take(std::string_view& rest) {
    const std::string_view text = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    return text;
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos;
         at += part.size())
        ++found;
    return found;
}

void check_lines(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find("\r\n");
        assert(end <= 998);
        const std::string_view line = text.substr(0, end);
        assert(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
        text.remove_prefix(end + 2);
    }
}

smtp::Path path(std::string_view address) {
    return smtp::read_path(address, smtp::PathKind::forward, smtp::Utf8::allowed)->path;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const std::string_view flags = take(rest);
    const auto is = [&](char flag) { return flags.find(flag) != std::string_view::npos; };

    smtp::ReportedRecipient recipient;
    recipient.recipient.path = path("<b\xC3\xB6@b.example>");
    recipient.action = is('d') ? smtp::Action::delayed : smtp::Action::failed;
    recipient.trouble = is('t') ? smtp::Trouble::handshake_failed : smtp::Trouble::refused;
    recipient.reply = take(rest);
    recipient.host = take(rest);
    recipient.detail = take(rest);
    recipient.setting = take(rest);
    recipient.recipient.original = take(rest);
    smtp::ReportFacts facts;
    facts.mail.sender = path("<a@a.example>");
    facts.mail.return_content =
        is('f') ? smtp::ReturnContent::full : smtp::ReturnContent::unspecified;
    facts.mail.envelope_id = take(rest);
    facts.recipients.push_back(recipient);
    const smtp::Reporter reporter{.hostname = "mx.example",
                                  .postmaster = "postmaster@mx.example",
                                  .language =
                                      is('j') ? smtp::Language::japanese : smtp::Language::english,
                                  .id = "1"};

    const std::string status = smtp::delivery_status(facts, reporter);
    assert(smtp::is_ascii(status));
    assert(count(status, "\r\n\r\n") == 1);
    constexpr std::array<std::string_view, 4> once{
        "\r\nFinal-Recipient:", "\r\nAction:", "\r\nStatus:", "\r\nLast-Attempt-Date:"};
    for (const std::string_view field : once)
        assert(count(status, field) == 1);

    const auto report = smtp::write_report(facts, reporter, {.text = rest, .whole = true});
    check_lines(report.text);
    assert(smtp::is_ascii(report.text) || report.mail.body == smtp::Body::eight_bit_mime);
    constexpr std::string_view parameter = "boundary=\"";
    const std::size_t at = report.text.find(parameter) + parameter.size();
    const std::string boundary = report.text.substr(at, report.text.find('"', at) - at);
    // In the header, before each part, and at the end.
    assert(count(report.text, boundary) == 5);
    return 0;
}
