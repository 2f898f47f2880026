#include "gateway/deliver/queue_desk.h"

#include "gateway/io/task_group.h"
#include "gateway/report/line.h"
#include "policy/fold.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <set>
#include <utility>

namespace postern::deliver {
namespace {

using Verb = QueueRequest::Verb;

// A message that is being moved on the disk can be had in a moment.
constexpr io::Duration compaction_moment{20};
constexpr int compaction_times = 250;
// Of a part of an answer: read together, and changed by one write to the disk.
constexpr std::size_t part_messages = 128;

struct VerbName {
    std::string_view name;
    Verb verb;
};
constexpr std::array verbs{VerbName{.name = "list", .verb = Verb::list},
                           VerbName{.name = "show", .verb = Verb::show},
                           VerbName{.name = "retry", .verb = Verb::retry},
                           VerbName{.name = "hold", .verb = Verb::hold},
                           VerbName{.name = "drop", .verb = Verb::drop}};

std::string_view take_word(std::string_view& words) {
    words.remove_prefix(std::min(words.find_first_not_of(' '), words.size()));
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(word.size());
    return word;
}

std::string folded(std::string_view text) {
    std::string lower;
    for (const char letter : text) {
        lower += policy::lower_case(letter);
    }
    return lower;
}

std::optional<std::uint64_t> number_from(std::string_view text, int base) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::unexpected<std::string> wrong(std::string_view what, std::string_view word) {
    return std::unexpected{std::string{what} + " \"" + std::string{word} + "\""};
}

using Taken = std::expected<void, std::string>;

Taken take_id(QueueRequest& request, std::string_view word) {
    const auto id = number_from(word, 16);
    if (!id) return wrong("this is no message id:", word);
    request.ids.push_back(*id);
    return {};
}

Taken take_condition(QueueRequest& request, std::string_view name, std::string_view value) {
    if (value.empty()) return wrong("a value is missing behind", name);
    if (name == "--from") {
        request.sender = folded(value);
    } else if (name == "--to") {
        request.recipient = folded(value);
    } else if (name == "--limit") {
        const auto limit = number_from(value, 10);
        if (!limit) return wrong("this is no number:", value);
        request.limit = *limit;
    } else {
        return wrong("unknown argument", name);
    }
    return {};
}

// An address, or the domain of one.
bool fits(std::string_view condition, const smtp::Path& path) {
    if (condition.empty()) return true;
    return condition == folded(path.address()) || condition == folded(path.domain());
}

bool is_open(const spool::Recipient& recipient) {
    return recipient.state == spool::State::waiting || recipient.state == spool::State::held;
}

bool fits(const QueueRequest& request, const spool::Message& message) {
    if (!fits(request.sender, message.mail.sender)) return false;
    return request.recipient.empty() ||
           std::ranges::any_of(message.recipients, [&](const spool::Recipient& recipient) {
               return is_open(recipient) && fits(request.recipient, recipient.envelope.path);
           });
}

std::string_view text(spool::State state) {
    switch (state) {
    case spool::State::waiting: return "waiting";
    case spool::State::held: return "held";
    case spool::State::delivered: return "delivered";
    case spool::State::failed: return "failed";
    }
    return "waiting";
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
    out.append("\"").append(key).append("\":");
    report::append_json(out, value);
}

void append_time(std::string& out, std::string_view key, spool::Time time) {
    out.append("\"").append(key).append("\":\"");
    report::append_time(out, time);
    out += '"';
}

void append_recipient(std::string& out, const spool::Recipient& recipient) {
    out += '{';
    append_text(out, "to", recipient.envelope.path.address());
    out += ',';
    append_text(out, "state", text(recipient.state));
    out += ",\"attempts\":" + std::to_string(recipient.attempts);
    if (recipient.state == spool::State::waiting) {
        out += ',';
        append_time(out, "next", recipient.next);
    }
    if (recipient.attempts > 0) {
        out += ',';
        append_time(out, "last", recipient.last);
        out += ',';
        append_text(out, "status", recipient.status);
        out += ',';
        append_text(out, "host", recipient.remote);
        out += ',';
        append_text(out, "reply", recipient.diagnostic);
    }
    out += '}';
}

void append_message(std::string& out, const spool::Message& message, bool done) {
    out += '{';
    append_text(out, "id", spool::text(message.id));
    out += ',';
    append_time(out, "arrival", message.arrival);
    out += ',';
    append_text(out, "from", message.mail.sender.address());
    out += ",\"bytes\":" + std::to_string(message.content_bytes);
    out += ",\"recipients\":[";
    bool first = true;
    for (const spool::Recipient& recipient : message.recipients) {
        if (!std::exchange(first, false)) out += ',';
        append_recipient(out, recipient);
    }
    out += done ? "]}\n" : "],\"done\":false}\n";
}

std::string time_text(spool::Time time) {
    std::string text;
    report::append_time(text, time);
    return text;
}

// For people: a line for the message, and one for each recipient.
void append_lines(std::string& out, const spool::Message& message, bool done) {
    const std::string_view from = message.mail.sender.address();
    out += spool::text(message.id) + "  " + time_text(message.arrival) + "  " +
           std::to_string(message.content_bytes) + " bytes  from " +
           (from.empty() ? std::string{"<>"} : std::string{from});
    out += done ? "\n" : "  (is being delivered: nothing was done)\n";
    for (const spool::Recipient& recipient : message.recipients) {
        out += "    " + std::string{recipient.envelope.path.address()} + "  " +
               std::string{text(recipient.state)};
        if (recipient.state == spool::State::waiting) out += " until " + time_text(recipient.next);
        if (recipient.attempts > 0) {
            out += "  after " + std::to_string(recipient.attempts) + ": " + recipient.diagnostic;
        }
        out += '\n';
    }
}

void change(spool::Message& message, Verb verb) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    for (spool::Recipient& recipient : message.recipients) {
        if (!is_open(recipient)) continue;
        if (verb == Verb::drop) recipient.state = spool::State::failed;
        if (verb == Verb::hold) recipient.state = spool::State::held;
        if (verb != Verb::retry) continue;
        recipient.state = spool::State::waiting;
        recipient.next = now;
    }
}

// A message that a part of an answer may be about.
struct Row {
    spool::MessageId id = 0;
    std::optional<spool::Message> message; // none: it does not fit, or is gone
    bool done = true;
};

// `after`: where the next part begins.
std::vector<Row>
rows_for(const spool::Spool& spool, const QueueRequest& request, spool::MessageId& after) {
    std::vector<Row> rows;
    if (!request.ids.empty()) { // as many as fit into one line
        const std::set<spool::MessageId> ids{request.ids.begin(), request.ids.end()};
        for (const spool::MessageId id : ids) {
            rows.push_back({.id = id, .message = std::nullopt});
        }
        return rows;
    }
    for (const spool::Entry& entry : spool.page(request.after, part_messages)) {
        rows.push_back({.id = entry.id, .message = std::nullopt});
    }
    if (rows.size() == part_messages) after = rows.back().id;
    return rows;
}

io::Task<void> look(spool::Spool& spool, const QueueRequest& request, Row& row) {
    auto message = co_await spool.look(row.id);
    if (message && fits(request, *message)) row.message = std::move(*message);
}

// False: it is being delivered, or the disk does not work.
io::Task<bool> change_on_disk(spool::Spool& spool, Verb verb, spool::MessageId id) {
    bool taken = spool.take(id);
    for (int times = 0; !taken && spool.compacting() && times < compaction_times; ++times) {
        [[maybe_unused]] const bool earlier = co_await spool.earlier().wait(compaction_moment);
        taken = spool.take(id);
    }
    if (!taken) co_return false;
    auto message = co_await spool.load(id);
    if (!message) {
        constexpr std::chrono::minutes later{1};
        spool.put_back(
            id, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + later);
        co_return false;
    }
    change(*message, verb);
    if (verb == Verb::drop) {
        const auto done = co_await spool.done(*message);
        if (!done) spool.put_back(id, message->arrival);
        co_return done.has_value();
    }
    std::vector<std::uint32_t> changed(message->recipients.size());
    for (std::uint32_t number = 0; number < changed.size(); ++number) {
        changed[number] = number;
    }
    const auto written = co_await spool.outcome(*message, std::move(changed));
    spool.put_back(*message);
    co_return written.has_value();
}

io::Task<void> carry_out(spool::Spool& spool, Verb verb, Row& row) {
    row.done = co_await change_on_disk(spool, verb, row.id);
}

io::Task<void> all_of(io::TaskGroup& tasks) {
    constexpr io::Duration longest = std::chrono::hours{1};
    while (tasks.running() > 0) {
        [[maybe_unused]] const bool ended = co_await tasks.ended(longest);
    }
}

} // namespace

