# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the scripts beside it: builds examples/httpd and runs an
# httpd of our own, from a temporary directory, on loopback. Nothing of the
# machine's own httpd is touched, if it has one: Debian's apache2-bin is the
# program without the service.
#
# Four servers in one: the same resources with the module (port `with`) and
# without it (port `without`), and both again with TLS (`tls`, `tls_without`).
# Access logs go by the same names. Where a script takes a port, one that
# begins with an s is one with TLS.

# shellcheck source=workbench/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

httpd_build=${BUFV_HTTPD_BUILD:-$bufv_build/httpd}
httpd_module=${BUFV_HTTPD_MODULE:-$httpd_build/examples/httpd/mod_bufv.so}
httpd_pid=
httpd_dir=
with='' without='' tls='' tls_without=''

# httpd_build_module DIR FLAGS [OPTION...]
httpd_build_module()
{
    local dir=$1 flags=$2
    shift 2
    cmake -S "$bufv_root" -B "$dir" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_FLAGS="$flags" -DBUFV_TESTS=OFF -DBUFV_OPENSSL=OFF \
        -DBUFV_HTTPD=ON "$@" &&
        cmake --build "$dir" --target mod_bufv -j 2
}

# The library and the module as one: a hundredth of what a request costs.
httpd_as_one=(-DBUFV_LTO=ON -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON)

# httpd_prepare PACKAGE... installs what is needed, or skips all.
httpd_prepare()
{
    want_packages gcc cmake make pkg-config libc6-dev libapr1-dev \
        libaprutil1-dev apache2-bin apache2-dev curl perl "$@"
    httpd_modules=$(apxs -q LIBEXECDIR)
    httpd_program=$(apxs -q SBINDIR)/$(apxs -q PROGNAME)
    say "$("$httpd_program" -v | head -n 1); builds the module"
    mkdir -p "$httpd_build"
    httpd_build_module "$httpd_build" -g "${httpd_as_one[@]}" \
        >"$httpd_build/log" 2>&1 ||
        { cat "$httpd_build/log"; exit 1; }
    httpd_dir=$(mktemp -d)
    chmod 755 "$httpd_dir"
    trap 'httpd_stop; rm -rf "$httpd_dir"' EXIT
    httpd_files
}

