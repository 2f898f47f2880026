#pragma once

#include "policy/compliance.h"
#include "policy/document.h"
#include "policy/route.h"

#include <optional>
#include <string>
#include <vector>

namespace postern::policy {

/// What policy.toml and its includes say, table by table: values are checked, names of other things
/// are still words with their places. A name is empty where it was missing; that mistake is
/// recorded.
struct OrganizationDraft {
    std::string file;
    Text name;
    Text parent; // "": none
    std::vector<Text> domains;
    std::vector<Text> addresses;
};

struct ListDraft {
    std::string file;
    Text name;
    std::vector<Text> entries;
    std::vector<Text> files; // taken from the directory of `file` already
};

struct SettingDraft {
    std::string file;
    Text name;
    Text organization; // "": everybody
    std::vector<Text> address_lists;
    Setting values; // all but what the words above stand for
};

struct RoutingDraft {
    std::string file;
    Text name;
    std::vector<Text> senders;
    std::vector<Text> recipients;
    std::optional<RoutingRule::Header> header;
    bool require_secure_transport = false;
    Text route; // "": none
};

struct RouteDraft {
    std::string file;
    Text name;
    std::vector<Text> domains;
    Route values; // all but the name and the domains
};

struct Draft {
    std::vector<OrganizationDraft> organizations;
    std::vector<ListDraft> lists;
    std::vector<SettingDraft> settings;
    std::vector<RoutingDraft> routing;
    std::vector<RouteDraft> routes;
};

/// Adds what one document says to the draft; its mistakes are recorded by the table. `include` is
/// left to the caller, who asks for it.
void read_draft(Table& root, Draft& draft);

} // namespace postern::policy
