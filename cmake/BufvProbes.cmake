# SPDX-License-Identifier: Apache-2.0
#
# Sets BUFV_HAVE_SDT where there is SystemTap's <sys/sdt.h> (Debian's
# systemtap-sdt-dev), with which the library has probes: see src/probe.h.
# -DBUFV_HAVE_SDT=OFF builds without them. Other systems have a header of that
# name too, so a program is compiled that uses it.

include(CheckCSourceCompiles)

check_c_source_compiles("
    #include <sys/sdt.h>
    int main(void)
    {
        STAP_PROBE2(bufv, check, 1, 2);
        return 0;
    }" BUFV_HAVE_SDT)
