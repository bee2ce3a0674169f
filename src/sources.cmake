# SPDX-License-Identifier: Apache-2.0
#
# The sources of the library: the one list. CMake builds what it says, and
# scripts ask it, by the names of the lists below without "bufv_sources_":
#
#   cmake -P src/sources.cmake                            all there are
#   cmake "-DOF=core;unix"   -P src/sources.cmake        some, one a line

# The core, on every platform, and what it asks of the system.
set(bufv_sources_core
    src/file.c
    src/limits.c
    src/list.c
    src/move.c
    src/nagle.c
    src/plan.c
    src/queue.c
    src/range.c
    src/reader.c
    src/release.c
    src/report.c
    src/reserve.c
    src/scratch.c
    src/slab.c
    src/socket.c
    src/socket_names.c
    src/write.c
    src/writer.c)
set(bufv_sources_system_unix
    src/unix/buffer.c
    src/unix/kind.c
    src/unix/loan.c
    src/unix/monitor.c
    src/unix/system.c)
set(bufv_sources_system_win32
    src/win32/cork.c
    src/win32/loan.c
    src/win32/monitor.c
    src/win32/overlapped.c
    src/win32/quiet.c
    src/win32/system.c)

# What differs among the kernels below POSIX.
set(bufv_sources_kernel_linux
    src/unix/condition_posix.c
    src/unix/cork_linux.c
    src/unix/nowait_linux.c
    src/unix/quiet.c)
set(bufv_sources_kernel_freebsd
    src/unix/condition_posix.c
    src/unix/cork_freebsd.c
    src/unix/nowait_none.c
    src/unix/quiet.c)
set(bufv_sources_kernel_macos
    src/unix/condition_macos.c
    src/unix/cork_none.c
    src/unix/nowait_none.c
    src/unix/quiet_macos.c)
set(bufv_sources_kernel_other
    src/unix/condition_posix.c
    src/unix/cork_none.c
    src/unix/nowait_none.c
    src/unix/quiet.c)

# The back ends. APR's own file calls cannot be relied on under Windows, so
# that the generic back end borrows a file there (see src/win32/file.c).
set(bufv_sources_unix
    src/unix/file.c
    src/unix/socket.c)
set(bufv_sources_win32
    src/win32/file.c
    src/win32/pipe.c
    src/win32/socket.c)
set(bufv_sources_generic
    src/generic/socket.c)
set(bufv_sources_generic_unix
    src/generic/file.c)
set(bufv_sources_generic_win32
    src/win32/file.c
    src/win32/pipe.c)

# sendfile() of the unix back end, by the system it is for.
set(bufv_sources_sendfile_linux
    src/unix/sendfile.c
    src/unix/sendfile_linux.c)
set(bufv_sources_sendfile_freebsd
    src/unix/sendfile.c
    src/unix/sendfile_freebsd.c)
set(bufv_sources_sendfile_macos
    src/unix/sendfile.c
    src/unix/sendfile_macos.c)

# The adapters, each a library of its own, and the core's files that it shares
# when the core is a shared library, which hides them.
set(bufv_sources_brigade
    src/brigade/brigade.c)
set(bufv_sources_openssl
    src/openssl/attempt.c
    src/openssl/status.c
    src/openssl/writer.c)
set(bufv_sources_openssl_unix
    src/openssl/sendfile.c)
set(bufv_sources_openssl_shares
    src/nagle.c
    src/socket_names.c)
set(bufv_sources_openssl_shares_unix
    src/unix/loan.c)
set(bufv_sources_openssl_shares_win32
    src/win32/cork.c
    src/win32/loan.c
    src/win32/quiet.c)
set(bufv_sources_openssl_shares_linux
    src/unix/cork_linux.c
    src/unix/quiet.c)
set(bufv_sources_openssl_shares_freebsd
    src/unix/cork_freebsd.c
    src/unix/quiet.c)
set(bufv_sources_openssl_shares_macos
    src/unix/cork_none.c
    src/unix/quiet_macos.c)
set(bufv_sources_openssl_shares_other
    src/unix/cork_none.c
    src/unix/quiet.c)

# ---- the rest is no list

# bufv_sources(OUT NAME...) sets OUT to the files of these lists, each once,
# and leaves out lists that there are not.
function(bufv_sources out)
    set(files)
    foreach(name IN LISTS ARGN)
        list(APPEND files ${bufv_sources_${name}})
    endforeach()
    list(REMOVE_DUPLICATES files)
    set(${out} ${files} PARENT_SCOPE)
endfunction()

# cmake -P: print them, to the standard output, which message() does not.
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
    if(NOT OF)
        get_cmake_property(OF VARIABLES)
        list(FILTER OF INCLUDE REGEX "^bufv_sources_")
        list(TRANSFORM OF REPLACE "^bufv_sources_" "")
    endif()
    foreach(name IN LISTS OF)
        if(NOT DEFINED bufv_sources_${name})
            message(FATAL_ERROR "there is no list '${name}' of sources")
        endif()
    endforeach()
    bufv_sources(files ${OF})
    list(JOIN files "\n" text)
    execute_process(COMMAND ${CMAKE_COMMAND} -E echo "${text}")
endif()
