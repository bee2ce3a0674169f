# SPDX-License-Identifier: Apache-2.0
"""A Conan 2 recipe that builds the source tree it lies in:

    conan create packaging/conan
"""

import os

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy
from conan.tools.gnu import PkgConfigDeps


class BufvConan(ConanFile):
    name = "bufv"
    version = "0.2.0"
    license = "Apache-2.0"
    description = "Writes many chunks of bytes in one piece, on APR"
    package_type = "library"
    languages = "C"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        "brigade": [True, False],
        "openssl": [True, False],
    }
    default_options = {
        "shared": False,
        "fPIC": True,
        "brigade": False,
        "openssl": False,
    }
    implements = ["auto_shared_fpic"]

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE", "README.md", "cmake/*",
                        "docs/*", "include/*", "src/*"):
            copy(self, pattern, root, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        # The headers of bufv include theirs.
        self.requires("apr/[>=1.7 <2]", transitive_headers=True,
                      transitive_libs=True)
        if self.options.brigade:
            self.requires("apr-util/[>=1.6 <2]", transitive_headers=True,
                          transitive_libs=True)
        if self.options.openssl:
            self.requires("openssl/[>=3 <4]", transitive_headers=True,
                          transitive_libs=True)

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.21]")

    def generate(self):
        toolchain = CMakeToolchain(self)
        for name in ("TESTS", "EXAMPLES", "DOCS"):
            toolchain.cache_variables["BUFV_" + name] = False
        toolchain.cache_variables["BUFV_BRIGADE"] = bool(self.options.brigade)
        toolchain.cache_variables["BUFV_OPENSSL"] = bool(self.options.openssl)
        toolchain.generate()
        # FindAPR.cmake asks pkg-config.
        PkgConfigDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder,
             os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        self._library("bufv", "bufv", [], ["apr::apr"])
        if self.options.brigade:
            self._library("brigade", "bufv_brigade", ["bufv"],
                          ["apr-util::apr-util"])
        if self.options.openssl:
            self._library("openssl", "bufv_openssl", ["bufv"],
                          ["openssl::ssl"])

    def _library(self, component, library, own, others):
        info = self.cpp_info.components[component]
        info.libs = [library]
        info.requires = own + others
        info.set_property("cmake_target_name", "bufv::" + component)
        info.set_property("pkg_config_name", library)
        if not self.options.shared:
            info.defines = ["BUFV_STATIC"]
        if self.settings.os == "Windows" and component == "bufv":
            info.system_libs = ["ws2_32"]
