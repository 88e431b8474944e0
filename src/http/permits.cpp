#include "http/permits.hpp"

#include <utility>

namespace modax::http {

struct Permit::Counts {
    std::mutex mutex;
    std::size_t all = 0;
    std::map<std::string, std::size_t, std::less<>> by_name;
};

Permit& Permit::operator=(Permit&& other) noexcept {
    if (this != &other) {
        release();
        counts_ = std::move(other.counts_);
        name_ = std::move(other.name_);
    }
    return *this;
}

void Permit::release() noexcept {
    if (!counts_) return;
    {
        const std::lock_guard lock{counts_->mutex};
        --counts_->all;
        const auto found = counts_->by_name.find(name_);
        if (--found->second == 0) counts_->by_name.erase(found);
    }
    counts_.reset();
}

Permits::Permits(std::size_t max_all)
    : max_all_{max_all}, counts_{std::make_shared<Permit::Counts>()} {}

Permit Permits::take(std::string_view name, std::size_t max_of_name) {
    std::string key{name};
    const std::lock_guard lock{counts_->mutex};
    if (counts_->all >= max_all_) return {};
    std::size_t& of_name = counts_->by_name[key];
    if (max_of_name > 0 && of_name >= max_of_name) return {};
    ++counts_->all;
    ++of_name;
    return Permit{counts_, std::move(key)};
}

std::size_t Permits::taken() const {
    const std::lock_guard lock{counts_->mutex};
    return counts_->all;
}

}  // namespace modax::http
