#include "opcua/access.hpp"

#include "core/device.hpp"
#include "opcua/certificate_rules.hpp"
#include "opcua/production_nodes.hpp"

#include <string_view>

namespace modax::opcua {
namespace {

constexpr std::size_t k_max_rejected_waiting = 100;
// Each check of an unknown password costs the server's thread 30 ms: a few at once, and at most
// 15 % of its time for ever.
constexpr std::uint64_t k_verifications = 20;
constexpr double k_verifications_per_second = 5;

std::string_view bytes_of(const UA_String& text) {
    return {reinterpret_cast<const char*>(text.data), text.length};
}

std::string id_of(const UA_NodeId& id) {
    UA_String printed = UA_STRING_NULL;
    UA_NodeId_print(&id, &printed);
    std::string text = to_string(printed);
    UA_String_clear(&printed);
    return text;
}

std::string actor_of(const Principal& principal) {
    if (principal.kind == "anonymous") return "anonymous";
    return (principal.kind == "certificate" ? "certificate:" : "user:") + principal.name;
}

UA_StatusCode code_of(std::string_view finding) {
    if (finding == "expired" || finding == "not_yet_valid") {
        return UA_STATUSCODE_BADCERTIFICATETIMEINVALID;
    }
    if (finding == "uri_mismatch") return UA_STATUSCODE_BADCERTIFICATEURIINVALID;
    if (finding == "unknown_issuer") return UA_STATUSCODE_BADCERTIFICATEUNTRUSTED;
    if (finding == "revoked") return UA_STATUSCODE_BADCERTIFICATEREVOKED;
    if (finding == "revocation_unknown") return UA_STATUSCODE_BADCERTIFICATEREVOCATIONUNKNOWN;
    if (finding == "key_usage" || finding == "extended_key_usage" || finding == "ca_flag") {
        return UA_STATUSCODE_BADCERTIFICATEUSENOTALLOWED;
    }
    if (finding == "policy_mismatch" || finding == "short_key" || finding == "sha1_signature") {
        return UA_STATUSCODE_BADCERTIFICATEPOLICYCHECKFAILED;
    }
    return UA_STATUSCODE_BADCERTIFICATEINVALID;
}

const void* decoded(const UA_ExtensionObject& token, const UA_DataType& type) {
    const bool is_it = (token.encoding == UA_EXTENSIONOBJECT_DECODED ||
                        token.encoding == UA_EXTENSIONOBJECT_DECODED_NODELETE) &&
                       token.content.decoded.type == &type;
    return is_it ? token.content.decoded.data : nullptr;
}

std::string session_text(UA_Server& server, const UA_NodeId& id, const char* name) {
    UA_Variant value;
    UA_Variant_init(&value);
    const auto code = UA_Server_getSessionAttributeCopy(
        &server, &id, UA_QUALIFIEDNAME(0, const_cast<char*>(name)), &value  // NOLINT: read only
    );
    std::string text;
    if (code == UA_STATUSCODE_GOOD) {
        if (UA_Variant_hasScalarType(&value, &UA_TYPES[UA_TYPES_STRING])) {
            text = to_string(*static_cast<UA_String*>(value.data));
        } else if (UA_Variant_hasScalarType(&value, &UA_TYPES[UA_TYPES_APPLICATIONDESCRIPTION])) {
            text = to_string(static_cast<UA_ApplicationDescription*>(value.data)->applicationUri);
        }
    }
    UA_Variant_clear(&value);
    return text;
}

}  // namespace

// What open62541 calls. Nothing may be thrown through its C code.
struct Access::Callbacks {
    template <class Action>
    static UA_StatusCode guarded(Access& access, Action action) noexcept {
        try {
            return action();
        } catch (const std::exception& error) {
            access.parts_.log.error("opcua", "a check failed", {{"reason", error.what()}});
            return UA_STATUSCODE_BADINTERNALERROR;
        }
    }
    static Access& of(const UA_AccessControl* control) {
        return *static_cast<Access*>(control->context);
    }
    static Access& of(const UA_CertificateVerification* verification) {
        return *static_cast<Access*>(verification->context);
    }

