// How a member of Config becomes a Key of the schema. Internal to config.
#pragma once

#include "config/schema.hpp"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <filesystem>
#include <type_traits>
#include <utility>

// The name of a key and the access to its member, so that the two can't differ.
#define MODAX_KEY(member)                \
#member, [](auto& config) -> auto& { \
        return config.member;            \
    }

namespace modax::config {

template <class Member>
Value to_value(const Member& member) {
    if constexpr (std::integral<Member> && !std::is_same_v<Member, bool>) {
        return static_cast<std::int64_t>(member);
    } else if constexpr (std::is_same_v<Member, milliseconds>) {
        return static_cast<std::int64_t>(member.count());
    } else if constexpr (std::is_same_v<Member, std::filesystem::path>) {
        return member.string();
    } else if constexpr (std::is_same_v<Member, SecretReference>) {
        return member.text;
    } else {
        return member;
    }
}

template <class Member>
void from_value(Member& member, const Value& value) {
    if constexpr (std::is_same_v<Member, bool>) {
        member = std::get<bool>(value);
    } else if constexpr (std::integral<Member>) {
        member = static_cast<Member>(std::get<std::int64_t>(value));
    } else if constexpr (std::is_same_v<Member, milliseconds>) {
        member = milliseconds{std::get<std::int64_t>(value)};
    } else if constexpr (std::is_same_v<Member, SecretReference>) {
        member.text = std::get<std::string>(value);
    } else if constexpr (std::is_same_v<Member, std::vector<std::string>>) {
        member = std::get<std::vector<std::string>>(value);
    } else {
        member = std::get<std::string>(value);
    }
}

// A key of any kind; the functions below add what their kind needs.
template <class Access>
Key make_key(Kind kind, std::string name, Access access, std::string sentence) {
    Key key;
    key.name = std::move(name);
    key.sentence = std::move(sentence);
    key.kind = kind;
    key.set = [access](Config& config, const Value& value) { from_value(access(config), value); };
    key.get = [access](const Config& config) -> Value { return to_value(access(config)); };
    return key;
}

template <class Access>
Key flag(std::string name, Access access, std::string sentence) {
    return make_key(Kind::boolean, std::move(name), access, std::move(sentence));
}

template <class Access>
Key text(std::string name, Access access, std::string sentence) {
    return make_key(Kind::text, std::move(name), access, std::move(sentence));
}

template <class Access>
Key path(std::string name, Access access, std::string sentence) {
    return make_key(Kind::path, std::move(name), access, std::move(sentence));
}

template <class Access>
Key address(std::string name, Access access, std::string sentence) {
    return make_key(Kind::address, std::move(name), access, std::move(sentence));
}

template <class Access>
Key list(std::string name, Access access, std::string sentence) {
    return make_key(Kind::list, std::move(name), access, std::move(sentence));
}

template <class Access>
Key secret(std::string name, Access access, std::string sentence) {
    return make_key(Kind::secret, std::move(name), access, std::move(sentence));
}

template <class Access>
Key number(
    std::string name,
    Access access,
    std::string sentence,
    std::int64_t minimum,
    std::int64_t maximum,
    std::string unit = {}
) {
    Key key = make_key(Kind::integer, std::move(name), access, std::move(sentence));
    key.minimum = minimum;
    key.maximum = maximum;
    key.unit = std::move(unit);
    return key;
}

template <class Access>
Key port(std::string name, Access access, std::string sentence) {
    return number(std::move(name), access, std::move(sentence) + " 0 takes a free one.", 0, 65535);
}

template <class Access>
Key duration(
    std::string name,
    Access access,
    std::string sentence,
    milliseconds minimum,
    milliseconds maximum
) {
    Key key = make_key(Kind::duration, std::move(name), access, std::move(sentence));
    key.minimum = minimum.count();
    key.maximum = maximum.count();
    return key;
}

template <class Access>
Key size(std::string name, Access access, std::string sentence, Bytes minimum, Bytes maximum) {
    Key key = make_key(Kind::size, std::move(name), access, std::move(sentence));
    key.minimum = static_cast<std::int64_t>(minimum);
    key.maximum = static_cast<std::int64_t>(maximum);
    return key;
}

// `choices` in the order of the enumeration.
template <class Access>
Key choice(
    std::string name, Access access, std::string sentence, std::vector<std::string> choices
) {
    Key key;
    key.name = std::move(name);
    key.sentence = std::move(sentence);
    key.kind = Kind::choice;
    key.choices = std::move(choices);
    const auto names = key.choices;
    key.set = [access, names](Config& config, const Value& value) {
        auto& member = access(config);
        const auto found = std::find(names.begin(), names.end(), std::get<std::string>(value));
        member = static_cast<std::remove_reference_t<decltype(member)>>(found - names.begin());
    };
    key.get = [access, names](const Config& config) -> Value {
        return names.at(static_cast<std::size_t>(access(config)));
    };
    return key;
}

}  // namespace modax::config
