#include "gateway/receive/door.h"

#include "gateway/smtp/replies.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <utility>

namespace postern::receive {
namespace {

namespace replies = smtp::replies;

io::Descriptor spare_descriptor() {
    return io::Descriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

} // namespace

Door::Door(Surroundings& surroundings, Listener listener, io::Descriptor listening)
    : surroundings_(surroundings)
    , listener_(std::move(listener))
    , acceptor_(surroundings.ring, std::move(listening))
    , spare_(spare_descriptor())
    , closing_(surroundings.ring)
    , tasks_(surroundings.ring) {}

void Door::open() { tasks_.spawn(accept()); }

io::Task<void> Door::accept() {
    constexpr io::Duration pause{100};
    for (;;) {
        auto fd = co_await acceptor_.next();
        if (fd && !short_of_descriptors_) {
            admit(std::move(*fd));
        } else if (fd) {
            // Taken with the spare descriptor: told, and the descriptor is spare again.
            turn_away(*fd, replies::too_many_sessions(surroundings_.settings->hostname));
            fd->reset();
            spare_ = spare_descriptor();
            short_of_descriptors_ = !spare_.valid();
        } else if (fd.error() == io::Error::cancelled) {
            co_return;
        } else if (!short_of_descriptors_) {
            short_of_descriptors_ = true;
            spare_.reset();
        } else {
            // Not even that: clients wait in the backlog until a session has ended.
            [[maybe_unused]] const bool closing = co_await closing_.wait(pause);
        }
    }
}

// Blocks nowhere: the reply fits into the socket's empty buffer.
void Door::turn_away(const io::Descriptor& fd, const smtp::Reply& reply) const {
    surroundings_.recorder.turned_away(io::Endpoint::peer_of(fd.get()).address(), reply.code);
    const std::string wire = smtp::wire_text(reply);
    if (listener_.tls == ListenerTls::implicit) return; // no words in clear there
    [[maybe_unused]] const ssize_t sent =
        ::send(fd.get(), wire.data(), wire.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void Door::admit(io::Descriptor fd) {
    const gateway::Settings& settings = *surroundings_.settings;
    if (is_closing_) { // the kernel had accepted it before it heard of that
        turn_away(fd, replies::shutting_down(settings.hostname));
        return;
    }
    const std::size_t slot = Census::slot(io::Endpoint::peer_of(fd.get()).key());
    if (surroundings_.short_of_memory ||
        sessions_of_all(surroundings_.all_cores) >= settings.limits.sessions) {
        turn_away(fd, replies::too_many_sessions(settings.hostname));
        return;
    }
    // Behind a proxy all clients have one address: the session counts when it knows theirs.
    const bool counted = !listener_.proxy_protocol;
    if (counted &&
        sessions_of_client(surroundings_.all_cores, slot) >= settings.limits.sessions_per_client) {
        turn_away(fd, replies::too_many_sessions_of_client(settings.hostname));
        return;
    }
    tasks_.spawn(serve(std::move(fd)));
}

io::Task<void> Door::serve(io::Descriptor fd) {
    Session session{surroundings_, listener_, io::Socket{surroundings_.ring, std::move(fd)}};
    const auto here = sessions_.insert(sessions_.end(), &session);
    co_await session.run();
    sessions_.erase(here);
}

io::Task<void> Door::close(io::Duration wait, Address address) {
    is_closing_ = true;
    if (address == Address::handed_on) {
        acceptor_.leave();
    } else {
        acceptor_.stop();
    }
    closing_.set();
    for (Session* session : sessions_) {
        session->drain();
    }
    const bool ended = co_await tasks_.ended(wait);
    if (ended) co_return;
    for (Session* session : sessions_) {
        session->cut();
    }
    constexpr io::Duration patience = std::chrono::minutes{1};
    [[maybe_unused]] const bool cut = co_await tasks_.ended(patience);
}

} // namespace postern::receive
