#include "http/change.hpp"

#include "http/query_string.hpp"

#include <utility>

namespace modax::http {
namespace {

class ChangeProducer final : public BodyProducer {
public:
    explicit ChangeProducer(Change change) : change_{std::move(change)} {}

    Result<bool> produce(std::string& out) override {
        auto body = change_();
        if (!body) return tl::make_unexpected(std::move(body.error()));
        out = std::move(*body);
        return false;
    }

private:
    const Change change_;
};

}  // namespace

void set_change(Response& response, int status, Change change) {
    response.status = status;
    response.add_field("Cache-Control", "no-store");
    response.producer = std::make_unique<ChangeProducer>(std::move(change));
}

AuditEntry origin_of(const Call& call) {
    AuditEntry origin;
    origin.actor = "key:" + call.principal.id;
    origin.source = call.address;
    origin.via = "rest";
    return origin;
}

std::string id_of(const Call& call) {
    return percent_decode(call.parameter, false).value_or(std::string{});
}

}  // namespace modax::http
