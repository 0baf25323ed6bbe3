package bridge

import (
	"os"
	"strconv"
	"strings"
)

// serviceName is the name of a port in /etc/services; its number in digits if it has none. Go
// looks only the other way.
func serviceName(port int, dgram bool) string {
	number := strconv.Itoa(port)
	protocol := "tcp"
	if dgram {
		protocol = "udp"
	}
	text, _ := os.ReadFile("/etc/services")
	for line := range strings.SplitSeq(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) >= 2 && f[1] == number+"/"+protocol {
			return f[0]
		}
	}
	return number
}
