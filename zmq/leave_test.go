package zmq

import "testing"

func TestWhichEndpointsHaveAListener(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"tcp://127.0.0.1:*": true, "ipc:///tmp/x": true, "inproc://x": false, "epgm://eth0;239.1.1.1:5": false, "tcp": true, "": false,
	} {
		if hasListener(endpoint) != want {
			t.Errorf("%q: %v", endpoint, !want)
		}
	}
}
