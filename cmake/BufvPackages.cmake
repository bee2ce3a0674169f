# Debian packages: cpack -G DEB, in a build tree configured with
# -DCMAKE_INSTALL_PREFIX=/usr (which decides about lib/x86_64-linux-gnu).
#
#   libbufv0 libbufv-brigade0 libbufv-openssl0   a shared library each
#   libbufv-dev                                  headers, CMake, pkg-config
#
# Installing knows two components, Runtime and Development; Debian wants a
# package for each shared library, so that the core needs APR alone.
# packaging/debian/arrange.cmake divides Runtime before the packages are made.

set(CPACK_PACKAGE_NAME bufv)
set(CPACK_PACKAGE_VENDOR bufv)

# Who makes the packages, as Debian's own tools are told; else nobody.
set(CPACK_PACKAGE_CONTACT "bufv developers <bufv@example.org>")
if(NOT "$ENV{DEBEMAIL}" STREQUAL "")
    set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SOURCE_DIR ${PROJECT_SOURCE_DIR})
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS
    ${PROJECT_SOURCE_DIR}/packaging/debian/arrange.cmake)
set(CPACK_POST_BUILD_SCRIPTS
    ${PROJECT_SOURCE_DIR}/packaging/debian/finish.cmake)

# Each package has a summary of its own; CPack would put this one before them.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")

set(bufv_about "bufv writes a list of byte chunks whole, in order, with as few
system calls and copies as the platform allows, to sockets, files and pipes of
the Apache Portable Runtime. It is to C what net.Buffers is to Go.")

# bufv_deb(COMPONENT PACKAGE SECTION SUMMARY ABOUT DEPENDS) adds a package.
macro(bufv_deb component package section summary about depends)
    string(TOUPPER ${component} upper)
    list(APPEND CPACK_COMPONENTS_ALL ${component})
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
    set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
    set(CPACK_DEBIAN_${upper}_DESCRIPTION
        "${summary}\n${bufv_about}\n\n${about}")
    set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}")
    set(CPACK_DEBIAN_${upper}_PACKAGE_MULTIARCH same)
endmacro()

# bufv_deb_symbols(FILE LIBRARY PACKAGE MAP) turns the list of exported names
# into dpkg's: which name needs which version of the package.
function(bufv_deb_symbols file library package map)
    set(text "${library}.so.${bufv_soname} ${package} (>= ${PROJECT_VERSION})\n")
    string(APPEND text "* Build-Depends-Package: libbufv-dev\n")
    file(STRINGS ${map} lines)
    foreach(line IN LISTS lines)
        if(line MATCHES "^(BUFV_[A-Z_]*([0-9.]+)) {")
            set(node ${CMAKE_MATCH_1})
            set(since ${CMAKE_MATCH_2}.0)
            string(APPEND text " ${node}@${node} ${since}\n")
        elseif(line MATCHES "^ +(bufv_[a-z0-9_]+);")
            string(APPEND text " ${CMAKE_MATCH_1}@${node} ${since}\n")
        endif()
    endforeach()
    file(WRITE ${file} "${text}")
endfunction()

# bufv_deb_library(COMPONENT TARGET PACKAGE): what belongs to one that holds a
# shared library.
macro(bufv_deb_library component target package)
    set(library lib${target})
    string(TOUPPER ${component} upper)
    set(control ${CMAKE_CURRENT_BINARY_DIR}/debian/${package})
    file(WRITE ${control}/triggers "activate-noawait ldconfig\n")
    file(WRITE ${control}/shlibs "${library} ${bufv_soname} ${package} \
(>= ${PROJECT_VERSION})\n")
    set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA
        ${control}/triggers ${control}/shlibs ${control}/symbols)
    get_target_property(map ${target} BUFV_MAP)
    bufv_deb_symbols(${control}/symbols ${library} ${package} ${map})
    set(CPACK_DEBIAN_${upper}_PACKAGE_SHLIBDEPS ON)
    string(APPEND bufv_depends ", ${package} ${bufv_same}")
endmacro()

set(CPACK_COMPONENTS_ALL)
set(bufv_soname ${PROJECT_VERSION_MAJOR})
set(bufv_same "(= ${PROJECT_VERSION}-1)")
set(bufv_depends "libapr1-dev")
get_target_property(bufv_type bufv TYPE)
if(bufv_type STREQUAL "SHARED_LIBRARY")
    bufv_deb(Runtime libbufv${bufv_soname} libs "gathered writes on APR: the library"
        "This package contains the shared library." "")
    bufv_deb_library(Runtime bufv libbufv${bufv_soname})
endif()
foreach(adapter brigade openssl)
    if(NOT TARGET bufv_${adapter})
        continue()
    endif()
    set(about_brigade "bucket brigades of apr-util")
    set(about_openssl "TLS connections of OpenSSL")
    set(dev_brigade libaprutil1-dev)
    set(dev_openssl libssl-dev)
    string(APPEND bufv_depends ", ${dev_${adapter}}")
    if(bufv_type STREQUAL "SHARED_LIBRARY")
        bufv_deb(${adapter} libbufv-${adapter}${bufv_soname} libs
            "gathered writes on APR: ${about_${adapter}}"
            "This package contains the shared library for ${about_${adapter}}."
            "libbufv${bufv_soname} ${bufv_same}")
        bufv_deb_library(${adapter} bufv_${adapter}
            libbufv-${adapter}${bufv_soname})
    endif()
endforeach()
bufv_deb(Development libbufv-dev libdevel
    "gathered writes on APR: development files"
    "This package contains headers, manual pages, and what CMake and pkg-config
need to find the library." "${bufv_depends}")

# The libraries of a package need one of another that is being made.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})

include(CPack)
