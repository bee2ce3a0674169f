#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
#
# Builds the fuzz targets of workbench/fuzz as OSS-Fuzz wants them: with the
# compilers, flags and engine of the environment, into $OUT, with nothing
# shared that the machine that runs them would lack.

top=$SRC/bufv
build=$WORK/bufv

cmake -S "$top" -B "$build" -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_C_COMPILER="$CC" -DCMAKE_C_FLAGS="$CFLAGS" \
    -DBUILD_SHARED_LIBS=OFF -DBUFV_BRIGADE=OFF -DBUFV_OPENSSL=OFF \
    -DBUFV_TESTS=OFF -DBUFV_EXAMPLES=OFF -DBUFV_INSTALL=OFF
cmake --build "$build" --target bufv --parallel 2

read -ra apr <<<"$(pkg-config --cflags apr-1)"
# APR's own libraries as archives; those of the C library are everywhere.
read -ra libraries <<<"$(pkg-config --static --libs apr-1 |
    sed -E 's/-l(apr-1|uuid|crypt)( |$)/-l:lib\1.a /g')"

for source in "$top"/workbench/fuzz/*.c; do
    target=bufv_$(basename "$source" .c)
    # shellcheck disable=SC2086 # flags are words
    $CC $CFLAGS -std=gnu11 -D_GNU_SOURCE -DBUFV_STATIC "${apr[@]}" \
        -I"$top/include" -c "$source" -o "$build/$target.o"
    # shellcheck disable=SC2086
    $CXX $CXXFLAGS "$build/$target.o" "$build/libbufv.a" \
        $LIB_FUZZING_ENGINE "${libraries[@]}" -o "$OUT/$target"
    zip -qj "$OUT/${target}_seed_corpus.zip" "$top"/workbench/fuzz/corpus/*
    printf '[libfuzzer]\nmax_len = 96\n' >"$OUT/$target.options"
done
