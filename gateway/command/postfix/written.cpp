#include "gateway/command/postfix/written.h"

#include <algorithm>
#include <string_view>

namespace postern::command::postfix {
namespace {

// Entries have no control characters: a TOML string needs no other escapes (TOML 1.0, "String").
std::string toml_string(std::string_view text) {
    std::string out = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') out += '\\';
        out += letter;
    }
    return out + '"';
}

std::string list_file_of(const Group& group) {
    std::string name = group.name + ".txt";
    std::ranges::replace(name, ' ', '-');
    return name;
}

std::string list_of(const Group& group, Lists lists) {
    std::string out = "\n[[address_list]]\nname = " + toml_string(group.name) + "\n";
    if (lists == Lists::in_files) return out + "file = " + toml_string(list_file_of(group)) + "\n";
    out += "entries = [\n";
    for (const std::string& entry : group.entries)
        out += "    " + toml_string(entry) + ",\n";
    return out + "]\n";
}

std::string setting_of(const Group& group) {
    std::string out = "\n[[tls_compliance]]\nname = " + toml_string(group.name) + "\n";
    out += "address_lists = [" + toml_string(group.name) + "]\n";
    if (group.kind == TableKind::tls_policy) {
        out += "directions = [\"outbound\"]\n";
        if (group.required.demand == policy::Demand::tls_trusted_host)
            out += "require_trusted_certificate = true\n"
                   "validate_certificate_hostname = true\n";
        out += "on_tls_failure = \"retry\"     # as Postfix; \"bounce\" tells the sender at once\n";
    } else {
        out += "directions = [\"inbound\"]\n"
               "refuse_at_mail = true        # Postfix judges the envelope sender; From: counts "
               "besides\n";
    }
    return out + "minimum_tls_version = " + toml_string(policy::text(group.required.floor)) + "\n";
}

} // namespace

std::vector<WrittenFile> written(std::span<const Group> groups, Lists lists) {
    std::vector<WrittenFile> files;
    std::string policy = "# Taken over from Postfix by `postern import postfix`.\n";
    if (groups.empty()) policy += "# Nothing in its tables demands TLS.\n";
    for (const Group& group : groups) {
        policy += list_of(group, lists);
        policy += setting_of(group);
        if (lists == Lists::in_place) continue;
        WrittenFile& list = files.emplace_back();
        list.name = list_file_of(group);
        for (const std::string& entry : group.entries)
            list.text += entry + "\n";
    }
    files.push_back({.name = "postfix.toml", .text = std::move(policy)});
    return files;
}

} // namespace postern::command::postfix
