# Run by cpack between installing the components and packing them: gives each
# adapter's library to its own package and adds what Debian wants in each.

set(top ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
find_program(gzip gzip REQUIRED)
find_program(strip strip REQUIRED)

function(compress)
    if(ARGN)
        execute_process(COMMAND ${gzip} -9n ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
    endif()
endfunction()

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    if(NOT component STREQUAL "Runtime" AND NOT component STREQUAL "Development")
        file(GLOB_RECURSE files LIST_DIRECTORIES false
            RELATIVE ${top}/Runtime ${top}/Runtime/*/libbufv_${component}.so.*)
        foreach(file IN LISTS files)
            cmake_path(GET file PARENT_PATH directory)
            file(MAKE_DIRECTORY ${top}/${component}/${directory})
            file(RENAME ${top}/Runtime/${file} ${top}/${component}/${file})
        endforeach()
    endif()
endforeach()

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    string(TOUPPER ${component} upper)
    set(doc
        ${top}/${component}/usr/share/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
    file(MAKE_DIRECTORY ${doc})
    file(COPY_FILE ${CPACK_SOURCE_DIR}/packaging/debian/copyright
        ${doc}/copyright)
    file(COPY_FILE ${CPACK_SOURCE_DIR}/packaging/debian/changelog
        ${doc}/changelog.Debian)
    file(CHMOD ${doc}/copyright ${doc}/changelog.Debian
        PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    compress(${doc}/changelog.Debian)
    file(GLOB_RECURSE libraries ${top}/${component}/*.so.*)
    foreach(library IN LISTS libraries)
        if(NOT IS_SYMLINK ${library})
            # Where the system looks, nobody needs a path of his own.
            file(RPATH_REMOVE FILE ${library})
        endif()
    endforeach()
    if(libraries)
        execute_process(COMMAND ${strip} --strip-unneeded
            --remove-section=.comment --remove-section=.note ${libraries}
            COMMAND_ERROR_IS_FATAL ANY)
    endif()
    file(GLOB_RECURSE pages ${top}/${component}/usr/share/man/*.[1-9])
    compress(${pages})
endforeach()
