#include "gateway/smtp/replies.h"

#include <catch2/catch.hpp>

#include <vector>

namespace replies = postern::smtp::replies;
using postern::smtp::After;
using postern::smtp::EnhancedCode;
using postern::smtp::Reply;

TEST_CASE("every reply has the code that COMPLIANCE and the RFCs give it") {
    struct Row {
        Reply reply;
        int code;
        EnhancedCode enhanced;
        After after;
    };
    const auto stays = After::keep_open;
    const auto close = After::close;
    const std::vector<Row> rows{
        {replies::greeting("mx"), 220, {}, stays},
        {replies::hello("mx"), 250, {}, stays},
        {replies::goodbye("mx"), 221, {2, 0, 0}, close},
        {replies::ok(), 250, {2, 0, 0}, stays},
        {replies::sender_ok(), 250, {2, 1, 0}, stays},
        {replies::recipient_ok(), 250, {2, 1, 5}, stays},
        {replies::start_mail_input(), 354, {}, stays},
        {replies::chunk_ok(5), 250, {2, 0, 0}, stays},
        {replies::accepted("id"), 250, {2, 0, 0}, stays},
        {replies::help(), 214, {2, 0, 0}, stays},
        {replies::cannot_verify(), 252, {2, 5, 0}, stays},
        {replies::unknown_command(), 500, {5, 5, 1}, stays},
        {replies::command_line_too_long(), 500, {5, 5, 2}, stays},
        {replies::not_implemented(), 502, {5, 5, 1}, stays},
        {replies::syntax("NOOP"), 501, {5, 5, 4}, stays},
        {replies::unknown_parameter("X"), 555, {5, 5, 4}, stays},
        {replies::bad_parameter("SIZE"), 501, {5, 5, 4}, stays},
        {replies::bad_sender_address(), 501, {5, 1, 7}, stays},
        {replies::bad_recipient_address(), 501, {5, 1, 3}, stays},
        {replies::address_needs_smtputf8(), 553, {5, 6, 7}, stays},
        {replies::hello_first(), 503, {5, 5, 1}, stays},
        {replies::mail_first(), 503, {5, 5, 1}, stays},
        {replies::recipient_first(), 503, {5, 5, 1}, stays},
        {replies::nested_mail(), 503, {5, 5, 1}, stays},
        {replies::bdat_and_data_mixed(), 503, {5, 5, 1}, stays},
        {replies::no_valid_recipients(), 554, {5, 5, 1}, stays},
        {replies::early_talker(), 554, {5, 5, 0}, close},
        {replies::proxies_only(), 554, {5, 7, 1}, close},
        {replies::not_pipelined_here(), 554, {5, 5, 0}, close},
        {replies::too_many_errors("mx"), 421, {4, 7, 0}, close},
        {replies::foreign_protocol(), 421, {4, 7, 0}, close},
        {replies::bare_line_end(), 550, {5, 6, 11}, close},
        {replies::nul_in_header(), 550, {5, 6, 0}, stays},
        {replies::text_line_too_long(), 554, {5, 6, 0}, stays},
        {replies::message_too_big(), 552, {5, 3, 4}, stays},
        {replies::header_too_big(), 552, {5, 3, 4}, stays},
        {replies::too_many_senders(), 550, {5, 6, 0}, stays},
        {replies::mail_loop(), 554, {5, 4, 6}, stays},
        {replies::ready_for_tls(), 220, {2, 0, 0}, stays},
        {replies::tls_not_available(), 454, {4, 7, 0}, stays},
        {replies::starttls_argument(), 501, {5, 5, 4}, stays},
        {replies::bytes_behind_starttls(), 454, {4, 5, 0}, close},
        {replies::already_in_tls(), 503, {5, 5, 1}, stays},
        {replies::must_starttls(), 530, {5, 7, 0}, stays},
        {replies::tls_required_at_mail("d", "s"), 530, {5, 7, 10}, stays},
        {replies::separate_transaction(), 452, {4, 5, 3}, stays},
        {replies::tls_required("d", "s"), 550, {5, 7, 10}, stays},
        {replies::tls_required_later("d", "s"), 451, {4, 7, 0}, stays},
        {replies::tls_version_required("1.3", "d", "s"), 550, {5, 7, 10}, stays},
        {replies::sender_not_authenticated("d", "s"), 550, {5, 7, 26}, stays},
        {replies::next_hop_unreachable(), 451, {4, 4, 1}, stays},
        {replies::next_hop_lost(), 451, {4, 4, 2}, stays},
        {replies::no_route("d"), 550, {5, 7, 1}, stays},
        {replies::may_not_submit("192.0.2.1"), 550, {5, 7, 1}, stays},
        {replies::too_many_recipients(), 452, {4, 5, 3}, stays},
        {replies::too_many_sessions("mx"), 421, {4, 3, 2}, close},
        {replies::too_many_sessions_of_client("mx"), 421, {4, 7, 0}, close},
        {replies::too_busy(), 450, {4, 3, 2}, stays},
        {replies::no_storage(), 452, {4, 3, 1}, stays},
        {replies::storage_failed(), 452, {4, 3, 0}, stays},
        {replies::timed_out("mx"), 421, {4, 4, 2}, close},
        {replies::shutting_down("mx"), 421, {4, 3, 2}, close},
        {replies::internal_error(), 451, {4, 3, 0}, stays},
    };
    for (const Row& row : rows) {
        CAPTURE(row.reply.text);
        CHECK(row.reply.code == row.code);
        CHECK(row.reply.enhanced == row.enhanced);
        CHECK(row.reply.after == row.after);
        CHECK_FALSE(row.reply.text.empty());
        // RFC 2034 4: the class of the enhanced code is that of the code.
        if (row.enhanced.present()) CHECK(row.enhanced.status == row.code / 100);
    }
}

TEST_CASE("the refusal for want of TLS names the domain and the setting") {
    CHECK(replies::tls_required("bank.example", "banks over TLS").text ==
          "TLS required: mail from bank.example is accepted over TLS only (banks over TLS)");
}

TEST_CASE("a line end in foreign text does not begin a line of the reply") {
    CHECK(wire_text(replies::tls_required("a\n250 b", "s")).find("\n250") == std::string::npos);
}
