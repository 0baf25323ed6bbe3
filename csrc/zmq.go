package csrc

/*
#cgo pkg-config: libzmq
#include <zmq.h>
*/
import "C"

import "fmt"

// ZMQVersion returns the version of the libzmq that is loaded, such as "4.3.4".
func ZMQVersion() string {
	var major, minor, patch C.int
	C.zmq_version(&major, &minor, &patch)
	return fmt.Sprintf("%d.%d.%d", major, minor, patch)
}
