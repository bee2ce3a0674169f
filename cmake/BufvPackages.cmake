# SPDX-License-Identifier: Apache-2.0
#
# What `make package` and `make package_source` make, of any build tree: an
# archive of what is installed, and one of the sources. Packages of systems are
# made by their own tools: see packaging. The archive of a release is made by
# ci/release, and is the same each time.

set(CPACK_PACKAGE_NAME bufv)
set(CPACK_PACKAGE_VENDOR bufv)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR TGZ)
set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_PACKAGE_FILE_NAME bufv-${PROJECT_VERSION})
set(CPACK_SOURCE_IGNORE_FILES
    "/\\\\.git/" "/__pycache__/" "^${PROJECT_SOURCE_DIR}/build/")
cmake_path(IS_PREFIX PROJECT_SOURCE_DIR "${PROJECT_BINARY_DIR}" bufv_inside)
if(bufv_inside AND NOT PROJECT_BINARY_DIR STREQUAL PROJECT_SOURCE_DIR)
    list(APPEND CPACK_SOURCE_IGNORE_FILES "^${PROJECT_BINARY_DIR}/")
endif()

include(CPack)
