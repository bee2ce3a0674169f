# Builds the tree that it lies in: brew install --HEAD packaging/homebrew/bufv.rb
# A release adds url and sha256 of its archive.
class Bufv < Formula
  desc "Writes many chunks of bytes in one piece, on APR"
  homepage "https://example.org/bufv"
  version "0.1.0"
  license "Apache-2.0"
  head "file://#{File.expand_path("../..", __dir__)}", using: :git, branch: "main"

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
    assert_match version.to_s, shell_output("./test")
  end
end
