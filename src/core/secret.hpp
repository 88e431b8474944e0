// A text that must not be shown: a password, a key, a token. Printing it gives "***"; whoever needs
// the text says reveal(), so that every such place can be found. The memory is wiped at the end.
#pragma once

#include <cstring>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace modax {

// Not thread-safe beyond that of a const std::string.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string_view text) : text_{text} {}
    Secret(const Secret&) = default;
    // A short string is copied when it is moved, so the source is wiped as well.
    Secret(Secret&& other) noexcept : text_{std::move(other.text_)} { other.wipe(); }
    Secret& operator=(const Secret& other) {
        if (this != &other) {
            wipe();
            text_ = other.text_;
        }
        return *this;
    }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe();
            text_ = std::move(other.text_);
            other.wipe();
        }
        return *this;
    }
    ~Secret() { wipe(); }

    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }

    friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

private:
    void wipe() noexcept {
        // The capacity never shrinks here, so the bytes behind a shorter text are wiped too.
        text_.resize(text_.capacity());
        explicit_bzero(text_.data(), text_.size());
        text_.clear();
    }

    std::string text_;
};

}  // namespace modax
