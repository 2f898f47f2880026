#include "gateway/smtp/report_facts.h"

#include <catch2/catch.hpp>

using namespace postern::smtp;

TEST_CASE("causes are named as COMPLIANCE names them") {
    CHECK(cause(Trouble::starttls_not_supported) == "starttls-not-supported");
    CHECK(cause(Trouble::starttls_refused) == "starttls-not-supported");
    CHECK(cause(Trouble::handshake_failed) == "validation-failure");
    CHECK(cause(Trouble::version_too_low) == "validation-failure");
    CHECK(cause(Trouble::certificate_not_trusted) == "certificate-not-trusted");
    CHECK(cause(Trouble::certificate_expired) == "certificate-expired");
    CHECK(cause(Trouble::certificate_host_mismatch) == "certificate-host-mismatch");
}

TEST_CASE("the troubles of TLS are told from the others") {
    CHECK_FALSE(is_about_tls(Trouble::none));
    CHECK(is_about_tls(Trouble::starttls_not_supported));
    CHECK(is_about_tls(Trouble::certificate_host_mismatch));
    CHECK_FALSE(is_about_tls(Trouble::refused));
}

TEST_CASE("there is always a status, of the class that fits the action") {
    ReportedRecipient recipient;
    const auto status = [&](Action action) {
        recipient.action = action;
        return status_text(recipient);
    };
    CHECK(status(Action::failed) == "5.0.0");
    CHECK(status(Action::delayed) == "4.0.0");
    CHECK(status(Action::relayed) == "2.0.0");
    recipient.status = {5, 7, 10};
    CHECK(status(Action::failed) == "5.7.10");
}
