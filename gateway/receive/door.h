#pragma once

#include "gateway/io/acceptor.h"
#include "gateway/io/task_group.h"
#include "gateway/receive/census.h"
#include "gateway/receive/listener.h"
#include "gateway/receive/session.h"
#include "gateway/receive/surroundings.h"

#include <cstdint>
#include <list>
#include <string>

namespace postern::receive {

// One listening socket of one core, and the sessions that came in through it. Owned by the core.
// close() and, when it has ended, destroy.
class Door {
public:
    Door(Surroundings& surroundings, Listener listener, io::Descriptor listening);
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;
    ~Door() = default;

    // Accepts from now on.
    void open();
    // What becomes of the address when we leave: nobody is answered there any more, or clients wait
    // for our successor, who has the socket too.
    enum class Address : std::uint8_t { given_up, handed_on };
    // Accepts no more, asks the sessions to end, cuts those that have not within `wait`, and
    // returns when none is left.
    [[nodiscard]] io::Task<void> close(io::Duration wait, Address address);

    [[nodiscard]] const Listener& listener() const { return listener_; }
    // New settings for the sessions to come; those that run keep the address of this listener, so
    // only values are replaced.
    void update(const Listener& listener) { listener_ = listener; }

private:
    [[nodiscard]] io::Task<void> accept();
    [[nodiscard]] io::Task<void> serve(io::Descriptor fd);
    void admit(io::Descriptor fd);
    void turn_away(const io::Descriptor& fd, const smtp::Reply& reply) const;

    Surroundings& surroundings_;
    Listener listener_;
    io::Acceptor acceptor_;
    io::Descriptor spare_; // given up to tell a client that descriptors have run out
    std::list<Session*> sessions_;
    io::Event closing_;
    io::TaskGroup tasks_;
    bool short_of_descriptors_ = false;
    bool is_closing_ = false;
};

} // namespace postern::receive