std::expected<QueueRequest, std::string> parse_queue_request(std::string_view words) {
    const std::string_view name = take_word(words);
    const auto verb = std::ranges::find(verbs, name, &VerbName::name);
    if (verb == verbs.end()) return wrong("the queue knows no", name);
    QueueRequest request;
    request.verb = verb->verb;
    bool all = false;
    for (std::string_view word = take_word(words); !word.empty(); word = take_word(words)) {
        if (word == "--all" || word == "--json") {
            (word == "--all" ? all : request.json) = true;
            continue;
        }
        const bool has_value = word.starts_with("--");
        const auto taken =
            has_value ? take_condition(request, word, take_word(words)) : take_id(request, word);
        if (!taken) return std::unexpected{taken.error()};
    }
    const bool any = request.ids.empty() && request.sender.empty() && request.recipient.empty();
    if (any && !all && request.verb != Verb::list) {
        return std::unexpected{"which messages? Give ids, --from, --to, or --all"};
    }
    return request;
}

std::string text(const QueueRequest& request) {
    std::string words{std::ranges::find(verbs, request.verb, &VerbName::verb)->name};
    for (const spool::MessageId id : request.ids) {
        words += ' ' + spool::text(id);
    }
    if (!request.sender.empty()) words += " --from " + request.sender;
    if (!request.recipient.empty()) words += " --to " + request.recipient;
    if (request.limit != SIZE_MAX) words += " --limit " + std::to_string(request.limit);
    const bool any = request.ids.empty() && request.sender.empty() && request.recipient.empty();
    if (any && request.verb != Verb::list) words += " --all";
    if (request.json) words += " --json";
    return words;
}

io::Task<QueueAnswer> serve_queue(spool::Spool& spool, const QueueRequest& request) {
    QueueAnswer answer;
    std::vector<Row> rows = rows_for(spool, request, answer.after);
    io::TaskGroup tasks{spool.ring()};
    for (Row& row : rows) {
        tasks.spawn(look(spool, request, row));
    }
    co_await all_of(tasks);
    std::erase_if(rows, [](const Row& row) { return !row.message; });
    if (rows.size() > request.limit) rows.resize(request.limit);
    if (request.verb != Verb::list && request.verb != Verb::show) {
        for (Row& row : rows) {
            tasks.spawn(carry_out(spool, request.verb, row));
        }
        co_await all_of(tasks);
    }
    for (const Row& row : rows) {
        if (request.json) {
            append_message(answer.text, *row.message, row.done);
        } else {
            append_lines(answer.text, *row.message, row.done);
        }
    }
    answer.messages = rows.size();
    co_return answer;
}

bool go_on(QueueRequest& request, const QueueAnswer& answer) {
    request.limit -= std::min(request.limit, answer.messages);
    request.after = answer.after;
    return request.limit > 0 && request.after != 0;
}

} // namespace postern::deliver
