#include "gateway/smtp/replies.h"

#include <initializer_list>
#include <string>

namespace postern::smtp::replies {

namespace {

std::string joined(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts)
        text += part;
    // A line end inside foreign text would begin a line of the reply.
    for (char& byte : text)
        if (byte == '\n') byte = '?';
    return text;
}

Reply reply(int code, EnhancedCode enhanced, std::initializer_list<std::string_view> text) {
    return {.code = code, .enhanced = enhanced, .text = joined(text)};
}

Reply closing(int code, EnhancedCode enhanced, std::initializer_list<std::string_view> text) {
    return {.code = code, .enhanced = enhanced, .text = joined(text), .after = After::close};
}

} // namespace

// Conversation

Reply greeting(std::string_view hostname) { return reply(220, {}, {hostname, " ESMTP Postern"}); }
Reply hello(std::string_view hostname) { return reply(250, {}, {hostname}); }
Reply goodbye(std::string_view hostname) { return closing(221, {2, 0, 0}, {hostname, " closing"}); }
Reply ok() { return reply(250, {2, 0, 0}, {"OK"}); }
Reply sender_ok() { return reply(250, {2, 1, 0}, {"Sender OK"}); }
Reply recipient_ok() { return reply(250, {2, 1, 5}, {"Recipient OK"}); }
Reply start_mail_input() { return reply(354, {}, {"End data with <CR><LF>.<CR><LF>"}); }
Reply chunk_ok(std::uint64_t bytes) {
    return reply(250, {2, 0, 0}, {std::to_string(bytes), " bytes received"});
}
Reply accepted(std::string_view message) {
    return reply(250, {2, 0, 0}, {"Message ", message, " accepted"});
}
Reply help() { return reply(214, {2, 0, 0}, {"See RFC 5321"}); }
Reply cannot_verify() {
    return reply(252, {2, 5, 0}, {"Cannot verify, but will accept mail and try to deliver it"});
}

// Errors of the client's making

Reply unknown_command() { return reply(500, {5, 5, 1}, {"Command not known"}); }
Reply command_line_too_long() { return reply(500, {5, 5, 2}, {"Command line too long"}); }
Reply not_implemented() { return reply(502, {5, 5, 1}, {"Command not implemented"}); }
Reply syntax(std::string_view correct_form) {
    return reply(501, {5, 5, 4}, {"Syntax: ", correct_form});
}
Reply unknown_parameter(std::string_view parameter) {
    return reply(555, {5, 5, 4}, {"Parameter not known or not offered: ", parameter});
}
Reply bad_parameter(std::string_view parameter) {
    return reply(501, {5, 5, 4}, {"Bad value of parameter: ", parameter});
}
Reply bad_sender_address() { return reply(501, {5, 1, 7}, {"Bad sender address syntax"}); }
Reply bad_recipient_address() { return reply(501, {5, 1, 3}, {"Bad recipient address syntax"}); }
Reply address_needs_smtputf8() {
    return reply(553, {5, 6, 7}, {"Address beyond ASCII needs SMTPUTF8"});
}
Reply hello_first() { return reply(503, {5, 5, 1}, {"Send EHLO or HELO first"}); }
Reply mail_first() { return reply(503, {5, 5, 1}, {"Send MAIL first"}); }
Reply recipient_first() { return reply(503, {5, 5, 1}, {"Send RCPT first"}); }
Reply nested_mail() { return reply(503, {5, 5, 1}, {"Nested MAIL command"}); }
Reply bdat_and_data_mixed() {
    return reply(503, {5, 5, 1}, {"DATA and BDAT cannot be mixed in one transaction"});
}
Reply no_valid_recipients() { return reply(554, {5, 5, 1}, {"No valid recipients"}); }
Reply early_talker() { return closing(554, {5, 5, 0}, {"You spoke before the greeting"}); }
Reply proxies_only() { return closing(554, {5, 7, 1}, {"This port is for known proxies only"}); }
Reply not_pipelined_here() {
    return closing(554, {5, 5, 0}, {"Commands were sent ahead where that is not allowed"});
}
Reply too_many_errors(std::string_view hostname) {
    return closing(421, {4, 7, 0}, {hostname, " too many errors, closing"});
}
Reply foreign_protocol() { return closing(421, {4, 7, 0}, {"This is a mail server, closing"}); }
Reply bare_line_end() {
    return closing(550, {5, 6, 11}, {"Bare CR or LF: lines must end in <CR><LF>"});
}
Reply nul_in_header() { return reply(550, {5, 6, 0}, {"NUL byte in the message header"}); }
Reply text_line_too_long() { return reply(554, {5, 6, 0}, {"A line of the message is too long"}); }
Reply message_too_big() {
    return reply(552, {5, 3, 4}, {"Message is bigger than this host accepts"});
}
Reply header_too_big() {
    return reply(552, {5, 3, 4}, {"Message header is bigger than this host accepts"});
}
Reply too_many_senders() {
    return reply(550, {5, 6, 0}, {"Too many addresses in the From fields of the message"});
}
Reply mail_loop() { return reply(554, {5, 4, 6}, {"Too many hops: the message is in a loop"}); }

