// CONNECT: who it is, which session, and what both sides may do (MQTT 5, sections 3.1 and 3.2).
#include "core/log.hpp"
#include "mqtt/codec/topic.hpp"
#include "mqtt/listener/authentication.hpp"
#include "mqtt/listener/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace modax::mqtt {
namespace {

constexpr std::size_t k_max_client_id = 256;
constexpr std::size_t k_told_name = 64;

std::string random_client_id(Random& random) {
    constexpr std::string_view k_hex = "0123456789abcdef";
    std::array<std::byte, 8> bytes{};
    random.fill(bytes);
    std::string id = "modax-";
    for (const std::byte byte : bytes) {
        id += k_hex[std::to_integer<unsigned>(byte) >> 4U];
        id += k_hex[std::to_integer<unsigned>(byte) & 0xFU];
    }
    return id;
}

WillMessage will_message(const Will& will, Timestamp now) {
    Message message;
    message.topic = std::make_shared<const std::string>(will.topic);
    message.payload = std::make_shared<const std::string>(will.payload);
    message.qos = will.qos;
    message.retain = will.retain;
    message.properties = forwarded_properties(will.properties);
    if (const auto expiry = will.properties.message_expiry_interval) {
        message.expires = now + std::chrono::seconds{*expiry};
    }
    return {
        std::make_shared<const Message>(std::move(message)),
        std::chrono::seconds{will.properties.will_delay_interval.value_or(0)}};
}

}  // namespace

Connection::Handled Connection::handle_connect(const Frame& frame) {
    const auto packet = decode_connect(frame);
    if (!packet) {
        if (packet.error().reason == ReasonCode::unsupported_protocol_version) {
            refuse(packet.error().reason, packet.error().detail);
            return {};
        }
        return tl::make_unexpected(packet.error());
    }
    version_ = packet->version;
    if (const auto refused = remember(*packet)) {
        refuse(*refused, "CONNECT can't be accepted as it is (3.1)");
        return {};
    }
    const auto refused_logins = broker_.refused_logins_of(peer_.address);
    if (refused_logins && refused_logins->empty(broker_.parts().clock.steady_now())) {
        refuse(ReasonCode::quota_exceeded, "too many wrong logins came from this address");
        return {};
    }
    state_ = State::authenticating;
    if (auto known = broker_.parts().authenticator.try_authenticate(credentials_)) {
        authenticated(*known);
        return {};
    }
    const bool waits = broker_.authentication().submit(
        credentials_,
        [self = shared_from_this()](const Result<Principal>& principal) {
            if (self->state_ != State::authenticating) return;
            self->authenticated(principal);
            self->process();
            self->broker_.end_turn();
            self->read_more();
        }
    );
    if (!waits) refuse(ReasonCode::server_busy, "too many clients wait to be authenticated");
    return {};
}