# bytes COUNT: text of which no two lines are alike
bytes() { perl -e '$s .= $i++ . "\n" while length $s < $ARGV[0];
    print substr $s, 0, $ARGV[0]' "$1"; }

httpd_files()
{
    local root=$httpd_dir/htdocs n
    mkdir -p "$root" "$httpd_dir/cgi" "$httpd_dir/out"
    for n in 100 1000 4095 8191 65536; do
        bytes $n >"$root/$n"
    done
    bytes 10240 >"$root/10k"
    bytes 1048576 >"$root/1m"
    bytes 8388608 >"$root/8m"
    : >"$root/empty"
    printf '%s\n' 'a' '<!--#include virtual="/mapped/1m" -->' 'b' \
        '<!--#include virtual="/100" -->' >"$root/page.shtml"
    printf '%s\n' '<!--#include virtual="/8m" -->' \
        '<!--#include virtual="/mapped/1m" -->' >"$root/big.shtml"
    echo '<!--#echo var="SSL_PROTOCOL" --> <!--#echo var="SSL_CLIENT_S_DN" -->' \
        >"$root/who.shtml"
    touch -d '1 hour ago' "$root"/* # new files have a longer, weak ETag
    cat >"$httpd_dir/cgi/slow" <<'SCRIPT'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\nfirst\n'
sleep 0.1
i=0
while [ $i -lt 2000 ]; do echo "line $i of a script's output"; i=$((i + 1)); done
sleep 0.1
echo last
SCRIPT
    cat >"$httpd_dir/cgi/echo" <<'SCRIPT'
#!/bin/sh
printf 'Content-Type: application/octet-stream\r\n\r\n'
body=$(mktemp)
cat >"$body"
cat "$body"
rm "$body"
SCRIPT
    chmod 755 "$httpd_dir"/cgi/*
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -keyout "$httpd_dir/key" -out "$httpd_dir/cert" 2>/dev/null
}

# What the kernel says is free now; httpd_start tries again if it no longer is.
free_ports()
{
    perl -MIO::Socket::INET -e 'for (1 .. 4) {
        push @s, IO::Socket::INET->new(Listen => 1,
            LocalAddr => "127.0.0.1:0") or die;
        print $s[-1]->sockport, " " }'
}

httpd_conf()
{
    local mpm=$1 cgi=cgi servers=${httpd_servers:-2}
    local threads=${httpd_threads:-32} # of a process, of which there are two
    [ "$mpm" = prefork ] || cgi=cgid
    cat <<CONF
ServerRoot "$httpd_dir"
DefaultRuntimeDir "$httpd_dir"
PidFile "$httpd_dir/pid"
ServerName localhost
User www-data
Group www-data
ErrorLog "$httpd_dir/error.log"
LogLevel notice ssl:error bufv:debug
ServerTokens Prod
Listen 127.0.0.1:$with
Listen 127.0.0.1:$without
Listen 127.0.0.1:$tls
Listen 127.0.0.1:$tls_without

LoadModule mpm_${mpm}_module "$httpd_modules/mod_mpm_$mpm.so"
LoadModule authz_core_module "$httpd_modules/mod_authz_core.so"
LoadModule setenvif_module "$httpd_modules/mod_setenvif.so"
LoadModule alias_module "$httpd_modules/mod_alias.so"
LoadModule status_module "$httpd_modules/mod_status.so"
LoadModule proxy_module "$httpd_modules/mod_proxy.so"
LoadModule proxy_http_module "$httpd_modules/mod_proxy_http.so"
LoadModule include_module "$httpd_modules/mod_include.so"
LoadModule ssl_module "$httpd_modules/mod_ssl.so"
LoadModule ${cgi}_module "$httpd_modules/mod_$cgi.so"
LoadModule bufv_module "$httpd_module"
<IfModule mpm_event_module>
    LoadModule http2_module "$httpd_modules/mod_http2.so"
    Protocols h2 h2c http/1.1
    StartServers $servers
    # A restart leaves the old processes to those who are slow.
    ServerLimit $((servers * 16))
    ThreadsPerChild $threads
    AsyncRequestWorkerFactor 20
    MinSpareThreads 1
    MaxSpareThreads $((threads * servers))
    MaxRequestWorkers $((threads * servers))
</IfModule>
<IfModule mpm_prefork_module>
    StartServers ${httpd_servers:-30}
    MinSpareServers 1
    MaxSpareServers 40
    MaxRequestWorkers 40
</IfModule>
<IfModule cgid_module>
    ScriptSock "$httpd_dir/cgid.sock"
</IfModule>

Timeout 60
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 5
EnableSendfile On
SendBufferSize ${httpd_send_buffer:-0}
DocumentRoot "$httpd_dir/htdocs"
Alias /mapped "$httpd_dir/htdocs"
Alias /read "$httpd_dir/htdocs"
Alias /tuned "$httpd_dir/htdocs"
Alias /handed "$httpd_dir/htdocs"
ScriptAlias /cgi "$httpd_dir/cgi"
<Files *.shtml>
    ForceType text/html
    Options +Includes
    SetOutputFilter INCLUDES
</Files>
<Location /mapped>
    EnableSendfile Off
</Location>
<Location /read>
    EnableSendfile Off
    EnableMMAP Off
</Location>
<Location /tuned>
    EnableMMAP Off
    ReadBufferSize 16384
</Location>
ProxyPass /proxied/ http://127.0.0.1:$without/
SSLProxyEngine On
SSLProxyCheckPeerName Off
ProxyPass /secured/ https://127.0.0.1:$tls_without/
<Location /server-status>
    SetHandler server-status
</Location>
<LocationMatch "^/(chunks|handed)">
    SetHandler bufv-chunks
</LocationMatch>

SetEnvIf Request_URI ^/server-status quiet
${httpd_more:-}

LogFormat "%U%q %>s %B %O" sizes
<VirtualHost 127.0.0.1:$with>
    BufvOutput On
    BufvTLS On
    CustomLog "$httpd_dir/with.log" sizes env=!quiet
</VirtualHost>
<VirtualHost 127.0.0.1:$without>
    CustomLog "$httpd_dir/without.log" sizes env=!quiet
</VirtualHost>
<VirtualHost 127.0.0.1:$tls>
    BufvOutput On
    BufvTLS On
    CustomLog "$httpd_dir/tls.log" sizes env=!quiet
    SSLEngine On
    SSLCertificateFile "$httpd_dir/cert"
    SSLCertificateKeyFile "$httpd_dir/key"
</VirtualHost>
<VirtualHost 127.0.0.1:$tls_without>
    CustomLog "$httpd_dir/tls_without.log" sizes env=!quiet
    SSLEngine On
    SSLCertificateFile "$httpd_dir/cert"
    SSLCertificateKeyFile "$httpd_dir/key"
</VirtualHost>
CONF
}

# Asks what is not logged.
httpd_answers()
{
    local i
    for i in $(seq "${httpd_patience:-100}"); do
        curl -s -o /dev/null "http://127.0.0.1:$without/server-status" &&
            return
        kill -0 "$httpd_pid" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

# httpd_start MPM [COMMAND...]: with a command, httpd -X under it.
httpd_start()
{
    local mpm=$1 options=(-DFOREGROUND)
    shift
    [ $# = 0 ] || options=(-X)
    for _ in 1 2 3 4 5; do
        read -r with without tls tls_without <<<"$(free_ports)"
        httpd_conf "$mpm" >"$httpd_dir/conf"
        rm -f "$httpd_dir"/*.log "$httpd_dir/pid"
        # In a session of its own: prefork ends with a signal to its group.
        setsid "$@" "$httpd_program" -f "$httpd_dir/conf" "${options[@]}" \
            >"$httpd_dir/output" 2>&1 &
        httpd_pid=$!
        httpd_answers && return
        httpd_stop
        grep -q 'Address already in use' "$httpd_dir/output" || break
    done
    cat "$httpd_dir/output" "$httpd_dir/error.log" 2>/dev/null || true
    die "httpd ($mpm) does not start"
}

httpd_stop()
{
    local i
    [ -n "$httpd_pid" ] || return 0
    kill -TERM "$(cat "$httpd_dir/pid" 2>/dev/null || echo "$httpd_pid")" \
        2>/dev/null || true
    for i in $(seq 200); do
        kill -0 "$httpd_pid" 2>/dev/null || break
        [ "$i" != 200 ] || kill -KILL "$httpd_pid"
        sleep 0.1
    done
    wait "$httpd_pid" 2>/dev/null || true
    httpd_pid=
}
