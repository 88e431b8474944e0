// The texts of sql/, compiled in. Internal to store.
#pragma once

#include <string_view>

namespace modax::store {

extern const std::string_view k_tables_sql;
extern const std::string_view k_rollups_sql;
extern const std::string_view k_partitions_sql;
extern const std::string_view k_hypertables_sql;

}  // namespace modax::store
