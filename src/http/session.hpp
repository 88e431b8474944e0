// What an I/O thread looks after: a connection that speaks HTTP, or one that speaks WebSocket.
// Internal; its I/O thread only.
#pragma once

#include "core/time.hpp"
#include "http/transport.hpp"

namespace modax::http {

class Session : public TransportUser {
public:
    // A few times a second: time-outs are kept here.
    virtual void tick(SteadyTime now) = 0;
    // The server stops: end in order, soon.
    virtual void stop() = 0;
    // End now.
    virtual void abort() = 0;
};

}  // namespace modax::http
