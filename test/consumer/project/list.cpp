// SPDX-License-Identifier: Apache-2.0
// The list from C++: strings are chunks, a release callback deletes one.

#include <bufv.h>

#include <apr_general.h>
#include <cstdio>
#include <string>
#include <vector>

namespace {

int released = 0;

void release(void *baton, const void *, apr_size_t)
{
    delete static_cast<std::string *>(baton);
    released++;
}

bool run(apr_pool_t *pool)
{
    const std::vector<std::string> words = {"once ", "upon ", "", "a ",
                                            "time"};
    bufv_t *v = nullptr;
    char text[64];
    apr_size_t len = sizeof(text);

    if (bufv_create(&v, pool) != APR_SUCCESS)
        return false;
    for (const std::string &word : words) {
        auto *own = new std::string(word);
        if (bufv_append_owned(v, own->data(), own->size(), release, own) !=
            APR_SUCCESS)
            return false;
    }
    if (bufv_count(v) != 4 || bufv_read(v, text, &len) != APR_SUCCESS)
        return false;
    return std::string(text, len) == "once upon a time" && released == 5;
}

} // namespace

int main()
{
    apr_pool_t *pool = nullptr;

    if (apr_initialize() != APR_SUCCESS ||
        apr_pool_create(&pool, nullptr) != APR_SUCCESS)
        return 1;
    const bool good = run(pool);
    apr_pool_destroy(pool);
    apr_terminate();
    std::printf("bufv %s from C++: %s\n", bufv_version(),
                good ? "good" : "bad");
    return good ? 0 : 1;
}
