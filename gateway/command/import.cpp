#include "gateway/command/import.h"

#include "gateway/command/postfix/conversion.h"
#include "gateway/command/postfix/table.h"
#include "gateway/command/postfix/written.h"
#include "policy/document.h"
#include "policy/file.h"

#include <algorithm>
#include <array>
#include <expected>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace postern::command {
namespace {

constexpr std::string_view help =
    "usage: postern import postfix [OPTIONS] FILE...\n"
    "\n"
    "Turns tables of Postfix into address lists and [[tls_compliance]] settings, and says what "
    "has\n"
    "no equivalent, one line each:\n"
    "\n"
    "  FILE:LINE:COLUMN: what mail will be judged differently by\n"
    "  FILE:LINE:COLUMN: warning: what makes no difference\n"
    "\n"
    "FILE is the text that postmap reads, with or without its type: hash:/etc/postfix/tls_policy.\n"
    "Several of one kind are looked up in this order. Settings of main.cf are not read.\n"
    "\n"
    "  --table KIND       smtp_tls_policy_maps or check_sender_access (default: by what is in it)\n"
    "  --subdomains WORD  check_sender_access: which keys stand for subdomains; \"domain\" (the\n"
    "                     default, as Postfix's): example.com does; \"dot\": only .example.com\n"
    "                     does, when smtpd_access_maps is not in parent_domain_matches_subdomains\n"
    "  --output DIR       write DIR/postfix.toml and a file for each list, instead of printing;\n"
    "                     nothing that exists is replaced\n"
    "\n"
    "Exit code: 0 what came out means what the tables mean; 1 something was left out or means\n"
    "something else, or a file cannot be read or written; 2 usage.\n";

using postfix::Subdomains;
using postfix::TableKind;

struct Request {
    bool help = false;
    std::optional<TableKind> kind;
    Subdomains subdomains = Subdomains::with_domain;
    std::string output; // "": print
    std::vector<std::string> files;
};

using Complaint = std::optional<std::string>; // the sentence to print before exiting with 2

Complaint take_table(Request& request, std::string_view value) {
    if (value == "smtp_tls_policy_maps") request.kind = TableKind::tls_policy;
    if (value == "check_sender_access") request.kind = TableKind::sender_access;
    if (request.kind) return std::nullopt;
    return postfix::quoted(value) + " is no table; use smtp_tls_policy_maps or check_sender_access";
}

Complaint take_subdomains(Request& request, std::string_view value) {
    if (value != "domain" && value != "dot")
        return postfix::quoted(value) + " stands for no subdomains; use domain or dot";
    request.subdomains = value == "dot" ? Subdomains::with_dot : Subdomains::with_domain;
    return std::nullopt;
}

Complaint take_output(Request& request, std::string_view value) {
    request.output = value;
    return value.empty() ? Complaint("--output needs the name of a directory") : std::nullopt;
}

// `hash:/etc/postfix/access`: postmap's way to name a table. Other types have no source to read.
Complaint take_file(Request& request, std::string_view argument) {
    constexpr std::array<std::string_view, 7> indexed{
        "hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash"};
    const std::size_t colon = argument.find(':');
    const std::string_view type = argument.substr(0, colon);
    if (colon == std::string_view::npos || type.contains('/')) {
        request.files.emplace_back(argument);
        return std::nullopt;
    }
    if (std::ranges::find(indexed, type) == indexed.end())
        return "tables of the type " + postfix::quoted(type) +
               " cannot be taken over, only indexed ones: hash, btree, lmdb, cdb, dbm, sdbm and "
               "texthash";
    request.files.emplace_back(argument.substr(colon + 1));
    return std::nullopt;
}

struct Taker {
    std::string_view name;
    Complaint (*take)(Request&, std::string_view);
};

constexpr std::array takers{
    Taker{"--table", take_table},
    Taker{"--subdomains", take_subdomains},
    Taker{"--output", take_output},
};

Complaint take_argument(Request& request, std::span<const std::string_view>& arguments) {
    const std::string_view argument = arguments.front();
    arguments = arguments.subspan(1);
    if (argument == "--help" || argument == "-h") {
        request.help = true;
        return std::nullopt;
    }
    if (!argument.starts_with('-')) return take_file(request, argument);
    const std::size_t equals = argument.find('=');
    const auto* const taker = std::ranges::find(takers, argument.substr(0, equals), &Taker::name);
    if (taker == takers.end())
        return "unknown argument " + postfix::quoted(argument) + "; try --help";
    if (equals != std::string_view::npos) return taker->take(request, argument.substr(equals + 1));
    if (arguments.empty()) return std::string(argument) + " needs a value";
    const std::string_view value = arguments.front();
    arguments = arguments.subspan(1);
    return taker->take(request, value);
}

std::expected<Request, std::string> read(std::span<const std::string_view> arguments) {
    Request request;
    if (arguments.empty()) return std::unexpected("say from what: postfix; try --help");
    const bool known = arguments.front() == "postfix";
    if (known) arguments = arguments.subspan(1);
    while (!arguments.empty()) {
        if (auto complaint = take_argument(request, arguments)) return std::unexpected(*complaint);
    }
    if (request.help) return request;
    if (!known) return std::unexpected("only postfix can be imported from; try --help");
    if (request.files.empty()) return std::unexpected("no FILE is given; try --help");
    return request;
}

struct Tables {
    std::vector<postfix::Table> tables;
    bool unreadable = false;
    std::string ambiguous; // a file whose kind has to be said
};

Tables read_tables(const Request& request, policy::Mistakes& mistakes) {
    Tables read;
    for (const std::string& file : request.files) {
        const auto text = policy::read_file(file, postfix::table_bytes_max);
        if (!text) {
            mistakes.error(file, {}, text.error());
            read.unreadable = true;
            continue;
        }
        auto entries = postfix::read_table(*text, file, mistakes);
        const auto kind = request.kind ? request.kind : postfix::kind_of(entries);
        if (!kind && !entries.empty()) read.ambiguous = file;
        if (kind)
            read.tables.push_back({.file = file, .kind = *kind, .entries = std::move(entries)});
    }
    return read;
}

/// The error is a sentence.
std::expected<void, std::string> write(const std::string& directory,
                                       const std::vector<postfix::WrittenFile>& files) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return std::unexpected(directory + " cannot be made: " + error.message());
    for (const postfix::WrittenFile& file : files) {
        const std::string path = std::filesystem::path(directory) / file.name;
        if (std::filesystem::exists(path, error)) return std::unexpected(path + " exists already");
    }
    for (const postfix::WrittenFile& file : files) {
        const std::string path = std::filesystem::path(directory) / file.name;
        std::ofstream stream(path, std::ios::binary | std::ios::noreplace);
        stream << file.text << std::flush;
        if (!stream) return std::unexpected(path + " cannot be written");
    }
    return {};
}

