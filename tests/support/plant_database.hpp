// A database of its own for one test, in the PostgreSQL that ctest started for the unit tests
// (modax_test/postgres.py). Dropped with the object.
#pragma once

#include "store/connection.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>

namespace modax::test {

class PlantDatabase {
public:
    // nullopt: there is no server; then skip the test with missing().
    static std::optional<store::Target> server() {
        const char* name = std::getenv("MODAX_POSTGRES_FILE");
        std::ifstream file{name == nullptr ? "" : name};
        if (!file) return std::nullopt;
        const auto known = nlohmann::json::parse(file);
        store::Target target;
        target.url = known.at("url").get<std::string>();
        target.password = Secret{known.at("password").get<std::string>()};
        return target;
    }
    static const char* missing() {
        return "no PostgreSQL: run by ctest, with postgresql 15 or newer installed";
    }

    PlantDatabase() : admin_{*server()}, name_{unused_name()} {
        run("CREATE DATABASE " + name_);
        target_ = admin_;
        target_.url.replace(target_.url.rfind('/') + 1, std::string::npos, name_);
    }
    PlantDatabase(const PlantDatabase&) = delete;
    PlantDatabase& operator=(const PlantDatabase&) = delete;
    ~PlantDatabase() {
        auto connection = store::Connection::open(admin_);
        if (connection) (void)connection->execute("DROP DATABASE " + name_ + " WITH (FORCE)");
    }

    const store::Target& target() const { return target_; }

    store::Connection connect() const {
        auto opened = store::Connection::open(target_);
        if (!opened) throw std::runtime_error{opened.error().detail};
        return std::move(*opened);
    }
    // The first column of the first row.
    std::string value(const std::string& statement) const {
        auto connection = connect();
        const auto rows = connection.query(statement);
        if (!rows) throw std::runtime_error{rows.error().detail};
        return rows->count() == 0 ? std::string{} : std::string{rows->text(0, 0)};
    }

private:
    static std::string unused_name() {
        static int number = 0;
        return "test_" + std::to_string(getpid()) + "_" + std::to_string(++number);
    }
    void run(const std::string& statement) const {
        auto connection = store::Connection::open(admin_);
        if (!connection) throw std::runtime_error{connection.error().detail};
        if (auto done = connection->execute(statement); !done) {
            throw std::runtime_error{done.error().detail};
        }
    }

    store::Target admin_;
    store::Target target_;
    std::string name_;
};

// Base of tests that need one.
class WithPlantDatabase : public testing::Test {
protected:
    void SetUp() override {
        if (!PlantDatabase::server()) GTEST_SKIP() << PlantDatabase::missing();
        database_.emplace();
    }
    PlantDatabase& database() { return *database_; }

private:
    std::optional<PlantDatabase> database_;
};

}  // namespace modax::test
