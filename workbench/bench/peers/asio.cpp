/* SPDX-License-Identifier: Apache-2.0 */

/* asio.cpp -- Boost.Asio: boost::asio::write of a sequence of buffers, to the
 * socket, or with the variant "tls" to an ssl::stream of it. */

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <optional>
#include <vector>

#include "peer.h"

namespace asio = boost::asio;

static asio::io_context context;
static asio::ip::tcp::socket out(context);
static asio::ssl::context secrets(asio::ssl::context::tlsv13_client);
static std::optional<asio::ssl::stream<asio::ip::tcp::socket &>> secured;
static std::vector<asio::const_buffer> bufs;

static void peer_open(int sock, int nodelay, const char *variant)
{
    out.assign(asio::ip::tcp::v4(), sock);
    out.set_option(asio::ip::tcp::no_delay(nodelay != 0));
    if (strcmp(variant, "tls") == 0) {
        secured.emplace(out, secrets);
        secured->handshake(asio::ssl::stream_base::client);
    }
}

static void peer_prepare(const struct arena *a)
{
    bufs.reserve(a->longest_chunks);
}

static void peer_send(const char *base, const struct chunk *c, size_t n)
{
    bufs.clear();
    for (size_t i = 0; i < n; i++) {
        bufs.emplace_back(base + c[i].off, c[i].len);
    }
    /* Both throw what goes wrong. */
    if (secured) {
        asio::write(*secured, bufs);
    }
    else {
        asio::write(out, bufs);
    }
}

static void peer_close(void)
{
    out.close();
}
