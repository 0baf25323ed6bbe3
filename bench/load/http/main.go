// Command http answers every request with the same kilobyte and closes the connection: it is to cost as
// little as it can, since the client is what is measured.
package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strings"
)

var answer = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\nConnection: close\r\n\r\n" + strings.Repeat("x", 1024))

func serve(c net.Conn) {
	defer c.Close()
	var request []byte
	buf := make([]byte, 4096)
	for !bytes.HasSuffix(request, []byte("\r\n\r\n")) {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		request = append(request, buf[:n]...)
	}
	c.Write(answer)
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serve(c)
	}
}