// Keeps what the packet says; a reason when it can't be accepted.
std::optional<ReasonCode> Connection::remember(const ConnectPacket& packet) {
    const ListenerOptions& options = broker_.options();
    const Properties& properties = packet.properties;
    const bool v5 = version_ == ProtocolVersion::v5;
    if (properties.authentication_method) return ReasonCode::bad_authentication_method;
    if (packet.client_id.size() > k_max_client_id) return ReasonCode::client_identifier_not_valid;
    client_id_ = packet.client_id;
    if (client_id_.empty()) {
        // 3.1.1, section 3.1.3.1: without an id there can be no session to come back to.
        if (!v5 && !packet.clean_start) return ReasonCode::client_identifier_not_valid;
        client_id_ = random_client_id(broker_.parts().random);
        client_id_assigned_ = true;
    }
    clean_start_ = packet.clean_start;
    const auto longest = static_cast<std::uint32_t>(options.max_session_expiry.count());
    if (v5) {
        expiry_interval_ = std::min(properties.session_expiry_interval.value_or(0), longest);
    } else {
        expiry_interval_ = packet.clean_start ? 0 : longest;
    }
    keep_alive_ = packet.keep_alive;
    if (options.max_keep_alive > 0 && (keep_alive_ == 0 || keep_alive_ > options.max_keep_alive)) {
        keep_alive_ = options.max_keep_alive;
        keep_alive_overridden_ = true;
    }
    limits_.version = version_;
    limits_.receive_maximum =
        v5 ? properties.receive_maximum.value_or(65'535) : options.max_inflight;
    limits_.maximum_packet_size = properties.maximum_packet_size.value_or(0xFFFFFFFF);
    client_alias_maximum_ =
        std::min(properties.topic_alias_maximum.value_or(0), options.topic_alias_maximum);
    if (packet.will) {
        if (packet.will->topic.starts_with('$') ||
            packet.will->topic.size() > options.max_topic_length ||
            level_count(packet.will->topic) > options.max_topic_levels) {
            return ReasonCode::topic_name_invalid;
        }
        will_ = will_message(*packet.will, broker_.parts().clock.now());
    }
    credentials_.client_id = client_id_;
    credentials_.user = packet.user.value_or(std::string_view{});
    credentials_.password = packet.password.value_or(std::string_view{});
    credentials_.loopback = peer_.loopback;
    return std::nullopt;
}

void Connection::authenticated(const Result<Principal>& principal) {
    // Wiped as far as a std::string can be: it is not needed any more.
    std::fill(credentials_.password.begin(), credentials_.password.end(), '\0');
    credentials_.password.clear();
    if (!principal) {
        Counters::add(broker_.counters().authentication_refused);
        const bool denied = principal.error().code == Errc::unauthenticated;
        if (const auto logins = broker_.refused_logins_of(peer_.address); denied && logins) {
            logins->charge(broker_.parts().clock.steady_now());
        }
        refuse(
            denied ? ReasonCode::bad_user_name_or_password : ReasonCode::server_unavailable,
            principal.error().detail
        );
        return;
    }
    principal_ = *principal;
    if (will_ && !broker_.parts().authenticator.may_publish(principal_, *will_->message->topic)) {
        refuse(ReasonCode::not_authorized, "the will's topic is not allowed for this user");
        return;
    }
    const auto admission =
        broker_.admit(client_id_, principal_, clean_start_, version_, expiry_interval_);
    if (admission.session == nullptr) {
        refuse(ReasonCode::not_authorized, "the client id belongs to a session of another user");
        return;
    }
    accept_session(admission);
}

void Connection::accept_session(const Broker::Admission& admission) {
    const ListenerOptions& options = broker_.options();
    state_ = State::connected;
    session_ = admission.session;
    ConnackPacket answer;
    answer.session_present = admission.present;
    if (version_ == ProtocolVersion::v5) {
        Properties& properties = answer.properties;
        properties.session_expiry_interval = expiry_interval_;
        properties.receive_maximum = options.receive_maximum;
        properties.topic_alias_maximum = options.topic_alias_maximum;
        properties.maximum_packet_size = static_cast<std::uint32_t>(options.max_packet_size);
        if (client_id_assigned_) properties.assigned_client_identifier = client_id_;
        if (keep_alive_overridden_) properties.server_keep_alive = keep_alive_;
    }
    encode(output(), answer, version_);
    session_->attach(*this, limits_);
    broker_.parts().audit.access(record("session.open", "client:" + client_id_));
    broker_.parts().log.debug(
        "mqtt",
        "client connected",
        {{"client", client_id_}, {"address", peer_.address}, {"user", principal_.name}}
    );
}

AuditEntry Connection::record(std::string_view action, std::string object) const {
    AuditEntry entry;
    const std::string& name = principal_.name;
    entry.actor = principal_.kind == "anonymous" || name.empty() ? "anonymous" : "user:" + name;
    if (principal_.kind == "certificate") entry.actor = "certificate:" + name;
    entry.source = peer_.address;
    entry.via = "mqtt";
    entry.action = action;
    entry.object = std::move(object);
    return entry;
}

void Connection::refuse(ReasonCode reason, std::string_view detail) {
    broker_.parts().log.warn(
        "mqtt",
        "connection refused",
        {{"client", client_id_}, {"address", peer_.address}, {"reason", std::string{detail}}}
    );
    AuditEntry refused = record("session.open", "client:" + client_id_);
    refused.result = AuditEntry::Result::refused;
    refused.detail = detail;
    // What it said it is: nobody has checked the name.
    if (principal_.name.empty() && !credentials_.user.empty()) {
        refused.detail += "; it called itself " + credentials_.user.substr(0, k_told_name);
    }
    broker_.parts().audit.refusal(std::move(refused));
    ConnackPacket answer;
    answer.reason = version_ == ProtocolVersion::v5 ? static_cast<std::uint8_t>(reason)
                                                    : connack_return_code(reason);
    encode(output(), answer, version_);
    will_.reset();
    close_after_write();
}

}  // namespace modax::mqtt