std::expected<void, std::string>
hand_out(const std::vector<postfix::Group>& groups, const std::string& output, std::ostream& out) {
    if (!output.empty()) return write(output, written(groups, postfix::Lists::in_files));
    const std::string text = std::move(written(groups, postfix::Lists::in_place).back().text);
    if (text.size() > policy::document_bytes_max)
        return std::unexpected("that is too long for one file; use --output");
    out << text;
    return {};
}

} // namespace

int import_tables(std::span<const std::string_view> arguments,
                  std::ostream& out,
                  std::ostream& err) {
    const auto request = read(arguments);
    if (!request) {
        err << "postern import: " << request.error() << '\n';
        return 2;
    }
    if (request->help) {
        out << help;
        return 0;
    }
    policy::Mistakes mistakes;
    const Tables read = read_tables(*request, mistakes);
    if (!read.ambiguous.empty()) {
        err << mistakes.text() << "postern import: " << read.ambiguous
            << " may be of either kind; say --table smtp_tls_policy_maps or --table "
               "check_sender_access\n";
        return 2;
    }
    if (read.unreadable) {
        err << mistakes.text();
        return 1;
    }
    const auto groups = postfix::convert(read.tables, request->subdomains, mistakes);
    mistakes.sort();
    err << mistakes.text();
    if (const auto done = hand_out(groups, request->output, out); !done) {
        err << "postern import: " << done.error() << '\n';
        return 1;
    }
    return mistakes.errors() == 0 ? 0 : 1;
}

} // namespace postern::command