    static UA_StatusCode verify(const UA_CertificateVerification* cv, const UA_ByteString* der) {
        auto& access = of(cv);
        return guarded(access, [&] {
            const auto finding = access.parts_.folders.check(bytes_of(*der));
            if (finding.code.empty()) return UA_StatusCode{UA_STATUSCODE_GOOD};
            return access.refuse_certificate(bytes_of(*der), finding);
        });
    }
    static UA_StatusCode verify_uri(
        const UA_CertificateVerification* cv, const UA_ByteString* der, const UA_String* uri
    ) {
        auto& access = of(cv);
        return guarded(access, [&] {
            const auto certificate = parse_certificate(bytes_of(*der));
            if (!certificate) return UA_StatusCode{UA_STATUSCODE_BADCERTIFICATEINVALID};
            const auto finding = check_uri(*certificate, bytes_of(*uri));
            if (finding.code.empty()) return UA_StatusCode{UA_STATUSCODE_GOOD};
            return access.refuse_certificate(bytes_of(*der), finding);
        });
    }

    static UA_StatusCode activate(
        UA_Server* server,
        UA_AccessControl* control,
        const UA_EndpointDescription* /*endpoint*/,
        const UA_ByteString* /*certificate*/,
        const UA_NodeId* id,
        const UA_ExtensionObject* token,
        void** context
    ) {
        auto& access = of(control);
        return guarded(access, [&] { return access.activate(*server, *id, *token, context); });
    }
    static void
    close(UA_Server* /*server*/, UA_AccessControl* control, const UA_NodeId* id, void*) {
        auto& access = of(control);
        guarded(access, [&] {
            const auto closed = access.sessions_.close(id_of(*id));
            if (!closed) return UA_StatusCode{UA_STATUSCODE_GOOD};
            AuditEntry entry;
            entry.time = access.parts_.clock.now();
            entry.actor = closed->session.user;
            entry.source = closed->session.application_uri;
            entry.via = "opcua";
            entry.action = "session.close";
            access.parts_.trail.access(std::move(entry));
            return UA_StatusCode{UA_STATUSCODE_GOOD};
        });
    }

