#include "gateway/configuration.h"

#include "policy/file.h"
#include "policy/load.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace postern::gateway {
namespace {

// Reads the certificates of the settings, and says what is wrong with them where they are named.
class CertificateReader {
public:
    CertificateReader(const Settings& settings, LoadedConfiguration& loaded, std::string& print)
        : settings_(settings), loaded_(loaded), print_(print) {}

    [[nodiscard]] std::vector<ssl::Certificate> read() {
        std::vector<ssl::Certificate> certificates;
        for (const CertificateSettings& named : settings_.certificates) {
            auto chain = read_file(named.chain, named.chain_place);
            auto key = read_file(named.key, named.key_place);
            if (!chain || !key) continue;
            auto certificate = ssl::Certificate::load(*chain, *key);
            if (!certificate) {
                error(place_of(certificate.error(), named), ssl::text(certificate.error()));
                continue;
            }
            check_dates(*certificate, named);
            check_readers(named);
            certificates.push_back(std::move(*certificate));
        }
        return certificates;
    }

    [[nodiscard]] std::optional<ssl::TrustStore> read_trust() {
        const std::string& path = settings_.tls.trust_store;
        loaded_.files.push_back(path);
        const auto text = policy::read_file(path, pem_bytes_max);
        if (text) note(*text);
        auto store = ssl::TrustStore::from_file(path);
        if (store) return std::move(*store);
        // COMPLIANCE O19: our fault, and no reason to refuse mail that demands no trust.
        loaded_.mistakes.warning(settings_.file,
                                 settings_.tls.trust_store_place,
                                 "the trust store " + path +
                                     " cannot be used: no certificate of a next hop is trusted");
        return std::nullopt;
    }

private:
    static constexpr std::size_t pem_bytes_max = std::size_t{16} << 20U;

    [[nodiscard]] std::optional<std::string> read_file(const std::string& path,
                                                       policy::Place place) {
        loaded_.files.push_back(path);
        auto text = policy::read_file(path, pem_bytes_max);
        if (!text) {
            error(place, path + ": " + text.error());
            return std::nullopt;
        }
        note(*text);
        return std::move(*text);
    }

    // Keys are among them: only what tells them apart is kept.
    void note(const std::string& text) {
        print_ += ' ' + std::to_string(std::hash<std::string>{}(text));
    }

    static policy::Place place_of(ssl::CertificateProblem problem,
                                  const CertificateSettings& named) {
        return problem == ssl::CertificateProblem::chain_unreadable ? named.chain_place
                                                                    : named.key_place;
    }

    void check_dates(const ssl::Certificate& certificate, const CertificateSettings& named) {
        const auto now = std::chrono::system_clock::now();
        if (certificate.facts().not_after < now) {
            loaded_.mistakes.warning(
                settings_.file, named.chain_place, named.chain + " has expired; renew it");
        } else if (certificate.facts().not_before > now) {
            loaded_.mistakes.warning(
                settings_.file, named.chain_place, named.chain + " is not valid yet");
        }
    }

    // A key that others can read may be theirs, too. Our own group is no other: a key may be handed
    // to a service that way (root:postern 0640; a secret of Kubernetes).
    void check_readers(const CertificateSettings& named) {
        struct stat facts{};
        if (::stat(named.key.c_str(), &facts) != 0) return;
        const bool everybody = (facts.st_mode & (S_IROTH | S_IWOTH)) != 0;
        const bool group = (facts.st_mode & (S_IRGRP | S_IWGRP)) != 0 && !is_ours(facts.st_gid);
        if (!everybody && !group) return;
        const std::string who =
            everybody ? "everybody on this host"
                      : "the group " + std::to_string(facts.st_gid) + ", which is not ours,";
        loaded_.mistakes.warning(settings_.file,
                                 named.key_place,
                                 who + " has access to the key " + named.key + "; chmod 600 it");
    }

    static bool is_ours(gid_t group) { return group == ::getegid() || ::group_member(group) != 0; }

    void error(policy::Place place, std::string_view message) {
        loaded_.mistakes.error(settings_.file, place, std::string{message});
    }

    const Settings& settings_;
    LoadedConfiguration& loaded_;
    std::string& print_;
};

bool takes_mail_in(const Settings& settings) {
    return std::ranges::any_of(settings.listeners, [](const ListenerSettings& listener) {
        return listener.direction == Direction::inbound;
    });
}

} // namespace

bool has_listener(const Settings& settings, std::string_view address) {
    return std::ranges::any_of(settings.listeners, [address](const ListenerSettings& listener) {
        return listener.address == address;
    });
}

LoadedConfiguration
load_configuration(const std::string& path, std::uint64_t generation, const Configuration* before) {
    LoadedConfiguration loaded;
    auto configuration = std::make_shared<Configuration>();
    LoadedSettings settings = load_settings(path);
    loaded.files.push_back(path);
    loaded.mistakes.append(settings.mistakes);
    configuration->settings = std::move(settings.settings);

    configuration->tls_print = policy::text(configuration->settings.tls.minimum_version);
    CertificateReader reader{configuration->settings, loaded, configuration->tls_print};
    configuration->certificates = reader.read();
    configuration->trust = reader.read_trust();

    if (!configuration->settings.policy.empty()) {
        policy::Loaded policy = policy::load(configuration->settings.policy, generation);
        loaded.mistakes.append(policy.mistakes);
        if (takes_mail_in(configuration->settings)) loaded.mistakes.append(policy.unrouted);
        loaded.files.insert(loaded.files.end(), policy.files.begin(), policy.files.end());
        configuration->policy = std::move(policy.snapshot);
    }
    loaded.mistakes.sort();
    if (loaded.mistakes.errors() > 0 || !configuration->policy) return loaded;
    configuration->addresses = relay::HostAddresses::resolve(
        *configuration->policy, before != nullptr ? &before->addresses : nullptr);
    loaded.configuration = std::move(configuration);
    return loaded;
}

} // namespace postern::gateway
