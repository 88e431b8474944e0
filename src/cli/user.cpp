// `modax user` and `modax role`: who may use MQTT, and which topics.
#include "app/identity.hpp"
#include "cli/command.hpp"
#include "core/file_system.hpp"
#include "core/secret.hpp"

#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

struct UserOptions {
    ConfigOptions config;
    std::string name;
    std::vector<std::string> roles;
    std::optional<std::string> password_file;
    bool no_password = false;
    std::filesystem::path file;
    Role role;
};

// What a new user without --role gets: it sees the plant's topics and publishes nothing.
constexpr std::string_view k_default_role = "scada";

// Switches the echo of the terminal off for the length of a scope.
class SilentTerminal {
public:
    SilentTerminal() : silent_{tcgetattr(STDIN_FILENO, &before_) == 0} {
        if (!silent_) return;
        termios without_echo = before_;
        without_echo.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &without_echo);
    }
    SilentTerminal(const SilentTerminal&) = delete;
    SilentTerminal& operator=(const SilentTerminal&) = delete;
    ~SilentTerminal() {
        if (silent_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }

private:
    termios before_{};
    bool silent_;
};

// From the file, else the first line of standard input (asked for on a terminal).
Result<Secret> read_password(const UserOptions& options, const FileSystem& files) {
    std::string password;
    if (options.password_file) {
        auto content = files.read(*options.password_file);
        if (!content) return tl::make_unexpected(content.error());
        password = *content;
        while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) {
            password.pop_back();
        }
    } else {
        const bool terminal = isatty(STDIN_FILENO) == 1;
        if (terminal) std::cerr << "Password for " << options.name << ": ";
        const SilentTerminal silent;
        std::getline(std::cin, password);
        if (terminal) std::cerr << '\n';
    }
    return Secret{password};
}

// Runs with the users of the data directory.
template <typename Work>
int with_identity(const ConfigOptions& options, const Work& work) {
    const auto config = load_config(options);
    if (!config) return k_exit_config;
    const auto identity = app::Identity::open(*config);
    if (!identity) return report(identity.error());
    return work(**identity);
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
    return text.empty() ? "none" : text;
}

int set_user(const UserOptions& options) {
    const PosixFileSystem files;
    std::optional<Secret> password;
    if (!options.no_password) {
        auto read = read_password(options, files);
        if (!read) return report(read.error());
        password = std::move(*read);
    }
    return with_identity(options.config, [&](app::Identity& identity) {
        auto roles = options.roles;
        if (roles.empty()) {
            roles = {std::string{k_default_role}};
            for (const User& user : identity.users().users()) {
                if (user.name == options.name) roles = user.roles;
            }
        }
        const auto set =
            identity.users().set_user(options.name, password, roles, app::Identity::origin());
        if (!set) return report(set.error());
        std::cout << "User " << options.name << " is set, with the roles " << joined(roles)
                  << (options.no_password ? ", by certificate only" : "") << ".\n";
        return k_exit_ok;
    });
}

int remove_user(const UserOptions& options) {
    return with_identity(options.config, [&](app::Identity& identity) {
        const auto removed = identity.users().remove_user(options.name, app::Identity::origin());
        if (!removed) return report(removed.error());
        std::cout << "User " << options.name << " is removed; sessions end within a second.\n";
        return k_exit_ok;
    });
}

int list_users(const UserOptions& options) {
    return with_identity(options.config, [](app::Identity& identity) {
        for (const User& user : identity.users().users()) {
            std::cout << user.name << "  roles " << joined(user.roles)
                      << (user.password_hash.empty() ? "  (certificate only)" : "") << '\n';
        }
        return k_exit_ok;
    });
}

int import_users(const UserOptions& options) {
    return with_identity(options.config, [&](app::Identity& identity) {
        auto roles = options.roles;
        if (roles.empty()) roles = {std::string{k_default_role}};
        const auto count = identity.import_users(options.file, roles);
        if (!count) return report(count.error());
        std::cout << *count << " users taken over, with the roles " << joined(roles) << ".\n";
        return k_exit_ok;
    });
}

