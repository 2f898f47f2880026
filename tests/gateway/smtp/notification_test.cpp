#include "gateway/smtp/client.h"
#include "gateway/smtp/notification.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using namespace postern::smtp;

namespace {

const Extensions everything = Extensions{}.add(Extension::dsn).add(Extension::size);

Mail mail(std::string_view argument) { return parse_mail(argument, everything).value(); }

Recipient recipient(std::string_view notify) {
    const std::string parameter = notify.empty() ? "" : " NOTIFY=" + std::string(notify);
    return parse_rcpt("TO:<b@b.example>" + parameter, everything, Utf8::refused).value();
}

bool due(std::string_view notify, Action action, NextHop next_hop = NextHop::without_dsn) {
    const Path sender = mail("FROM:<a@a.example>").sender;
    return report_is_due(sender, recipient(notify).notify, action, next_hop);
}

constexpr Action actions[]{
    Action::failed, Action::delayed, Action::delivered, Action::relayed, Action::expanded};

} // namespace

TEST_CASE("NOTIFY says who is told what; without it, failure and delay") {
    struct Row {
        std::string_view notify;
        bool failed, delayed, success;
    };
    for (const Row& row : {
             Row{"", true, true, false},
             Row{"NEVER", false, false, false},
             Row{"FAILURE", true, false, false},
             Row{"DELAY", false, true, false},
             Row{"SUCCESS", false, false, true},
             Row{"FAILURE,DELAY", true, true, false},
             Row{"SUCCESS,FAILURE", true, false, true},
             Row{"SUCCESS,FAILURE,DELAY", true, true, true},
         }) {
        CAPTURE(row.notify);
        CHECK(due(row.notify, Action::failed) == row.failed);
        CHECK(due(row.notify, Action::delayed) == row.delayed);
        CHECK(due(row.notify, Action::relayed) == row.success);
        CHECK(due(row.notify, Action::delivered) == row.success);
        CHECK(due(row.notify, Action::expanded) == row.success);
    }
}

TEST_CASE("the null sender is told nothing") {
    for (const Action action : actions) {
        CAPTURE(text(action));
        CHECK_FALSE(report_is_due(mail("FROM:<>").sender,
                                  recipient("SUCCESS,FAILURE,DELAY").notify,
                                  action,
                                  NextHop::without_dsn));
    }
}

TEST_CASE("what a next hop with DSN was handed on is reported by it, and what failed by us") {
    CHECK_FALSE(due("SUCCESS", Action::relayed, NextHop::with_dsn));
    CHECK(due("SUCCESS", Action::relayed, NextHop::without_dsn));
    CHECK(due("SUCCESS,FAILURE", Action::failed, NextHop::with_dsn));
    CHECK(due("", Action::delayed, NextHop::with_dsn));
    CHECK(due("SUCCESS", Action::delivered, NextHop::with_dsn));

    std::string said;
    append_mail(said, mail("FROM:<a@a.example> RET=HDRS ENVID=x+2By"), everything);
    append_rcpt(said, recipient("SUCCESS,DELAY ORCPT=rfc822;c@b.example"), everything);
    CHECK(said == "MAIL FROM:<a@a.example> RET=HDRS ENVID=x+2By\r\n"
                  "RCPT TO:<b@b.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c@b.example\r\n");
}
