# Every third-party library, found once; each is linked PRIVATE by the one module that owns it.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(tl-expected REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_library(MODAX_JQ jq REQUIRED)  # Debian 12 has no .pc file for it
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(XLSXWRITER REQUIRED IMPORTED_TARGET xlsxwriter)
# Older releases lack fixes of published holes (docs/adr/0015). Its CMake package wants the tools
# installed as well; pkg-config does not.
pkg_check_modules(OPEN62541 REQUIRED IMPORTED_TARGET open62541>=1.4.18)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq>=15)
pkg_check_modules(ARGON2 REQUIRED IMPORTED_TARGET libargon2)

# Boost.Asio and Beast are header-only; one target so that every user compiles them alike.
add_library(modax_asio INTERFACE)
target_link_libraries(modax_asio INTERFACE Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
target_compile_definitions(modax_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY)
