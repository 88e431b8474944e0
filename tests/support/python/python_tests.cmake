# modax_python_test(NAME FILE LABEL [CLASS ...] [ENVIRONMENT ...] [TIMEOUT n] [SERIAL]): one ctest
# case for each class of a test file, or one for the file. Exit code 77 means that all of it was
# skipped; the output says why.
find_program(MODAX_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)

function(modax_python_test name file label)
    cmake_parse_arguments(PARSE_ARGV 3 arg "SERIAL" "TIMEOUT" "CLASS;ENVIRONMENT")
    if(NOT MODAX_PYTHON)
        return()
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 300)
    endif()
    set(environment
        "PYTHONPATH=${CMAKE_CURRENT_FUNCTION_LIST_DIR}" PYTHONDONTWRITEBYTECODE=1
        "MODAX_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
        "MODAX_NPM_DIR=${PROJECT_BINARY_DIR}/npm"
        "MODAX_FLOOD=$<TARGET_FILE:modax_flood>"
        "MODAX_WS_DRAIN=$<TARGET_FILE:modax_ws_drain>"
        "MODAX_OPCUA_LOAD=$<TARGET_FILE:modax_opcua_load>"
        ${arg_ENVIRONMENT})
    if(TARGET modax)
        list(APPEND environment "MODAX_BINARY=$<TARGET_FILE:modax>")
    endif()
    if(MODAX_SANITIZE)
        # Ten times slower: loads are smaller, see modax_test/tools.py.
        list(APPEND environment MODAX_SANITIZED=1)
    endif()
    set(classes "${arg_CLASS}")
    if(NOT classes)
        set(classes "all")
    endif()
    foreach(class IN LISTS classes)
        set(test "${name}.${class}")
        set(only "${class}")
        if(class STREQUAL "all")
            set(test "${name}")
            set(only "")
        endif()
        add_test(NAME "${test}"
            COMMAND "${MODAX_PYTHON}" -m modax_test.run "${CMAKE_CURRENT_SOURCE_DIR}/${file}" ${only})
        set_tests_properties("${test}" PROPERTIES
            LABELS "${label}" ENVIRONMENT "${environment}" TIMEOUT ${arg_TIMEOUT}
            SKIP_RETURN_CODE 77 RUN_SERIAL "${arg_SERIAL}")
    endforeach()
endfunction()
