// Command tlsload loads a TLS echo server.
//
//	tlsload PORT CONNECTIONS SIZE WARM SECONDS PID echo|handshake|resume|idle
//
// "echo" keeps a request of SIZE bytes in flight on each connection; the other two make one
// connection after another, which asks once, in full or with a session of an earlier one. After
// "idle" opens the connections, which ask once each, and prints "kb N": of the server's memory, for
// one of them. After
// WARM seconds it looks at the CPU clocks of the process PID, and again SECONDS later.
//
// Prints "requests N seconds N rate N mbps N cpu N p50 N p99 N", as load.c does.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var (
	size     int
	requests atomic.Int64
	counting atomic.Bool
	stopped  atomic.Bool
	mu       sync.Mutex
	delays   []time.Duration
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "tlsload:", err)
		os.Exit(1)
	}
}

// cpu is what the process has used, in nanoseconds, on all its threads that live.
func cpu(pid string) (sum int64) {
	tasks, _ := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
	for _, path := range tasks {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		n, _ := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		sum += n
	}
	return sum
}

func ask(c io.ReadWriter, message, answer []byte) {
	start := time.Now()
	sent := make(chan error, 1)
	if len(message) > 32768 {
		go func() { _, err := c.Write(message); sent <- err }()
	} else {
		_, err := c.Write(message)
		sent <- err
	}
	_, err := io.ReadFull(c, answer)
	check(err)
	check(<-sent)
	requests.Add(1)
	if counting.Load() {
		d := time.Since(start)
		mu.Lock()
		delays = append(delays, d)
		mu.Unlock()
	}
}

func dial(port string, cfg *tls.Config) *tls.Conn {
	c, err := tls.Dial("tcp", "127.0.0.1:"+port, cfg)
	check(err)
	return c
}

func work(port, mode string) {
	message, answer := make([]byte, size), make([]byte, size)
	cfg := &tls.Config{InsecureSkipVerify: true, DynamicRecordSizingDisabled: true}
	if mode == "resume" {
		cfg.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	}
	if mode == "echo" {
		for c := dial(port, cfg); !stopped.Load(); {
			ask(c, message, answer)
		}
		return
	}
	for !stopped.Load() {
		c := dial(port, cfg)
		ask(c, message, answer)
		c.Close()
	}
}

// resident is the process's memory in KB.
func resident(pid string) float64 {
	text, err := os.ReadFile("/proc/" + pid + "/statm")
	check(err)
	pages, _ := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	return pages * float64(os.Getpagesize()) / 1024
}

// idle leaves the first tenth out: what is made once is not a connection's.
func idle(port, pid string, conns int, pause time.Duration) {
	cfg := &tls.Config{InsecureSkipVerify: true}
	message, answer := make([]byte, size), make([]byte, size)
	all := make([]*tls.Conn, conns)
	before := 0.0
	for i := range all {
		if i == conns/10 {
			time.Sleep(pause)
			before = resident(pid)
		}
		all[i] = dial(port, cfg)
		ask(all[i], message, answer)
	}
	time.Sleep(pause)
	fmt.Printf("kb %.2f\n", (resident(pid)-before)/float64(conns-conns/10))
	os.Exit(0)
}

func main() {
	port, pid, mode := os.Args[1], os.Args[6], os.Args[7]
	conns, _ := strconv.Atoi(os.Args[2])
	size, _ = strconv.Atoi(os.Args[3])
	warm, _ := time.ParseDuration(os.Args[4] + "s")
	seconds, _ := time.ParseDuration(os.Args[5] + "s")
	if mode == "idle" {
		idle(port, pid, conns, seconds)
	}
	for range conns {
		go work(port, mode)
	}
	time.Sleep(warm)
	before, used, start := requests.Load(), cpu(pid), time.Now()
	counting.Store(true)
	time.Sleep(seconds)
	n, s := requests.Load()-before, time.Since(start).Seconds()
	used = cpu(pid) - used
	counting.Store(false)
	mu.Lock()
	slices.Sort(delays)
	at := func(p float64) float64 {
		if len(delays) == 0 {
			return 0
		}
		return float64(delays[int(p*float64(len(delays)-1))].Nanoseconds()) / 1e3
	}
	fmt.Printf("requests %d seconds %.3f rate %.0f mbps %.1f cpu %.4f p50 %.1f p99 %.1f\n", n, s,
		float64(n)/s, float64(n)*float64(size)*2/s/1e6, float64(used)/float64(n)/1e3, at(0.5), at(0.99))
	os.Exit(0)
}
