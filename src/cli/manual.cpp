// `modax completion SHELL` and `modax manual`: made from the commands themselves, so that they
// can't say anything else than --help.
#include "cli/command.hpp"
#include "core/version.hpp"

#include <algorithm>
#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

bool is_shown(const CLI::App* command) {
    return !command->get_group().empty() && !command->get_name().empty();
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
    std::vector<const CLI::App*> commands;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (is_shown(command)) commands.push_back(command);
    }
    return commands;
}

std::vector<std::string> flags_of(const CLI::App& app) {
    std::vector<std::string> flags;
    for (const CLI::Option* option : app.get_options()) {
        for (const auto& name : option->get_snames()) flags.push_back("-" + name);
        for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
    }
    return flags;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

// Calls `each` with "modax key create" and the like, for every command that is shown.
template <typename Each>
void walk(const CLI::App& app, const std::string& path, const Each& each) {
    each(path, app);
    for (const CLI::App* command : commands_of(app)) {
        walk(*command, path + ' ' + command->get_name(), each);
    }
}

std::vector<std::string> words_of(const CLI::App& app) {
    std::vector<std::string> words;
    for (const CLI::App* command : commands_of(app)) words.push_back(command->get_name());
    const auto flags = flags_of(app);
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
}

void print_bash(const CLI::App& app) {
    std::cout << "# bash completion of modax; made by `modax completion bash`\n"
                 "_modax() {\n"
                 "    local current=${COMP_WORDS[COMP_CWORD]} path=modax word words\n"
                 "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                 "        case \"$path $word\" in\n";
    walk(app, "modax", [](const std::string& path, const CLI::App&) {
        if (path != "modax")
            std::cout << "            '" << path << "') path='" << path << "' ;;\n";
    });
    std::cout << "        esac\n    done\n    case $path in\n";
    walk(app, "modax", [](const std::string& path, const CLI::App& command) {
        std::cout << "        '" << path << "') words='" << joined(words_of(command)) << "' ;;\n";
    });
    std::cout << "    esac\n"
                 "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                 "    [[ ${#COMPREPLY[@]} -gt 0 || $current == -* ]] ||\n"
                 "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
                 "}\n"
                 "complete -o filenames -F _modax modax\n";
}

void print_zsh(const CLI::App& app) {
    std::cout << "#compdef modax\n# zsh completion of modax; made by `modax completion zsh`\n"
                 "local path=modax word\n"
                 "for word in ${words[2,CURRENT-1]}; do\n    case \"$path $word\" in\n";
    walk(app, "modax", [](const std::string& path, const CLI::App&) {
        if (path != "modax") std::cout << "        '" << path << "') path='" << path << "' ;;\n";
    });
    std::cout << "    esac\ndone\ncase $path in\n";
    walk(app, "modax", [](const std::string& path, const CLI::App& command) {
        std::cout << "    '" << path << "') compadd -- " << joined(words_of(command)) << " ;;\n";
    });
    std::cout << "esac\n_files\n";
}

// Text between single quotes of the fish shell.
std::string fish_text(const std::string& text) {
    std::string quoted = "'";
    for (const char letter : text) {
        if (letter == '\'' || letter == '\\') quoted += '\\';
        quoted += letter;
    }
    return quoted + '\'';
}

void print_fish(const CLI::App& app) {
    std::cout << "# fish completion of modax; made by `modax completion fish`\n";
    walk(app, "modax", [&app](const std::string& path, const CLI::App& command) {
        std::string condition = "__fish_use_subcommand";
        if (&command != &app) condition = "__fish_seen_subcommand_from " + command.get_name();
        for (const CLI::App* sub : commands_of(command)) {
            std::cout << "complete -c modax -n '" << condition << "' -f -a " << sub->get_name()
                      << " -d " << fish_text(sub->get_description()) << '\n';
        }
        if (path == "modax") return;
        for (const CLI::Option* option : command.get_options()) {
            if (option->get_lnames().empty()) continue;
            std::cout << "complete -c modax -n '" << condition << "' -l "
                      << option->get_lnames().front() << " -d "
                      << fish_text(option->get_description()) << '\n';
        }
    });
}

// roff: a line must not begin with a control character, and backslashes and minus signs are meant.
std::string roff(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        const bool line_begins = out.empty() || out.back() == '\n';
        if (line_begins && (letter == '.' || letter == '\'')) out += "\\&";
        if (letter == '\\') {
            out += "\\e";
        } else if (letter == '-') {
            out += "\\-";
        } else {
            out += letter;
        }
    }
    return out;
}

void print_options(const CLI::App& command) {
    for (const CLI::Option* option : command.get_options()) {
        std::cout << ".TP\n\\fB" << roff(option->get_name(false, true)) << "\\fR";
        const bool takes_text = option->get_type_size() != 0 && !option->get_positional();
        if (takes_text) std::cout << " \\fI" << roff(option->get_type_name()) << "\\fR";
        std::cout << '\n' << roff(option->get_description()) << '\n';
    }
}

void print_manual(const CLI::App& app) {
    std::cout << ".\\\" made by `modax manual`\n.TH MODAX 1 \"\" \"modax " << k_version
              << "\" \"User Commands\"\n.SH NAME\nmodax \\- "
                 "gateway between machines that speak MQTT and the systems of a plant\n"
                 ".SH SYNOPSIS\n.B modax\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n"
                 "Takes readings of machines over MQTT, stores each before it acknowledges it, and "
                 "serves them over REST, WebSocket, MQTT, OPC UA and SQL.\n.SH COMMANDS\n";
    walk(app, "modax", [](const std::string& path, const CLI::App& command) {
        if (path == "modax") return;
        std::cout << ".SS \"" << roff(path) << "\"\n" << roff(command.get_description()) << '\n';
        print_options(command);
    });
    std::cout << ".SH EXIT STATUS\n0: done; 1: failed; 64: wrong use; 69: a server is not to be "
                 "reached; 78: wrong configuration.\n.SH FILES\n.I /etc/modax/modax.toml\n"
                 ".SH SEE ALSO\n.I /usr/share/doc/modax\n";
}

int complete(const CLI::App& app, const std::string& shell) {
    if (shell == "bash") {
        print_bash(app);
    } else if (shell == "zsh") {
        print_zsh(app);
    } else {
        print_fish(app);
    }
    return k_exit_ok;
}

}  // namespace

void add_manual(CLI::App& app, Action& action) {
    auto* completion = app.add_subcommand(
        "completion", "Print what a shell needs to complete commands: bash, zsh or fish"
    );
    const auto shell = std::make_shared<std::string>();
    completion->add_option("SHELL", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completion->callback([&app, &action, shell] {
        action = [&app, shell] { return complete(app, *shell); };
    });
    app.add_subcommand("manual", "Print the manual page (man -l <(modax manual))")
        ->callback([&app, &action] {
            action = [&app] {
                print_manual(app);
                return k_exit_ok;
            };
        });
}

}  // namespace modax::cli
