// A connector file as TOML: every key is known, every problem has its line. The only part of
// connectors that knows toml++.
#include "connectors/definition.hpp"
#include "core/duration_text.hpp"
#include "core/file_system.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <sstream>

namespace modax::connectors {
namespace {

class Reader {
public:
    Reader(std::string file, const toml::table& root) : file_{std::move(file)}, root_{root} {}

    Definition read() {
        Definition read;
        sections(
            root_,
            {"name",
             "events",
             "request",
             "settings",
             "auth",
             "handshake",
             "success",
             "errors",
             "idempotency",
             "lookup",
             "limits",
             "tls",
             "signature"}
        );
        read.name = text(root_, "name", true);
        read.events = texts(root_, "events");
        if (read.events.empty()) wrong(root_, "events: name at least one type of event");
        request(read);
        settings(read);
        authentication(read);
        answers(read);
        identity(read);
        limits(read);
        return read;
    }
    const std::string& problems() const { return problems_; }

private:
    void wrong(const toml::node& node, const std::string& what) {
        const auto& at = node.source().begin;
        if (!problems_.empty()) problems_ += '\n';
        problems_ += file_ + ':' + std::to_string(std::max<unsigned>(at.line, 1)) + ':' +
                     std::to_string(std::max<unsigned>(at.column, 1)) + ": " + what;
    }
    void sections(const toml::table& table, std::initializer_list<std::string_view> known) {
        for (const auto& [key, node] : table) {
            if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
            std::string names;
            for (const auto name : known) names += (names.empty() ? "" : ", ") + std::string{name};
            wrong(node, "unknown key '" + std::string{key.str()} + "'; there are " + names);
        }
    }
    // An empty table where there is none.
    const toml::table& section(
        std::string_view name, std::initializer_list<std::string_view> known
    ) {
        static const toml::table k_none;
        const auto* node = root_.get(name);
        if (node == nullptr) return k_none;
        const auto* table = node->as_table();
        if (table == nullptr) {
            wrong(*node, std::string{name} + ": must be a section [" + std::string{name} + "]");
            return k_none;
        }
        sections(*table, known);
        return *table;
    }
    std::string text(const toml::table& table, std::string_view key, bool needed = false) {
        const auto* node = table.get(key);
        if (node == nullptr) {
            if (needed) wrong(table, std::string{key} + ": is missing");
            return {};
        }
        if (const auto* found = node->as_string()) return found->get();
        wrong(*node, std::string{key} + ": must be a text in quotes");
        return {};
    }
    std::vector<std::string> texts(const toml::table& table, std::string_view key) {
        std::vector<std::string> found;
        const auto* node = table.get(key);
        if (node == nullptr) return found;
        if (const auto* array = node->as_array()) {
            for (const toml::node& element : *array) {
                if (const auto* one = element.as_string()) found.push_back(one->get());
            }
            if (found.size() == array->size()) return found;
        }
        wrong(*node, std::string{key} + ": must be a list of texts");
        return {};
    }
    bool flag(const toml::table& table, std::string_view key) {
        const auto* node = table.get(key);
        if (node == nullptr) return false;
        if (const auto* found = node->as_boolean()) return found->get();
        wrong(*node, std::string{key} + ": must be true or false");
        return false;
    }
    unsigned number(
        const toml::table& table, std::string_view key, unsigned otherwise, unsigned minimum
    ) {
        const auto* node = table.get(key);
        if (node == nullptr) return otherwise;
        const auto* found = node->as_integer();
        if (found != nullptr && found->get() >= minimum && found->get() <= 100'000) {
            return static_cast<unsigned>(found->get());
        }
        wrong(
            *node,
            std::string{key} + ": must be a whole number from " + std::to_string(minimum) +
                " to 100000"
        );
        return otherwise;
    }
    std::chrono::milliseconds duration(
        const toml::table& table,
        std::string_view key,
        std::chrono::milliseconds otherwise,
        std::chrono::milliseconds longest
    ) {
        const auto* node = table.get(key);
        if (node == nullptr) return otherwise;
        const auto* found = node->as_string();
        const auto parsed = found == nullptr ? std::nullopt : parse_duration(found->get());
        if (parsed && parsed->count() > 0 && *parsed <= longest) {
            return std::chrono::ceil<std::chrono::milliseconds>(*parsed);
        }
        wrong(*node, std::string{key} + ": must be a duration such as \"30s\", in its limits");
        return otherwise;
    }
    std::string secret(const toml::table& table, std::string_view key) {
        auto reference = text(table, key, true);
        for (const auto* kind : {"env:", "file:", "credential:"}) {
            if (reference.starts_with(kind)) return reference;
        }
        // It may be the secret itself, so it is not shown.
        if (const auto* node = table.get(key)) {
            wrong(*node, std::string{key} + ": must be env:NAME, file:PATH or credential:NAME");
        }
        return {};
    }