int set_role(const UserOptions& options) {
    return with_identity(options.config, [&](app::Identity& identity) {
        const auto set = identity.users().set_role(options.role, app::Identity::origin());
        if (!set) return report(set.error());
        std::cout << "Role " << options.role.name << " is set.\n";
        return k_exit_ok;
    });
}

int remove_role(const UserOptions& options) {
    return with_identity(options.config, [&](app::Identity& identity) {
        const auto removed =
            identity.users().remove_role(options.role.name, app::Identity::origin());
        if (!removed) return report(removed.error());
        std::cout << "Role " << options.role.name << " is removed.\n";
        return k_exit_ok;
    });
}

int list_roles(const UserOptions& options) {
    return with_identity(options.config, [](app::Identity& identity) {
        for (const Role& role : identity.users().roles()) {
            std::cout << role.name << "\n  publish   " << joined(role.publish) << "\n  subscribe "
                      << joined(role.subscribe) << '\n';
        }
        return k_exit_ok;
    });
}

}  // namespace

void add_user(CLI::App& app, Action& action) {
    auto* user = app.add_subcommand("user", "Users of the MQTT listener");
    user->require_subcommand(1);
    const auto options = std::make_shared<UserOptions>();
    const auto run = [&action, options](CLI::App* command, int (*work)(const UserOptions&)) {
        add_config_options(*command, options->config);
        command->callback([&action, options, work] {
            action = [options, work] { return work(*options); };
        });
    };
    constexpr const char* k_role_help =
        "Roles, separated by commas; default: those the user has, else scada; see `modax role "
        "list`";

    auto* set = user->add_subcommand("set", "Add a user, or change password and roles");
    set->add_option("NAME", options->name, "User name")->required();
    set->add_option("--role", options->roles, k_role_help)->delimiter(',');
    auto* password = set->add_option(
        "--password-file",
        options->password_file,
        "Read the password from this file (default: asked for, or the first line of stdin)"
    );
    password->type_name("FILE");
    set->add_flag(
           "--no-password",
           options->no_password,
           "A new user comes in by client certificate only; an old one keeps its password"
    )
        ->excludes(password);
    run(set, set_user);

    auto* remove = user->add_subcommand("remove", "Remove a user and end its sessions");
    remove->add_option("NAME", options->name, "User name")->required();
    run(remove, remove_user);

    run(user->add_subcommand("list", "List the users"), list_users);

    auto* import = user->add_subcommand("import", "Take over the users file of modax before 0.2");
    import->add_option("FILE", options->file, "Lines of the form name:hash")->required();
    import->add_option("--role", options->roles, k_role_help)->delimiter(',');
    run(import, import_users);
}

void add_role(CLI::App& app, Action& action) {
    auto* role = app.add_subcommand("role", "What users may publish and subscribe to");
    role->require_subcommand(1);
    const auto options = std::make_shared<UserOptions>();
    const auto run = [&action, options](CLI::App* command, int (*work)(const UserOptions&)) {
        add_config_options(*command, options->config);
        command->callback([&action, options, work] {
            action = [options, work] { return work(*options); };
        });
    };
    auto* set = role->add_subcommand("set", "Add or change a role");
    set->add_option("NAME", options->role.name, "Name of the role")->required();
    constexpr const char* k_pattern_help =
        "Topic filters, separated by commas; %u is the user's name, %c the client id";
    set->add_option("--publish", options->role.publish, k_pattern_help)->delimiter(',');
    set->add_option("--subscribe", options->role.subscribe, k_pattern_help)->delimiter(',');
    run(set, set_role);

    auto* remove = role->add_subcommand("remove", "Remove a role that nobody has");
    remove->add_option("NAME", options->role.name, "Name of the role")->required();
    run(remove, remove_role);

    run(role->add_subcommand("list", "All roles, with the ready-made ones"), list_roles);
}

}  // namespace modax::cli
