#pragma once

#include "gateway/dns/answer.h"
#include "gateway/settings.h"

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct ub_ctx;
struct ub_result;

namespace postern::dns {

// "1.17.1": libunbound's, of the library that runs.
[[nodiscard]] std::string_view library_version();

// libunbound: a validating resolver with a cache, working on a thread of its own, which answers
// through a descriptor. One a core: opened by a thread that may block (files are read), one at a
// time in the process (the library's own beginnings are not made for two), then used by its core
// alone. Its thread inherits the opener's CPUs and signal mask.
class Context {
public:
    // Asks `servers`; without any, those of the file `resolv_conf`, as it is now. Validates from
    // `trust_anchor`; with "" there, nothing is ever secure or bogus. The error is for the
    // operator.
    [[nodiscard]] static std::expected<std::unique_ptr<Context>, std::string>
    open(const gateway::DnsSettings& settings, const std::string& resolv_conf = "/etc/resolv.conf");
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    // Waits for the thread, which ends at once.
    ~Context();

    // Who wants to know.
    class Asker {
    public:
        Asker(const Asker&) = delete;
        Asker& operator=(const Asker&) = delete;
        // Called within take_answers(), once.
        virtual void answered(Answer answer) = 0;

    protected:
        Asker() = default;
        ~Asker() = default;
    };
    // Number of the question, for cancel(). Nothing when the library cannot take it. `name` is what
    // host_name() gave. Never waits for the network.
    [[nodiscard]] std::optional<int> ask(const std::string& name, RecordType type, Asker& asker);
    // The asker hears nothing of it any more. Not for what has been answered.
    void cancel(int question);

    // Readable when there are answers.
    [[nodiscard]] int fd() const;
    // Hands out the answers that are there. False: the thread is gone, and none will come.
    [[nodiscard]] bool take_answers();

private:
    explicit Context(ub_ctx* context) : context_(context) {}
    [[nodiscard]] std::string configure(const gateway::DnsSettings& settings,
                                        const std::string& resolv_conf);
    [[nodiscard]] std::string start();
    static void answered(void* asker, int problem, ub_result* result);

    ub_ctx* context_;
};

} // namespace postern::dns
