// Counts what is limited (connections, of one address too, and WebSocket clients) and gives the
// place back by itself.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace modax::http {

class Permits;

// One taken place. Movable; may outlive the Permits it is from.
class Permit {
public:
    Permit() = default;
    Permit(Permit&& other) noexcept = default;
    Permit& operator=(Permit&& other) noexcept;
    ~Permit() { release(); }
    explicit operator bool() const { return counts_ != nullptr; }

private:
    friend class Permits;
    struct Counts;
    Permit(std::shared_ptr<Counts> counts, std::string name)
        : counts_{std::move(counts)}, name_{std::move(name)} {}
    void release() noexcept;

    std::shared_ptr<Counts> counts_;
    std::string name_;
};

// Thread-safe.
class Permits {
public:
    explicit Permits(std::size_t max_all);
    // An empty permit when `max_all` or `max_of_name` is reached; 0: no limit for the name.
    Permit take(std::string_view name, std::size_t max_of_name);
    std::size_t taken() const;

private:
    std::size_t max_all_;
    std::shared_ptr<Permit::Counts> counts_;
};

}  // namespace modax::http
