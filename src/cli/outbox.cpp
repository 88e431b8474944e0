// `modax outbox`: what is delivered to other systems, with the gateway running or not.
#include "app/identity.hpp"
#include "cli/command.hpp"
#include "core/clock.hpp"
#include "core/delivery.hpp"

#include <algorithm>
#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

struct OutboxOptions {
    ConfigOptions config;
    OutboxQuery query;
    std::uint64_t id = 0;
    std::string reason;
};

// What others have chosen must not move the cursor of a terminal.
std::string printable(std::string text, bool keep_line_breaks) {
    std::replace_if(
        text.begin(),
        text.end(),
        [&](unsigned char c) {
            return (c < 0x20 || c == 0x7F) && !(keep_line_breaks && c == '\n');
        },
        '?'
    );
    return text;
}

std::string line_of(const Delivery& delivery) {
    std::string line = std::to_string(delivery.id) + ' ' + delivery.state + ' ' +
                       delivery.connector + ' ' + delivery.event.type + ' ' +
                       delivery.event.object_key + ' ' + format_iso8601(delivery.created) +
                       " attempts " + std::to_string(delivery.attempts);
    if (!delivery.reason.empty()) line += ": " + delivery.reason;
    return printable(std::move(line), false);
}

template <typename Work>
int with_outbox(const OutboxOptions& options, const Work& work) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    const auto identity = app::Identity::open_existing(*config);
    if (!identity) return report(identity.error());
    return work((*identity)->outbox());
}

int list(const OutboxOptions& options) {
    return with_outbox(options, [&](const OutboxStore& outbox) {
        const auto found = outbox.deliveries(options.query);
        if (!found) return report(found.error());
        for (const Delivery& delivery : *found) std::cout << line_of(delivery) << '\n';
        return k_exit_ok;
    });
}

int show(const OutboxOptions& options) {
    return with_outbox(options, [&](const OutboxStore& outbox) {
        const auto found = outbox.delivery(options.id);
        if (!found) return report(found.error());
        std::cout << line_of(*found) << "\n\nevent " << found->event.id << '\n'
                  << printable(found->event.body, true) << "\n\nrequest\n"
                  << printable(found->request, true) << "\n\nanswer\n"
                  << printable(found->answer, true) << '\n';
        return k_exit_ok;
    });
}

int decide(
    const OutboxOptions& options,
    const char* action,
    Status (OutboxStore::*decision)(std::uint64_t, const AuditEntry&)
) {
    return with_outbox(options, [&](OutboxStore& outbox) {
        AuditEntry record = app::Identity::origin();
        record.time = SystemClock{}.now();
        record.action = action;
        record.object = "delivery:" + std::to_string(options.id);
        record.detail = options.reason;
        if (auto done = (outbox.*decision)(options.id, record); !done) return report(done.error());
        std::cout << "Delivery " << options.id << ": " << action << ".\n";
        return k_exit_ok;
    });
}

int retry(const OutboxOptions& options) {
    return decide(options, "delivery.retry", &OutboxStore::retry_delivery);
}

int discard(const OutboxOptions& options) {
    return decide(options, "delivery.discard", &OutboxStore::discard_delivery);
}

}  // namespace

void add_outbox(CLI::App& app, Action& action) {
    auto* outbox = app.add_subcommand("outbox", "Deliveries into other systems");
    outbox->require_subcommand(1);
    const auto options = std::make_shared<OutboxOptions>();
    const auto run = [&action, options](CLI::App* command, int (*work)(const OutboxOptions&)) {
        add_config_options(*command, options->config);
        command->callback([&action, options, work] {
            action = [options, work] { return work(*options); };
        });
    };
    const auto one = [&](const char* name, const char* help, int (*work)(const OutboxOptions&)) {
        auto* command = outbox->add_subcommand(name, help);
        command->add_option("ID", options->id, "Its number, see `modax outbox list`")->required();
        run(command, work);
        return command;
    };

    auto* all = outbox->add_subcommand("list", "Deliveries, oldest first");
    all->add_option("--state", options->query.state, "Only these")
        ->check(CLI::IsMember({"queued", "in_flight", "in_doubt", "delivered", "dead", "discarded"})
        );
    all->add_option("--connector", options->query.connector, "Only those of one connector");
    all->add_option("--after", options->query.after, "Only numbers above it");
    all->add_option("--limit", options->query.limit, "At most so many")->capture_default_str();
    run(all, list);
    one("show", "One with its last request and answer", show);
    one("retry", "Send a dead one, or one in doubt that is not there, again", retry)
        ->add_option("--reason", options->reason, "For the audit log");
    one("discard", "Give a dead one, or one in doubt, up", discard)
        ->add_option("--reason", options->reason, "For the audit log");
}

}  // namespace modax::cli