    void request(Definition& read) {
        const auto& table = section(
            "request", {"method", "url", "content_type", "headers", "mapping", "allow_plaintext"}
        );
        if (const auto method = text(table, "method"); !method.empty()) read.method = method;
        if (read.method != "POST" && read.method != "PUT" && read.method != "PATCH") {
            wrong(*table.get("method"), "method: must be POST, PUT or PATCH");
        }
        read.url = text(table, "url", true);
        if (!read.url.starts_with("https://") && !read.url.starts_with("http://")) {
            wrong(table, "url: must start with https:// or http://");
        }
        if (const auto type = text(table, "content_type"); !type.empty()) read.content_type = type;
        read.mapping = text(table, "mapping", true);
        read.allow_plaintext = flag(table, "allow_plaintext");
        const auto* headers = table.get_as<toml::table>("headers");
        if (headers == nullptr) return;
        for (const auto& [key, node] : *headers) {
            const auto* value = node.as_string();
            if (value == nullptr || value->get().find_first_of("\r\n") != std::string::npos) {
                wrong(node, "headers: each must be one line of text");
            } else {
                read.headers.emplace_back(std::string{key.str()}, value->get());
            }
        }
    }
    // Free names: they are those of the mapping.
    void settings(Definition& read) {
        const auto* node = root_.get("settings");
        if (node == nullptr) return;
        if (const auto* table = node->as_table()) {
            std::ostringstream json;
            json << toml::json_formatter{*table};
            read.settings = json.str();
        } else {
            wrong(*node, "settings: must be a section [settings]");
        }
    }
    void authentication(Definition& read) {
        const auto& table = section(
            "auth", {"kind", "user", "secret", "header", "token_url", "client_id", "scope"}
        );
        const auto kind = text(table, "kind");
        if (kind == "basic") {
            read.authentication = Authentication::basic;
            read.user = text(table, "user", true);
            read.secret = secret(table, "secret");
        } else if (kind == "api_key") {
            read.authentication = Authentication::api_key;
            read.secret = secret(table, "secret");
            if (const auto header = text(table, "header"); !header.empty()) {
                read.key_header = header;
            }
        } else if (kind == "oauth2") {
            read.authentication = Authentication::oauth2;
            read.token_url = text(table, "token_url", true);
            read.user = text(table, "client_id", true);
            read.secret = secret(table, "secret");
            read.scope = text(table, "scope");
        } else if (!kind.empty() && kind != "none") {
            wrong(*table.get("kind"), "kind: must be none, basic, api_key or oauth2");
        }
        read.csrf_url = text(section("handshake", {"csrf_url"}), "csrf_url");
        const auto& signature = section("signature", {"header", "secret"});
        if (!signature.empty()) {
            read.signature_header = text(signature, "header", true);
            read.signature_secret = secret(signature, "secret");
        }
        const auto& tls = section("tls", {"ca_file", "certificate_file", "key_file"});
        read.ca_file = text(tls, "ca_file");
        read.certificate_file = text(tls, "certificate_file");
        read.key_file = text(tls, "key_file");
    }
    void statuses(
        Definition& read, const toml::table& table, std::string_view key, CallOutcome outcome
    ) {
        const auto* node = table.get(key);
        if (node == nullptr) return;
        const auto* array = node->as_array();
        if (array == nullptr) {
            wrong(*node, std::string{key} + ": must be a list of HTTP statuses");
            return;
        }
        for (const toml::node& element : *array) {
            const auto* status = element.as_integer();
            if (status == nullptr || status->get() < 100 || status->get() > 599) {
                wrong(element, std::string{key} + ": must be a list of HTTP statuses");
            } else if (!read.statuses.emplace(static_cast<int>(status->get()), outcome).second) {
                wrong(element, std::to_string(status->get()) + " has an outcome already");
            }
        }
    }
    void answers(Definition& read) {
        const auto& success = section("success", {"status", "test"});
        statuses(read, success, "status", CallOutcome::delivered);
        read.success_test = text(success, "test");
        const auto& errors =
            section("errors", {"permanent", "transient", "configuration", "ambiguous"});
        statuses(read, errors, "permanent", CallOutcome::permanent);
        statuses(read, errors, "transient", CallOutcome::transient);
        statuses(read, errors, "configuration", CallOutcome::configuration);
        statuses(read, errors, "ambiguous", CallOutcome::ambiguous);
    }
    void identity(Definition& read) {
        const auto& table = section("idempotency", {"header", "honoured"});
        read.idempotency_header = text(table, "header");
        read.repeatable = flag(table, "honoured");
        const auto& lookup = section("lookup", {"url", "found"});
        if (lookup.empty()) return;
        read.lookup_url = text(lookup, "url", true);
        read.lookup_found = text(lookup, "found", true);
    }
    void limits(Definition& read) {
        const auto& table = section("limits", {"per_second", "max_attempts", "max_age", "timeout"});
        read.per_second = number(table, "per_second", read.per_second, 1);
        read.max_attempts = number(table, "max_attempts", read.max_attempts, 0);
        read.max_age = duration(table, "max_age", read.max_age, std::chrono::days{365});
        read.timeout = duration(table, "timeout", read.timeout, std::chrono::minutes{2});
    }

