// SPDX-License-Identifier: Apache-2.0
//
// go.go -- Go: net.Buffers, and bufio.Writer of 64 KiB; both over TLS, too.
// Datagrams: a Write, or a WriteTo, for each chunk.
// The commands are those of peer.h, the offsets those of arena.h.

package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	atLists  = 64
	atEnds   = 4096
	atChunks = 65536
)

type chunk struct{ off, len uint32 }

var (
	arena []byte
	conn  io.Writer
	buf   *bufio.Writer
	store net.Buffers // kept from list to list
	free  net.PacketConn
	to    net.Addr
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func word(at int) *uint64 { return (*uint64)(unsafe.Pointer(&arena[at])) }

// cpu is the CPU time of this process, all threads.
func cpu() int64 {
	var t syscall.Timespec
	const processCPU = 2
	_, _, e := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, processCPU,
		uintptr(unsafe.Pointer(&t)), 0)
	if e != 0 {
		log.Fatal(e)
	}
	return t.Nano()
}

func sendBuffers(chunks []chunk) {
	v := store[:0]
	for _, c := range chunks {
		v = append(v, arena[c.off:c.off+c.len])
	}
	store = v
	_, err := v.WriteTo(conn) // uses v up; store keeps the room
	check(err)
}

func sendBufio(chunks []chunk) {
	for _, c := range chunks {
		_, err := buf.Write(arena[c.off : c.off+c.len])
		check(err)
	}
	check(buf.Flush())
}

func sendEach(chunks []chunk) {
	for _, c := range chunks {
		_, err := conn.Write(arena[c.off : c.off+c.len])
		check(err)
	}
}

func sendTo(chunks []chunk) {
	for _, c := range chunks {
		_, err := free.WriteTo(arena[c.off:c.off+c.len], to)
		check(err)
	}
}

// openDatagrams makes a socket that is connected to the reader's port, and one
// that is not.
func openDatagrams(port string) {
	c, err := net.Dial("udp4", "127.0.0.1:"+port)
	check(err)
	conn, to = c, c.RemoteAddr()
	free, err = net.ListenPacket("udp4", "127.0.0.1:0")
	check(err)
}

var ways = map[string]func([]chunk){
	"buffers": sendBuffers, "tls-buffers": sendBuffers,
	"bufio": sendBufio, "tls-bufio": sendBufio,
	"udp-write": sendEach, "udp-writeto": sendTo,
}

func job(n uint64, send func([]chunk)) (wall, used int64) {
	nlists, nchunks := *word(atLists), *word(atLists + 8)
	ends := unsafe.Slice((*uint32)(unsafe.Pointer(&arena[atEnds])), nlists)
	chunks := unsafe.Slice((*chunk)(unsafe.Pointer(&arena[atChunks])), nchunks)
	wall0, cpu0, from := time.Now(), cpu(), uint32(0)
	for _, end := range ends {
		send(chunks[from:end])
		from = end
	}
	used = cpu() - cpu0
	for atomic.LoadUint64(word(0)) < n {
	}
	return time.Since(wall0).Nanoseconds(), used
}

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: port arena_fd nodelay variant")
	}
	fd, err := strconv.Atoi(os.Args[2])
	check(err)
	var st syscall.Stat_t
	check(syscall.Fstat(fd, &st))
	arena, err = syscall.Mmap(fd, 0, int(st.Size), syscall.PROT_READ,
		syscall.MAP_SHARED)
	check(err)
	c, err := net.Dial("tcp4", "127.0.0.1:"+os.Args[1])
	check(err)
	check(c.(*net.TCPConn).SetNoDelay(os.Args[3] == "1"))
	conn = c
	if strings.HasPrefix(os.Args[4], "tls-") {
		t := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
		check(t.Handshake())
		conn = t
	} else if strings.HasPrefix(os.Args[4], "udp-") {
		openDatagrams(os.Args[1])
	}
	buf = bufio.NewWriterSize(conn, 64<<10)
	send := ways[os.Args[4]]
	if send == nil {
		log.Fatal("no such variant: ", os.Args[4])
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		jobs, err := strconv.ParseUint(in.Text(), 10, 64)
		check(err)
		var wall, used int64
		for n := uint64(1); n <= jobs; n++ {
			w, u := job(n, send)
			wall += w
			used += u
		}
		fmt.Println(wall, used)
	}
}
