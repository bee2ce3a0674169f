# SPDX-License-Identifier: Apache-2.0
#
# What a library of the project is to its users: which names it exports, where
# it is installed, how it is found. Included when all libraries are there.

include(CMakePackageConfigHelpers)
include(CheckLinkerFlag)

# ---- exported names

# A map lists them: the one list, for the linker where there are ELF symbol
# versions, and for test/consumer/exports.cmake everywhere. A name in it that
# the library lacks fails the link; one that it has beyond them, the test.
function(bufv_exports target map)
    set_target_properties(${target} PROPERTIES BUFV_MAP ${map}
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
    get_target_property(type ${target} TYPE)
    if(NOT type STREQUAL "SHARED_LIBRARY" OR WIN32 OR APPLE)
        return()
    endif()
    check_linker_flag(C "-Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/any.map"
        BUFV_HAVE_VERSION_SCRIPT)
    check_linker_flag(C "-Wl,--no-undefined-version"
        BUFV_HAVE_NO_UNDEFINED_VERSION)
    if(BUFV_HAVE_VERSION_SCRIPT)
        target_link_options(${target} PRIVATE "-Wl,--version-script=${map}"
            $<$<BOOL:${BUFV_HAVE_NO_UNDEFINED_VERSION}>:-Wl,--no-undefined-version>)
        set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${map})
    endif()
endfunction()

# An adapter finds libbufv beside itself, wherever both are moved to: a program
# that names neither in its own run path may link the adapter alone.
function(bufv_finds_sibling target)
    if(DEFINED CMAKE_INSTALL_RPATH OR WIN32)
        return()
    endif()
    if(APPLE)
        set_target_properties(${target} PROPERTIES
            INSTALL_RPATH "@loader_path")
    else()
        set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN")
    endif()
endfunction()

bufv_exports(bufv ${PROJECT_SOURCE_DIR}/src/bufv.map)
set(bufv_targets bufv)
foreach(adapter brigade openssl)
    if(TARGET bufv_${adapter})
        bufv_exports(bufv_${adapter}
            ${PROJECT_SOURCE_DIR}/src/${adapter}/bufv_${adapter}.map)
        bufv_finds_sibling(bufv_${adapter})
        set_target_properties(bufv_${adapter} PROPERTIES
            EXPORT_NAME ${adapter})
        list(APPEND bufv_targets bufv_${adapter})
    endif()
endforeach()

# The targets of a package are known in the directory that found it; a project
# that bufv is a part of links them from others.
get_property(bufv_imported DIRECTORY PROPERTY IMPORTED_TARGETS)
foreach(target OpenSSL::SSL OpenSSL::Crypto)
    if(target IN_LIST bufv_imported)
        set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
    endif()
endforeach()

if(NOT BUFV_INSTALL)
    # CMake's own message, that bufv is in no export set, does not say this.
    message(STATUS "bufv: a part of this project, not installed with it. A "
        "static library that links it and is installed needs -DBUFV_INSTALL=ON")
    return()
endif()

# ---- files

set(bufv_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/bufv)
set(bufv_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Each library has an export file of its own: who asks for the core alone
# needs APR alone.
foreach(target IN LISTS bufv_targets)
    install(TARGETS ${target} EXPORT ${target}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT Runtime
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Runtime
            NAMELINK_COMPONENT Development
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Development
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    install(EXPORT ${target} NAMESPACE bufv:: FILE ${target}Targets.cmake
        DESTINATION ${bufv_cmake_dir} COMPONENT Development)
    install(FILES ${PROJECT_SOURCE_DIR}/include/${target}.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT Development)
endforeach()

# ---- what is in it

include(BufvSbom)
bufv_sbom(${CMAKE_CURRENT_BINARY_DIR}/bufv.spdx.json)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/bufv.spdx.json
    DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT Development)

# ---- find_package()

configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/bufvConfig.cmake.in bufvConfig.cmake
    INSTALL_DESTINATION ${bufv_cmake_dir}
    NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(bufvConfigVersion.cmake
    COMPATIBILITY SameMajorVersion)
install(FILES
    ${CMAKE_CURRENT_BINARY_DIR}/bufvConfig.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/bufvConfigVersion.cmake
    ${PROJECT_SOURCE_DIR}/cmake/FindAPR.cmake
    DESTINATION ${bufv_cmake_dir} COMPONENT Development)
if(TARGET bufv_brigade)
    install(FILES ${PROJECT_SOURCE_DIR}/cmake/FindAPRUtil.cmake
        DESTINATION ${bufv_cmake_dir} COMPONENT Development)
endif()

# ---- pkg-config

# bufv_pc(NAME DESCRIPTION REQUIRES [LIBS_PRIVATE]). What the header of a
# library names, its users call themselves, so it is in Requires: APR for all,
# OpenSSL for those who hand over an SSL.
function(bufv_pc name description requires libs_private)
    file(RELATIVE_PATH up "${CMAKE_INSTALL_PREFIX}/${bufv_pc_dir}"
        "${CMAKE_INSTALL_PREFIX}")
    if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
        file(RELATIVE_PATH up "${bufv_pc_dir}" "${CMAKE_INSTALL_PREFIX}")
    endif()
    string(REGEX REPLACE "/$" "" up "${up}")
    file(RELATIVE_PATH libdir "${CMAKE_INSTALL_PREFIX}"
        "${CMAKE_INSTALL_FULL_LIBDIR}")
    file(RELATIVE_PATH includedir "${CMAKE_INSTALL_PREFIX}"
        "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
    get_target_property(type ${name} TYPE)
    set(static)
    if(type STREQUAL "STATIC_LIBRARY")
        set(static " -DBUFV_STATIC")
    endif()
    configure_file(${PROJECT_SOURCE_DIR}/cmake/bufv.pc.in ${name}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc
        DESTINATION ${bufv_pc_dir} COMPONENT Development)
endfunction()

set(bufv_libs_private)
if(WIN32)
    set(bufv_libs_private -lws2_32)
endif()
set(bufv_this "bufv = ${PROJECT_VERSION}")
bufv_pc(bufv "${PROJECT_DESCRIPTION}" "apr-1 >= 1.6" "${bufv_libs_private}")
if(TARGET bufv_brigade)
    bufv_pc(bufv_brigade "bufv for the bucket brigades of apr-util"
        "${bufv_this}, apr-util-1" "")
endif()
if(TARGET bufv_openssl)
    bufv_pc(bufv_openssl "bufv for connections of OpenSSL"
        "${bufv_this}, openssl >= 3" "")
endif()

if(PROJECT_IS_TOP_LEVEL)
    include(BufvPackages)
endif()