// TLS

Reply ready_for_tls() { return reply(220, {2, 0, 0}, {"Ready to start TLS"}); }
Reply tls_not_available() {
    return reply(454, {4, 7, 0}, {"TLS is not available for a passing reason"});
}
Reply starttls_argument() { return reply(501, {5, 5, 4}, {"Syntax: STARTTLS"}); }
Reply bytes_behind_starttls() {
    return closing(454, {4, 5, 0}, {"Bytes were sent behind STARTTLS before TLS began"});
}
Reply already_in_tls() { return reply(503, {5, 5, 1}, {"TLS is active already"}); }
Reply must_starttls() { return reply(530, {5, 7, 0}, {"Must issue a STARTTLS command first"}); }

Reply tls_required_at_mail(std::string_view domain, std::string_view setting) {
    return reply(530,
                 {5, 7, 10},
                 {"TLS required: mail from ",
                  domain,
                  " is accepted over TLS only (",
                  setting,
                  "), send STARTTLS first"});
}
Reply separate_transaction() {
    return reply(452, {4, 5, 3}, {"Send to this recipient in a separate transaction"});
}
Reply tls_required(std::string_view domain, std::string_view setting) {
    return reply(
        550,
        {5, 7, 10},
        {"TLS required: mail from ", domain, " is accepted over TLS only (", setting, ")"});
}
Reply tls_required_later(std::string_view domain, std::string_view setting) {
    return reply(451,
                 {4, 7, 0},
                 {"TLS required: mail from ",
                  domain,
                  " is accepted over TLS only (",
                  setting,
                  "), and TLS is not available here for a passing reason"});
}
Reply tls_version_required(std::string_view version,
                           std::string_view domain,
                           std::string_view setting) {
    return reply(550,
                 {5, 7, 10},
                 {"TLS ",
                  version,
                  " or later required: mail from ",
                  domain,
                  " is not accepted over an older version (",
                  setting,
                  ")"});
}
Reply sender_not_authenticated(std::string_view domain, std::string_view setting) {
    return reply(
        550,
        {5, 7, 26},
        {"Mail from ", domain, " is accepted from an authenticated sender only (", setting, ")"});
}

// The next hop and our own limits

Reply next_hop_unreachable() {
    return reply(451, {4, 4, 1}, {"The mail server behind this gateway cannot be reached"});
}
Reply next_hop_lost() {
    return reply(451, {4, 4, 2}, {"The connection to the mail server behind this gateway broke"});
}
Reply no_route(std::string_view domain) {
    return reply(550, {5, 7, 1}, {"Relaying denied: no mail for ", domain, " is taken here"});
}
Reply may_not_submit(std::string_view client) {
    return reply(550, {5, 7, 1}, {"Relaying denied: ", client, " may not submit mail here"});
}
Reply too_many_recipients() { return reply(452, {4, 5, 3}, {"Too many recipients"}); }
Reply too_many_sessions(std::string_view hostname) {
    return closing(421, {4, 3, 2}, {hostname, " too many connections, try again later"});
}
Reply too_many_sessions_of_client(std::string_view hostname) {
    return closing(421, {4, 7, 0}, {hostname, " too many connections from your address"});
}
Reply too_busy() { return reply(450, {4, 3, 2}, {"Too busy, try again later"}); }
Reply no_storage() { return reply(452, {4, 3, 1}, {"Out of storage, try again later"}); }
Reply storage_failed() {
    return reply(452, {4, 3, 0}, {"The queue cannot be written, try again later"});
}
Reply timed_out(std::string_view hostname) {
    return closing(421, {4, 4, 2}, {hostname, " timed out, closing"});
}
Reply shutting_down(std::string_view hostname) {
    return closing(421, {4, 3, 2}, {hostname, " is shutting down, try again later"});
}
Reply internal_error() { return reply(451, {4, 3, 0}, {"Internal error, try again later"}); }

} // namespace postern::smtp::replies
