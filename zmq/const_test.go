package zmq

import "testing"

func TestConstants(t *testing.T) {
	all := Constants()
	for name, n := range map[string]int{
		"PAIR": 0, "STREAM": 11, "XREP": all["ROUTER"], "SUBSCRIBE": 6, "IDENTITY": 5,
		"MAX_SOCKETS": 2, "EVENT_ALL": 0xffff, "SNDMORE": 2,
	} {
		if got, known := all[name]; !known || got != n {
			t.Errorf("%s is %d", name, got)
		}
	}
}
