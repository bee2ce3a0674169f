# SPDX-License-Identifier: Apache-2.0
#
# Homebrew takes formulae from taps alone. In a clone of bufv:
#
#   brew tap-new --no-git local/bufv
#   cp packaging/homebrew/bufv.rb "$(brew --repository local/bufv)/Formula/"
#   HOMEBREW_BUFV_SOURCE=$PWD brew install --HEAD local/bufv/bufv
#   brew test local/bufv/bufv
#
# It builds what is committed in that clone's main branch. There is no release
# yet, which would add `url` and `sha256` of its archive, nor a home page:
# example.org is nobody.
class Bufv < Formula
  desc "Writes many chunks of bytes in one piece, on APR"
  homepage "https://example.org/bufv"
  license "Apache-2.0"
  head "file://#{ENV.fetch("HOMEBREW_BUFV_SOURCE", Dir.pwd)}", using: :git, branch: "main"

  depends_on "cmake" => :build
  depends_on "pkgconf" => [:build, :test]
  depends_on "apr"
  depends_on "apr-util"
  depends_on "openssl@3"

  def install
    system "cmake", "-S", ".", "-B", "build",
           "-DBUILD_SHARED_LIBS=ON", "-DBUFV_TESTS=OFF", "-DBUFV_EXAMPLES=OFF",
           *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
  end

  test do
    (testpath/"test.c").write <<~C
      #include <bufv.h>
      #include <stdio.h>
      int main(void) { return puts(bufv_version()) < 0; }
    C
    flags = shell_output("pkgconf --cflags --libs bufv").chomp.split
    system ENV.cc, "test.c", "-o", "test", *flags
    # A formula that is built from a branch has its commit for a version.
    assert_equal shell_output("pkgconf --modversion bufv"), shell_output("./test")
  end
end