    std::string file_;
    const toml::table& root_;
    std::string problems_;
};

}  // namespace

Result<Definition> read_definition(const std::filesystem::path& file) {
    const auto content = PosixFileSystem{}.read(file);
    if (!content) return tl::make_unexpected(content.error());
    try {
        const toml::table root = toml::parse(*content, file.string());
        Reader reader{file.string(), root};
        Definition read = reader.read();
        if (!reader.problems().empty()) return fail(Errc::invalid_argument, reader.problems());
        read.file = file;
        return read;
    } catch (const toml::parse_error& error) {
        const auto& at = error.source().begin;
        return fail(
            Errc::invalid_argument,
            file.string() + ':' + std::to_string(at.line) + ':' + std::to_string(at.column) +
                ": not valid TOML: " + std::string{error.description()}
        );
    }
}

Result<std::vector<Definition>> read_definitions(const std::filesystem::path& directory) {
    std::set<std::filesystem::path> files;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator{directory, failure}) {
        if (entry.path().extension() == ".toml") files.insert(entry.path());
    }
    if (failure) {
        return fail(
            Errc::io_error,
            "the connectors in " + directory.string() + " can't be read: " + failure.message()
        );
    }
    std::vector<Definition> found;
    std::set<std::string> names;
    for (const auto& file : files) {
        auto read = read_definition(file);
        if (!read) return tl::make_unexpected(read.error());
        if (!names.insert(read->name).second) {
            return fail(
                Errc::invalid_argument,
                file.string() + ":1:1: another file has the name '" + read->name + "' too"
            );
        }
        found.push_back(std::move(*read));
    }
    return found;
}

}  // namespace modax::connectors
