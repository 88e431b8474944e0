# The script behind modax_embed_text: writes OUTPUT with one raw string for each of ENTRIES.
# FOLDER, NAMESPACE and HEADER are those of modax_embed_text.
set(code "#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n\n")
foreach(entry ${ENTRIES})
    string(REGEX MATCH "^([^=]*)=(.*)$" matched "${entry}")
    set(name "${CMAKE_MATCH_1}")
    file(READ "${FOLDER}/${CMAKE_MATCH_2}" text)
    string(APPEND code "const std::string_view ${name} = R\"modax(${text})modax\";\n")
endforeach()
string(APPEND code "\n}  // namespace ${NAMESPACE}\n")
file(WRITE "${OUTPUT}" "${code}")
