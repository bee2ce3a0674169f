# SPDX-License-Identifier: Apache-2.0
#
# The bill of materials of what is installed, as SPDX 2.3: the library, and
# what it is linked to. bufv_sbom(FILE) writes it. With SOURCE_DATE_EPOCH in
# the environment it is the same each time.

# bufv_sbom_package(ID NAME VERSION PURL RELATION) adds one to `packages` and
# how bufv depends on it to `relations`.
macro(bufv_sbom_package id name version purl relation)
    set(known "${version}")
    set(at "@${version}")
    if(NOT known)
        set(known NOASSERTION)
        set(at)
    endif()
    list(APPEND packages "{
      \"SPDXID\": \"SPDXRef-${id}\",
      \"name\": \"${name}\",
      \"versionInfo\": \"${known}\",
      \"downloadLocation\": \"NOASSERTION\",
      \"filesAnalyzed\": false,
      \"licenseConcluded\": \"NOASSERTION\",
      \"licenseDeclared\": \"Apache-2.0\",
      \"copyrightText\": \"NOASSERTION\",
      \"externalRefs\": [{
        \"referenceCategory\": \"PACKAGE-MANAGER\",
        \"referenceType\": \"purl\",
        \"referenceLocator\": \"${purl}${at}\"
      }]
    }")
    list(APPEND relations "{
      ${relation}
    }")
endmacro()

function(bufv_sbom file)
    string(TIMESTAMP created "%Y-%m-%dT%H:%M:%SZ" UTC)
    set(packages)
    set(relations)
    set(of_bufv "\"spdxElementId\": \"SPDXRef-bufv\",
      \"relationshipType\": \"DEPENDS_ON\",
      \"relatedSpdxElement\":")
    bufv_sbom_package(bufv bufv "${PROJECT_VERSION}" pkg:generic/bufv
        "\"spdxElementId\": \"SPDXRef-DOCUMENT\",
      \"relationshipType\": \"DESCRIBES\",
      \"relatedSpdxElement\": \"SPDXRef-bufv\"")
    bufv_sbom_package(apr apr "${APR_VERSION}" pkg:generic/apr
        "${of_bufv} \"SPDXRef-apr\"")
    if(TARGET bufv_brigade)
        bufv_sbom_package(apr-util apr-util "${APRUTIL_PC_VERSION}"
            pkg:generic/apr-util "${of_bufv} \"SPDXRef-apr-util\"")
    endif()
    if(TARGET bufv_openssl)
        bufv_sbom_package(openssl openssl "${OPENSSL_VERSION}"
            pkg:generic/openssl "${of_bufv} \"SPDXRef-openssl\"")
    endif()
    list(JOIN packages ", " packages)
    list(JOIN relations ", " relations)
    string(SHA256 hash "${created}${packages}${CMAKE_SYSTEM_NAME}")
    file(WRITE ${file} "{
  \"spdxVersion\": \"SPDX-2.3\",
  \"dataLicense\": \"CC0-1.0\",
  \"SPDXID\": \"SPDXRef-DOCUMENT\",
  \"name\": \"bufv-${PROJECT_VERSION}\",
  \"documentNamespace\":
    \"https://spdx.org/spdxdocs/bufv-${PROJECT_VERSION}-${hash}\",
  \"creationInfo\": {
    \"created\": \"${created}\",
    \"creators\": [\"Tool: CMake-${CMAKE_VERSION}\"]
  },
  \"packages\": [${packages}],
  \"relationships\": [${relations}]
}\n")
endfunction()
