// Result<T>: the one way an expected failure travels in MODAX. Exceptions are for start-up and
// bugs.
#pragma once

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace modax {

// The kind of a failure. Edges (HTTP, CLI, MQTT) translate it once; nothing else switches on it.
enum class Errc {
    invalid_argument,    // the caller's input is wrong; detail names the field
    not_found,           // the named thing does not exist
    already_exists,      // the named thing exists and may not be replaced
    permission_denied,   // authenticated, but not allowed
    unauthenticated,     // who are you?
    unavailable,         // try again later (overload, dependency away)
    resource_exhausted,  // disk full, queue full, limit reached
    data_loss,           // stored data is damaged
    io_error,            // the operating system refused
    protocol_error,      // the peer broke the protocol
    timed_out,
    cancelled,
};

// What was attempted, with which value, and what to do about it.
struct Error {
    Errc code = Errc::invalid_argument;
    std::string detail;
    bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(Errc code, std::string detail) {
    return tl::make_unexpected(Error{code, std::move(detail)});
}

}  // namespace modax
