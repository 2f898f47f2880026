#pragma once

#include "gateway/spool/message.h"
#include "policy/snapshot.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::deliver {

// Recipients of one message that travel together, since they go one way under one demand. What it
// points to lives as long as the policy snapshot.
struct Course {
    std::vector<std::uint32_t> recipients; // their numbers in the message
    const policy::Route* route = nullptr;  // null: to the mail hosts of `domain`
    std::string domain;                    // canonical; with a route that names hosts: ""
    policy::Demanded demanded; // what the connection must prove, and which settings say so
    policy::Demanded reported; // what settings in report mode would demand: for the log only

    // By the MX of its domain, rather than to hosts that a route names.
    [[nodiscard]] bool by_mx() const { return route == nullptr || route->mx; }
    // Where it goes, in one word: deliveries to the same place share what is known of it.
    [[nodiscard]] std::string place() const;
};

// Whether the header section has to be known to say which way a message goes.
[[nodiscard]] bool needs_header(const policy::Snapshot& policy);

// The course of one recipient, whose number it leaves out. What `explain` tells is this.
[[nodiscard]] Course course_of(const policy::Snapshot& policy,
                               const policy::Address& sender,
                               const policy::Address& recipient,
                               std::string_view header);

// The courses of those recipients who wait and are due. Judged anew for every attempt, each
// recipient on its own (COMPLIANCE, "Outbound"). `header`: the header section, dots not stuffed.
[[nodiscard]] std::vector<Course> courses_of(const policy::Snapshot& policy,
                                             const spool::Message& message,
                                             std::string_view header,
                                             spool::Time now);

// Some demand is made for some recipient, whatever has become of that one: the content is never
// sent back in a report.
[[nodiscard]] bool is_confidential(const policy::Snapshot& policy,
                                   const spool::Message& message,
                                   std::string_view header);

} // namespace postern::deliver
