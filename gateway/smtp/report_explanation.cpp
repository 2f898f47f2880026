#include "gateway/smtp/report_explanation.h"

#include "gateway/smtp/foreign_text.h"
#include "gateway/smtp/received.h"
#include "gateway/smtp/report_text.h"

#include <algorithm>
#include <cstddef>

namespace postern::smtp {

namespace {

constexpr std::size_t word_bytes_max = 520;   // an address, a host name
constexpr std::size_t reply_bytes_max = 2000; // about what fits a screen
constexpr std::size_t reply_width = 72;
constexpr std::string_view reply_indentation = "    ";
constexpr std::string_view between_languages =
    "------------------------------------------------------------------------\r\n\r\n";

using Values = std::vector<ReportValue>;

// One language's texts with the values at hand.
struct Writer {
    ReportTexts texts;
    Values values;
    std::string out;

    void add(std::string_view name) { append_report_text(out, texts.of(name), values); }
    void add(std::string_view kind, std::string_view name) {
        add(std::string(kind) + "." + std::string(name));
    }
};

// "failed", "delayed" or "success": the worst of all recipients.
std::string_view worst(const ReportFacts& facts) {
    const auto any = [&](Action action) {
        return std::ranges::find(facts.recipients, action, &ReportedRecipient::action) !=
               facts.recipients.end();
    };
    if (any(Action::failed)) return "failed";
    return any(Action::delayed) ? "delayed" : "success";
}

std::string date_of(std::time_t time, const Reporter& reporter) {
    std::string date;
    append_date(date, time, reporter.offset_minutes);
    return date;
}

// Where to cut a line that is too long: at a blank, else between characters.
std::size_t cut_of(std::string_view line) {
    if (line.size() <= reply_width) return line.size();
    const std::size_t blank = line.rfind(' ', reply_width);
    if (blank != std::string_view::npos && blank > 0) return blank;
    std::size_t cut = reply_width;
    while ((static_cast<unsigned char>(line[cut]) & 0xC0U) == 0x80U)
        --cut;
    return cut;
}

// The reply as lines of their own that cannot be taken for ours.
std::string quoted(std::string_view reply) {
    std::string out;
    std::size_t left = reply_bytes_max;
    while (!reply.empty() && left > 0) {
        const std::string_view raw = reply.substr(0, reply.find('\n'));
        reply.remove_prefix(std::min(raw.size() + 1, reply.size()));
        const std::string line = readable_line(raw, left);
        left -= std::min(left, line.size() + 1);
        for (std::string_view rest = line; !rest.empty();) {
            const std::size_t cut = cut_of(rest);
            if (!out.empty()) out += "\r\n";
            out += reply_indentation;
            out += rest.substr(0, cut);
            rest.remove_prefix(cut);
        }
    }
    return out;
}

std::string domain_of(const Path& path, const Reporter& reporter) {
    const std::string_view domain = path.domain();
    return readable_line(domain.empty() ? reporter.hostname : domain, word_bytes_max);
}

Values common_values(const ReportFacts& facts, const Reporter& reporter) {
    return {
        {"gateway", readable_line(reporter.hostname, word_bytes_max)},
        {"postmaster", readable_line(reporter.postmaster, word_bytes_max)},
        {"sender", readable_line(facts.mail.sender.address(), word_bytes_max)},
        {"arrival", date_of(facts.arrival, reporter)},
    };
}

Values values_of(const ReportedRecipient& of, const Reporter& reporter) {
    const std::string domain = domain_of(of.recipient.path, reporter);
    return {
        {"recipient", readable_line(of.recipient.path.address(), word_bytes_max)},
        {"domain", domain},
        {"host", of.host.empty() ? domain : readable_line(of.host, word_bytes_max)},
        {"setting", readable_line(of.setting, word_bytes_max)},
        {"attempts", std::to_string(of.attempts)},
        {"last", date_of(of.last_attempt, reporter)},
        {"until", date_of(of.retry_until, reporter)},
        {"status", status_text(of)},
        {"detail", readable_line(of.detail, word_bytes_max)},
        {"reply", quoted(of.reply)},
    };
}

void append_recipient(Writer& writer, const ReportedRecipient& of) {
    writer.out += "\r\n";
    writer.add("recipient", text(of.action));
    if (of.trouble != Trouble::none) {
        writer.out += "\r\n";
        writer.add("trouble", text(of.trouble));
    }
    if (!of.detail.empty()) writer.add("detail");
    if (!of.reply.empty()) writer.add("reply");
    if (is_about_tls(of.trouble)) {
        writer.out += "\r\n";
        if (!of.setting.empty()) writer.add("demand");
        writer.add(of.attempts == 1 ? "once" : "several");
        writer.add("advice");
    }
    const bool expired = of.action == Action::failed && of.status == delivery_time_expired;
    if (expired) writer.add("expired");
    if (of.action == Action::delayed) writer.add("retry");
}

std::string explanation_in(Language language,
                           const ReportFacts& facts,
                           const Reporter& reporter,
                           Returned returned) {
    const Values common = common_values(facts, reporter);
    Writer writer{.texts = ReportTexts(language), .values = common, .out = {}};
    writer.add("opening", worst(facts));
    for (const ReportedRecipient& recipient : facts.recipients) {
        writer.values = values_of(recipient, reporter);
        append_recipient(writer, recipient);
    }
    writer.values = common;
    writer.out += "\r\n";
    writer.add("closing", returned == Returned::message ? "message" : "headers");
    return writer.out;
}

} // namespace

std::string_view report_subject(const ReportFacts& facts, Language language) {
    return ReportTexts(language).of("subject." + std::string(worst(facts)));
}

std::string
report_explanation(const ReportFacts& facts, const Reporter& reporter, Returned returned) {
    std::string out;
    if (reporter.language == Language::japanese) {
        out += explanation_in(Language::japanese, facts, reporter, returned);
        out += "\r\n";
        out += between_languages;
    }
    out += explanation_in(Language::english, facts, reporter, returned);
    return out;
}

} // namespace postern::smtp