    static UA_UInt32
    rights(UA_Server*, UA_AccessControl*, const UA_NodeId*, void*, const UA_NodeId*, void*) {
        return 0;  // nobody changes an attribute
    }
    static UA_Byte level(
        UA_Server*,
        UA_AccessControl* control,
        const UA_NodeId*,
        void* session,
        const UA_NodeId*,
        void* node
    ) {
        if (!of(control).may_see(session, node)) return 0;
        return UA_ACCESSLEVELMASK_READ | UA_ACCESSLEVELMASK_HISTORYREAD;
    }
    static UA_Boolean
    executable(UA_Server*, UA_AccessControl*, const UA_NodeId*, void*, const UA_NodeId*, void*) {
        return true;  // the standard's methods read; those of alarms ask may_acknowledge()
    }
    static UA_Boolean executable_on(
        UA_Server*,
        UA_AccessControl* control,
        const UA_NodeId*,
        void* session,
        const UA_NodeId*,
        void*,
        const UA_NodeId*,
        void* object
    ) {
        return of(control).may_see(session, object);
    }
    static UA_Boolean browse(
        UA_Server*,
        UA_AccessControl* control,
        const UA_NodeId*,
        void* session,
        const UA_NodeId*,
        void* node
    ) {
        return of(control).may_see(session, node);
    }
    template <class Item>
    static UA_Boolean never(UA_Server*, UA_AccessControl*, const UA_NodeId*, void*, const Item*) {
        return false;
    }
    // Only to a session of the same user (Part 4, section 5.13.7).
    static UA_Boolean transfer(
        UA_Server*,
        UA_AccessControl*,
        const UA_NodeId*,
        void* old_session,
        const UA_NodeId*,
        void* session
    ) {
        const auto* from = static_cast<const SessionContext*>(old_session);
        const auto* to = static_cast<const SessionContext*>(session);
        return from != nullptr && to != nullptr && from->session.user == to->session.user;
    }
    static UA_Boolean
    never_update(UA_Server*, UA_AccessControl*, const UA_NodeId*, void*, const UA_NodeId*, UA_PerformUpdateType, const UA_DataValue*) {
        return false;
    }
    static UA_Boolean never_delete(
        UA_Server*,
        UA_AccessControl*,
        const UA_NodeId*,
        void*,
        const UA_NodeId*,
        UA_DateTime,
        UA_DateTime,
        bool
    ) {
        return false;
    }
    static void clear(UA_AccessControl* /*control*/) {}
    static void clear_verification(UA_CertificateVerification* /*verification*/) {}
};

Access::Access(Parts parts, bool anonymous)
    : parts_{parts},
      anonymous_{anonymous},
      verifications_{k_verifications, k_verifications_per_second, parts.clock.steady_now()} {
    // Encrypted with a policy of their own, so that a password is never in the clear.
    static constexpr std::string_view k_token_policy =
        "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256";
    policies_[0].tokenType = UA_USERTOKENTYPE_USERNAME;
    policies_[0].policyId = view("user_name");
    policies_[0].securityPolicyUri = view(k_token_policy);
    policies_[1].tokenType = UA_USERTOKENTYPE_CERTIFICATE;
    policies_[1].policyId = view("certificate");
    policies_[1].securityPolicyUri = view(k_token_policy);
    policies_[2].tokenType = UA_USERTOKENTYPE_ANONYMOUS;
    policies_[2].policyId = view("anonymous");
}

void Access::install(UA_ServerConfig& config) {
    auto& control = config.accessControl;
    if (control.clear != nullptr) control.clear(&control);
    control = {};
    control.context = this;
    control.clear = Callbacks::clear;
    control.userTokenPolicies = policies_.data();
    control.userTokenPoliciesSize = anonymous_ ? 3 : 2;
    control.activateSession = Callbacks::activate;
    control.closeSession = Callbacks::close;
    control.getUserRightsMask = Callbacks::rights;
    control.getUserAccessLevel = Callbacks::level;
    control.getUserExecutable = Callbacks::executable;
    control.getUserExecutableOnObject = Callbacks::executable_on;
    control.allowAddNode = Callbacks::never<UA_AddNodesItem>;
    control.allowAddReference = Callbacks::never<UA_AddReferencesItem>;
    control.allowDeleteNode = Callbacks::never<UA_DeleteNodesItem>;
    control.allowDeleteReference = Callbacks::never<UA_DeleteReferencesItem>;
    control.allowBrowseNode = Callbacks::browse;
    control.allowTransferSubscription = Callbacks::transfer;
    control.allowHistoryUpdateUpdateData = Callbacks::never_update;
    control.allowHistoryUpdateDeleteRawModified = Callbacks::never_delete;
    for (auto* verification : {&config.secureChannelPKI, &config.sessionPKI}) {
        if (verification->clear != nullptr) verification->clear(verification);
        // What only reads a certificate stays the library's.
        verification->context = this;
        verification->verifyCertificate = Callbacks::verify;
        verification->verifyApplicationURI = Callbacks::verify_uri;
        verification->clear = Callbacks::clear_verification;
    }
}

std::vector<std::pair<std::string, CertificateFinding>> Access::take_rejected() {
    const std::lock_guard lock{mutex_};
    return std::exchange(rejected_, {});
}

void Access::recheck(UA_Server& server) {
    for (const auto& open : sessions_.all()) {
        if (open.principal.kind == "anonymous" || parts_.users.may_remain(open.principal)) continue;
        UA_NodeId id = UA_NODEID_NULL;
        if (UA_NodeId_parse(&id, view(open.session.id)) == UA_STATUSCODE_GOOD) {
            UA_Server_closeSession(&server, &id);
        }
        UA_NodeId_clear(&id);
    }
}

UA_StatusCode Access::refuse_certificate(std::string_view der, const CertificateFinding& finding) {
    ++refused_certificates_;
    const auto certificate = parse_certificate(der);
    const auto thumbprint = certificate ? thumbprint_of(*certificate) : std::string{"unreadable"};
    parts_.log.warn(
        "opcua",
        "refused a client's certificate: " + finding.fix,
        {{"code", finding.code}, {"thumbprint", thumbprint}}
    );
    AuditEntry entry;
    entry.time = parts_.clock.now();
    entry.actor = "certificate:" + thumbprint;
    entry.via = "opcua";
    entry.action = "session.open";
    entry.result = AuditEntry::Result::refused;
    entry.detail = finding.code;
    parts_.trail.refusal(std::move(entry));
    const std::lock_guard lock{mutex_};
    if (rejected_.size() < k_max_rejected_waiting) rejected_.emplace_back(der, finding);
    return code_of(finding.code);
}

UA_StatusCode Access::activate(
    UA_Server& server, const UA_NodeId& id, const UA_ExtensionObject& token, void** context
) {
    SessionContext opened;
    opened.session.id = id_of(id);
    opened.session.name = session_text(server, id, "sessionName");
    opened.session.application_uri = session_text(server, id, "clientDescription");
    opened.session.opened = parts_.clock.now();
    AuditEntry entry;
    entry.time = opened.session.opened;
    entry.source = opened.session.application_uri;
    entry.via = "opcua";
    entry.action = "session.open";
    auto principal = identify(token);
    if (!principal) {
        ++refused_logins_;
        const auto* name = static_cast<const UA_UserNameIdentityToken*>(
            decoded(token, UA_TYPES[UA_TYPES_USERNAMEIDENTITYTOKEN])
        );
        entry.actor = name == nullptr ? "anonymous" : "user:" + to_string(name->userName);
        entry.result = AuditEntry::Result::refused;
        entry.detail = principal.error().detail;
        parts_.trail.refusal(std::move(entry));
        return UA_STATUSCODE_BADUSERACCESSDENIED;
    }
    opened.principal = std::move(*principal);
    opened.session.user = actor_of(opened.principal);
    entry.actor = opened.session.user;
    parts_.trail.access(std::move(entry));
    ++opened_sessions_;
    *context = const_cast<SessionContext*>(sessions_.open(std::move(opened)));  // NOLINT: C
    return UA_STATUSCODE_GOOD;
}

Result<Principal> Access::identify(const UA_ExtensionObject& token) {
    if (const auto* name = static_cast<const UA_UserNameIdentityToken*>(
            decoded(token, UA_TYPES[UA_TYPES_USERNAMEIDENTITYTOKEN])
        )) {
        return identify_by_password(bytes_of(name->userName), bytes_of(name->password));
    }
    if (const auto* shown = static_cast<const UA_X509IdentityToken*>(
            decoded(token, UA_TYPES[UA_TYPES_X509IDENTITYTOKEN])
        )) {
        const auto der = bytes_of(shown->certificateData);
        const auto finding = parts_.folders.check_user(der);
        if (!finding.code.empty()) {
            refuse_certificate(der, finding);
            return fail(Errc::unauthenticated, finding.code);
        }
        const auto certificate = parse_certificate(der);
        return parts_.users.login_by_certificate(common_name_of(*certificate));
    }
    const bool nobody = token.encoding == UA_EXTENSIONOBJECT_ENCODED_NOBODY ||
                        decoded(token, UA_TYPES[UA_TYPES_ANONYMOUSIDENTITYTOKEN]) != nullptr;
    if (anonymous_ && nobody) return Principal{"anonymous", "anonymous", {}, {}};
    return fail(Errc::unauthenticated, "a user name or a certificate is needed");
}

Result<Principal> Access::identify_by_password(std::string_view user, std::string_view password) {
    if (auto known = parts_.users.try_login(user, password)) return std::move(*known);
    if (!verifications_.take(parts_.clock.steady_now()).taken) {
        return fail(Errc::unauthenticated, "too many passwords are being tried");
    }
    return parts_.users.login(user, password);
}

bool Access::may_see(const void* session_context, const void* node_context) const {
    // Only what belongs to a device or to production has a context.
    if (node_context == nullptr) return true;
    const auto* session = static_cast<const SessionContext*>(session_context);
    if (session == nullptr) return false;
    if (session->principal.kind == "anonymous") return true;
    if (node_context == &k_production_context) {
        return parts_.users.may_read_production(session->principal);
    }
    const auto* device = static_cast<const Device*>(node_context);
    return parts_.users.may_read_device(session->principal, device->id());
}

bool Access::may_acknowledge(const void* session_context, const Device* device) const {
    const auto* session = static_cast<const SessionContext*>(session_context);
    if (session == nullptr || session->principal.kind == "anonymous") return false;
    return parts_.users.may_acknowledge(session->principal, device == nullptr ? "" : device->id());
}

}  // namespace modax::opcua
