#pragma once

#include "gateway/smtp/reply.h"

#include <cstdint>
#include <string_view>

// Every reply that is ours, in one place: codes from COMPLIANCE and RFC 5321, 2034, 3463, 7504.
// Names say what happened, not which number it gets.
namespace postern::smtp::replies {

// Conversation
[[nodiscard]] Reply greeting(std::string_view hostname); // 220, no enhanced code
[[nodiscard]] Reply hello(std::string_view hostname);    // 250 to HELO
[[nodiscard]] Reply goodbye(std::string_view hostname);  // 221 2.0.0, closes
[[nodiscard]] Reply ok();                                // 250 2.0.0
[[nodiscard]] Reply sender_ok();                         // 250 2.1.0
[[nodiscard]] Reply recipient_ok();                      // 250 2.1.5
[[nodiscard]] Reply start_mail_input();                  // 354
[[nodiscard]] Reply chunk_ok(std::uint64_t bytes);       // 250 2.0.0 to BDAT
[[nodiscard]] Reply accepted(std::string_view message);  // 250 2.0.0
[[nodiscard]] Reply help();                              // 214 2.0.0
[[nodiscard]] Reply cannot_verify();                     // 252 2.5.0 to VRFY

// Errors of the client's making
[[nodiscard]] Reply unknown_command();                             // 500 5.5.1
[[nodiscard]] Reply command_line_too_long();                       // 500 5.5.2
[[nodiscard]] Reply not_implemented();                             // 502 5.5.1
[[nodiscard]] Reply syntax(std::string_view correct_form);         // 501 5.5.4
[[nodiscard]] Reply unknown_parameter(std::string_view parameter); // 555 5.5.4
[[nodiscard]] Reply bad_parameter(std::string_view parameter);     // 501 5.5.4
[[nodiscard]] Reply bad_sender_address();                          // 501 5.1.7
[[nodiscard]] Reply bad_recipient_address();                       // 501 5.1.3
[[nodiscard]] Reply address_needs_smtputf8();                      // 553 5.6.7
[[nodiscard]] Reply hello_first();                                 // 503 5.5.1
[[nodiscard]] Reply mail_first();                                  // 503 5.5.1
[[nodiscard]] Reply recipient_first();                             // 503 5.5.1
[[nodiscard]] Reply nested_mail();                                 // 503 5.5.1
[[nodiscard]] Reply bdat_and_data_mixed();                         // 503 5.5.1 (RFC 3030 2)
[[nodiscard]] Reply no_valid_recipients();                         // 554 5.5.1
[[nodiscard]] Reply early_talker();                                // 554 5.5.0, closes
[[nodiscard]] Reply proxies_only();                                // 554 5.7.1, closes
[[nodiscard]] Reply not_pipelined_here();                          // 554 5.5.0, closes
[[nodiscard]] Reply too_many_errors(std::string_view hostname);    // 421 4.7.0, closes
[[nodiscard]] Reply foreign_protocol();                            // 421 4.7.0, closes (HTTP)
[[nodiscard]] Reply bare_line_end();                               // 550 5.6.11, closes
[[nodiscard]] Reply nul_in_header();                               // 550 5.6.0
[[nodiscard]] Reply text_line_too_long();                          // 554 5.6.0
[[nodiscard]] Reply message_too_big();                             // 552 5.3.4
[[nodiscard]] Reply header_too_big();                              // 552 5.3.4 (I15)
[[nodiscard]] Reply too_many_senders(); // 550 5.6.0 (Mailboxes::too_many)
[[nodiscard]] Reply mail_loop();        // 554 5.4.6

// TLS (COMPLIANCE I1-I14)
[[nodiscard]] Reply ready_for_tls();         // 220 2.0.0
[[nodiscard]] Reply tls_not_available();     // 454 4.7.0 (I1)
[[nodiscard]] Reply starttls_argument();     // 501 5.5.4 (I2)
[[nodiscard]] Reply bytes_behind_starttls(); // 454 4.5.0, closes (I3)
[[nodiscard]] Reply already_in_tls();        // 503 5.5.1 (I5)
[[nodiscard]] Reply must_starttls();         // 530 5.7.0 (I6)
[[nodiscard]] Reply tls_required_at_mail(std::string_view domain,
                                         std::string_view setting); // 530 5.7.10 (I7)
[[nodiscard]] Reply separate_transaction();                         // 452 4.5.3 (I8)
[[nodiscard]] Reply tls_required(std::string_view domain,
                                 std::string_view setting); // 550 5.7.10 (I11)
[[nodiscard]] Reply tls_required_later(std::string_view domain,
                                       std::string_view setting); // 451 4.7.0 (I12)
[[nodiscard]] Reply tls_version_required(std::string_view version,
                                         std::string_view domain,
                                         std::string_view setting); // 550 5.7.10 (I13)
[[nodiscard]] Reply sender_not_authenticated(std::string_view domain,
                                             std::string_view setting); // 550 5.7.26 (I14)

// The next hop and our own limits (I16-I18)
[[nodiscard]] Reply next_hop_unreachable();                       // 451 4.4.1 (I17)
[[nodiscard]] Reply next_hop_lost();                              // 451 4.4.2 (I17)
[[nodiscard]] Reply no_route(std::string_view domain);            // 550 5.7.1 relaying denied
[[nodiscard]] Reply may_not_submit(std::string_view client);      // 550 5.7.1
[[nodiscard]] Reply too_many_recipients();                        // 452 4.5.3
[[nodiscard]] Reply too_many_sessions(std::string_view hostname); // 421 4.3.2, closes
[[nodiscard]] Reply too_many_sessions_of_client(std::string_view hostname); // 421 4.7.0, closes
[[nodiscard]] Reply too_busy();                                             // 450 4.3.2
[[nodiscard]] Reply no_storage();                                           // 452 4.3.1
[[nodiscard]] Reply storage_failed();                                       // 452 4.3.0
[[nodiscard]] Reply timed_out(std::string_view hostname);                   // 421 4.4.2, closes
[[nodiscard]] Reply shutting_down(std::string_view hostname);               // 421 4.3.2, closes
[[nodiscard]] Reply internal_error();                                       // 451 4.3.0

} // namespace postern::smtp::replies
