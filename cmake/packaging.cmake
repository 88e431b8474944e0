# `./dev package`: a .deb with the program, its service, its user and the commented configuration.
include(GNUInstallDirs)

# The default configuration is what the program itself prints, so it can't differ from it.
set(modax_example "${PROJECT_BINARY_DIR}/packaging/modax.toml")
add_custom_command(
    OUTPUT "${modax_example}"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${PROJECT_BINARY_DIR}/packaging"
    COMMAND modax config reference > "${modax_example}"
    DEPENDS modax
    COMMENT "Printing the configuration reference"
    VERBATIM
)
# The same for what shells complete, and the manual page.
set(modax_printed "${modax_example}")
function(modax_print file)
    set(output "${PROJECT_BINARY_DIR}/packaging/${file}")
    add_custom_command(
        OUTPUT "${output}"
        COMMAND modax ${ARGN} > "${output}"
        DEPENDS modax "${modax_example}"
        COMMENT "Printing ${file}"
        VERBATIM
    )
    set(modax_printed "${modax_printed}" "${output}" PARENT_SCOPE)
endfunction()
modax_print(modax.bash completion bash)
modax_print(modax.zsh completion zsh)
modax_print(modax.fish completion fish)
modax_print(modax.1 manual)
add_custom_target(modax_packaging ALL DEPENDS ${modax_printed})

install(TARGETS modax RUNTIME DESTINATION bin)
install(FILES "${modax_example}" DESTINATION /etc/modax)
install(DIRECTORY connectors/ DESTINATION share/modax/connectors)
install(FILES packaging/modax.service DESTINATION lib/systemd/system)
set(modax_printed_folder "${PROJECT_BINARY_DIR}/packaging")
install(FILES "${modax_printed_folder}/modax.bash" DESTINATION share/bash-completion/completions RENAME modax)
install(FILES "${modax_printed_folder}/modax.zsh" DESTINATION share/zsh/vendor-completions RENAME _modax)
install(FILES "${modax_printed_folder}/modax.fish" DESTINATION share/fish/vendor_completions.d)
install(FILES "${modax_printed_folder}/modax.1" DESTINATION share/man/man1)
install(DIRECTORY packaging/prometheus packaging/grafana DESTINATION share/modax)
install(FILES README.md CHANGELOG.md DESTINATION share/doc/modax)
install(FILES packaging/copyright DESTINATION share/doc/modax)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME modax)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "MODAX maintainers <maintainers@modax.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Gateway between machines that speak MQTT and the systems of a plant")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${PROJECT_SOURCE_DIR}/packaging/conffiles"
    "${PROJECT_SOURCE_DIR}/packaging/postinst"
    "${PROJECT_SOURCE_DIR}/packaging/prerm"
)
include(CPack)
