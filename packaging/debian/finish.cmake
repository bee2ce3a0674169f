# Run by cpack when the packages are made: takes out the scripts that it adds
# to those with a shared library. They call ldconfig, which the trigger does.

find_program(dpkg_deb dpkg-deb)
if(NOT dpkg_deb)
    return()
endif()
foreach(package IN LISTS CPACK_PACKAGE_FILES)
    set(tree ${package}.tree)
    foreach(step
            "-R;${package};${tree}"
            "-b;--root-owner-group;${tree};${package}")
        execute_process(COMMAND ${dpkg_deb} ${step}
            OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
        file(REMOVE ${tree}/DEBIAN/postinst ${tree}/DEBIAN/postrm)
    endforeach()
    file(REMOVE_RECURSE ${tree})
endforeach()
