#include "gateway/deliver/course.h"

#include "gateway/smtp/field.h"
#include "policy/fold.h"

#include <algorithm>
#include <utility>

namespace postern::deliver {
namespace {

policy::Address address_of(const smtp::Path& path) {
    if (path.is_null()) return {};
    return policy::Address::of_mailbox(path.local_value(), path.domain());
}

std::string folded(std::string_view text) {
    std::string lower;
    lower.reserve(text.size());
    for (const char letter : text) {
        lower += policy::lower_case(letter);
    }
    return lower;
}

// A condition on a field counts without regard to case, in any field of that name.
bool header_matches(const policy::RoutingRule::Header& condition, std::string_view header) {
    const std::string name = folded(condition.name);
    const std::string wanted = folded(condition.contains);
    smtp::FieldReader reader{header, smtp::Stuffing::plain};
    while (const auto field = reader.next()) {
        if (folded(field->name) != name) continue;
        if (folded(smtp::field_value(*field, smtp::Stuffing::plain)).contains(wanted)) return true;
    }
    return false;
}

bool is_on(const std::vector<const policy::AddressList*>& lists, const policy::Address& address) {
    return lists.empty() || std::ranges::any_of(lists, [&](const policy::AddressList* list) {
               return list->find(address).has_value();
           });
}

// What routing rules make of one recipient of one message.
class Judge {
public:
    Judge(const policy::Snapshot& policy, policy::Address sender, std::string_view header)
        : policy_(policy), sender_(std::move(sender)) {
        for (const auto& rule : policy.routing()) {
            if (rule->header && !header_matches(*rule->header, header)) continue;
            if (is_on(rule->senders, sender_)) rules_.push_back(rule.get());
        }
    }

    [[nodiscard]] Course course_of(const policy::Address& recipient) const {
        Course course;
        bool is_marked = false;
        for (const policy::RoutingRule* rule : rules_) { // the first that names a route counts
            if (!is_on(rule->recipients, recipient)) continue;
            is_marked |= rule->require_secure_transport;
            if (course.route == nullptr) course.route = rule->route;
        }
        if (course.route == nullptr) course.route = policy_.route_for(recipient.domain());
        const bool by_secure_route = course.route != nullptr && course.route->tls_required;
        policy::Requirement requirement = policy_.outbound_requirement(
            sender_,
            recipient,
            is_marked || by_secure_route ? policy::Marked::yes : policy::Marked::no);
        course.demanded = std::move(requirement.enforced);
        if (is_marked) raise(course, policy::Demand::tls);
        if (course.route != nullptr) raise(course, course.route->demand());
        course.reported = std::move(requirement.reported);
        if (course.by_mx()) course.domain = recipient.domain();
        return course;
    }

private:
    static void raise(Course& course, policy::Demand demand) {
        course.demanded.required.raise({.demand = demand, .floor = policy::TlsVersion::none});
    }

    const policy::Snapshot& policy_;
    policy::Address sender_;
    std::vector<const policy::RoutingRule*> rules_; // that the message itself fits
};

bool travel_together(const Course& one, const Course& other) {
    return one.route == other.route && one.domain == other.domain &&
           one.demanded.required == other.demanded.required &&
           one.demanded.on_tls_failure == other.demanded.on_tls_failure &&
           one.demanded.matches == other.demanded.matches;
}

bool is_due(const spool::Recipient& recipient, spool::Time now) {
    return recipient.state == spool::State::waiting && recipient.next <= now;
}

} // namespace

std::string Course::place() const { return by_mx() ? domain : "route " + route->name; }

bool needs_header(const policy::Snapshot& policy) {
    return std::ranges::any_of(policy.routing(),
                               [](const auto& rule) { return rule->header.has_value(); });
}

Course course_of(const policy::Snapshot& policy,
                 const policy::Address& sender,
                 const policy::Address& recipient,
                 std::string_view header) {
    return Judge{policy, sender, header}.course_of(recipient);
}

std::vector<Course> courses_of(const policy::Snapshot& policy,
                               const spool::Message& message,
                               std::string_view header,
                               spool::Time now) {
    const Judge judge{policy, address_of(message.mail.sender), header};
    std::vector<Course> courses;
    for (std::uint32_t number = 0; number < message.recipients.size(); ++number) {
        const spool::Recipient& recipient = message.recipients[number];
        if (!is_due(recipient, now)) continue;
        Course course = judge.course_of(address_of(recipient.envelope.path));
        const auto known = std::ranges::find_if(
            courses, [&](const Course& other) { return travel_together(other, course); });
        Course& joined = known != courses.end() ? *known : courses.emplace_back(std::move(course));
        joined.recipients.push_back(number);
    }
    return courses;
}

bool is_confidential(const policy::Snapshot& policy,
                     const spool::Message& message,
                     std::string_view header) {
    const Judge judge{policy, address_of(message.mail.sender), header};
    return std::ranges::any_of(message.recipients, [&](const spool::Recipient& recipient) {
        const Course course = judge.course_of(address_of(recipient.envelope.path));
        return course.demanded.required.demand != policy::Demand::none;
    });
}

} // namespace postern::deliver
