# modax_embed_text(TARGET NAMESPACE HEADER name=file...): compiles text files into TARGET as
# `extern const std::string_view NAMESPACE::name`, which HEADER (of src/) declares.
set(MODAX_EMBED_TEXT_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/write_embedded_text.cmake")

function(modax_embed_text target namespace header)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${target}_text.cpp")
    set(files)
    foreach(entry ${ARGN})
        string(REGEX REPLACE "^[^=]*=" "" file "${entry}")
        list(APPEND files "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
    endforeach()
    add_custom_command(
        OUTPUT "${source}"
        COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${source}" "-DNAMESPACE=${namespace}" "-DHEADER=${header}"
                "-DENTRIES=${ARGN}" "-DFOLDER=${CMAKE_CURRENT_SOURCE_DIR}" -P "${MODAX_EMBED_TEXT_SCRIPT}"
        DEPENDS ${files} "${MODAX_EMBED_TEXT_SCRIPT}"
        COMMENT "Embedding text into ${target}"
        VERBATIM
    )
    target_sources(${target} PRIVATE "${source}")
endfunction()
