#pragma once

#include "gateway/configuration.h"
#include "gateway/deliver/course.h"
#include "gateway/deliver/destination.h"
#include "gateway/deliver/office.h"
#include "gateway/deliver/outcome.h"
#include "gateway/io/task.h"

#include <expected>
#include <random>

namespace postern::deliver {

// Finds the hosts that a course leads to: those that its route names, else the mail hosts of its
// domain (RFC 5321 5.1). Lives for one search.
class Finder {
public:
    using Random = std::minstd_rand;

    Finder(const Office& office, const gateway::Configuration& configuration, Random& random)
        : office_(office), configuration_(configuration), random_(random) {}

    // Else what that means for every recipient of the course.
    [[nodiscard]] io::Task<std::expected<Destination, Outcome>> find(const Course& course);

private:
    // Ways that demand nothing yet.
    [[nodiscard]] io::Task<std::expected<Way, Outcome>> way_of(const policy::Route* route,
                                                               const std::string& domain);
    [[nodiscard]] std::vector<Host> named_by(const policy::Route& route);
    [[nodiscard]] io::Task<std::expected<Way, Outcome>> mail_hosts(const std::string& domain);
    [[nodiscard]] bool is_our_own(const std::string& domain) const;
    [[nodiscard]] io::Task<dns::Resolver::Found> ask(const std::string& domain) const;

    const Office& office_; // its resolver changes while we wait
    const gateway::Configuration& configuration_;
    Random& random_;
};

} // namespace postern::deliver
