/* SPDX-License-Identifier: Apache-2.0 */

/* asio.cpp -- Boost.Asio: boost::asio::write of a sequence of buffers. */

#include <boost/asio.hpp>
#include <vector>

#include "peer.h"

namespace asio = boost::asio;

static asio::io_context context;
static asio::ip::tcp::socket out(context);
static std::vector<asio::const_buffer> bufs;

static void peer_open(int sock, int nodelay, const char *variant)
{
    (void)variant;
    out.assign(asio::ip::tcp::v4(), sock);
    out.set_option(asio::ip::tcp::no_delay(nodelay != 0));
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
    asio::write(out, bufs); /* throws what goes wrong */
}

static void peer_close(void)
{
    out.close();
}
