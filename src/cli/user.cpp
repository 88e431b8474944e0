#include "cli/command.hpp"
#include "core/file_system.hpp"
#include "core/random.hpp"
#include "core/secret.hpp"
#include "security/users_file.hpp"

#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

struct UserOptions {
    ConfigOptions config;
    std::string name;
    std::optional<std::string> password_file;
};

std::filesystem::path users_file(const config::Config& config) {
    if (!config.mqtt.users_file.empty()) return config.mqtt.users_file;
    return config.data_dir / "mqtt-users";
}

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

int set_user(const UserOptions& options) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    PosixFileSystem files;
    SystemRandom random;
    const auto password = read_password(options, files);
    if (!password) return report(password.error());
    const auto path = users_file(*config);
    if (path.has_parent_path()) {
        if (auto made = files.create_directories(path.parent_path(), 0700); !made) {
            return report(made.error());
        }
    }
    if (auto set = security::set_user(files, random, path, options.name, *password); !set) {
        return report(set.error());
    }
    std::cout << "User " << options.name << " is set in " << path.string()
              << ". A running gateway reads the file again on SIGHUP.\n";
    return k_exit_ok;
}

int remove_user(const UserOptions& options) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    PosixFileSystem files;
    const auto path = users_file(*config);
    if (auto removed = security::remove_user(files, path, options.name); !removed) {
        return report(removed.error());
    }
    std::cout << "User " << options.name << " is removed from " << path.string()
              << ". A running gateway reads the file again on SIGHUP.\n";
    return k_exit_ok;
}

int list_users(const UserOptions& options) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    const PosixFileSystem files;
    const auto path = users_file(*config);
    const auto content = files.read(path);
    if (!content) return report(content.error());
    const auto users = security::parse_users(path, *content);
    if (!users) return report(users.error());
    for (const auto& [name, hash] : *users) {
        std::cout << name << (hash == security::k_no_password ? "  (certificate only)" : "")
                  << '\n';
    }
    return k_exit_ok;
}

}  // namespace

void add_user(CLI::App& app, Action& action) {
    auto* user = app.add_subcommand("user", "Users of the MQTT listener");
    user->require_subcommand(1);
    auto options = std::make_shared<UserOptions>();

    auto* set = user->add_subcommand("set", "Add a user, or give one a new password");
    set->add_option("NAME", options->name, "User name")->required();
    set->add_option(
           "--password-file",
           options->password_file,
           "Read the password from this file (default: asked for, or the first line of stdin)"
    )
        ->type_name("FILE");
    add_config_options(*set, options->config);
    set->callback([options, &action] { action = [options] { return set_user(*options); }; });

    auto* remove = user->add_subcommand("remove", "Remove a user");
    remove->add_option("NAME", options->name, "User name")->required();
    add_config_options(*remove, options->config);
    remove->callback([options, &action] { action = [options] { return remove_user(*options); }; });

    auto* list = user->add_subcommand("list", "List the users");
    add_config_options(*list, options->config);
    list->callback([options, &action] { action = [options] { return list_users(*options); }; });
}

}  // namespace modax::cli
