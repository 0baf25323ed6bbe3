package uv_test

import (
	"testing"

	"luv/uv"
)

type recorder struct{}

func (recorder) Record(int, int, []byte, []byte) (result, done, pending int) { return 0, 0, 0 }

func TestErrorsOfTLSHaveNames(t *testing.T) {
	for err, name := range map[uv.Errno]string{uv.ECERT: "ECERT", uv.ETLS: "ETLS", uv.ETRUNCATED: "ETRUNCATED"} {
		equal(t, "name", err.Name(), name)
		if err.Text() == "" || err.Error() != name+": "+err.Text() {
			t.Errorf("%s says %q", name, err.Error())
		}
	}
}

// What stands for one that is gone finds it closed.
func TestTLSWithoutAnObject(t *testing.T) {
	s := new(uv.TLS)
	s.Forget()
	s.Started()
	s.Stirred()
	s.Shaken(0)
	s.Start()
	s.Close()
	equal(t, "closed", s.Closed(), true)
	equal(t, "fresh", s.Fresh(), false)
	equal(t, "base", s.Base(), uintptr(0))
	if s.Value() != nil {
		t.Error("it has a value")
	}
}

// Only streams of a Lua state that are connected can go on as TLS.
func TestTLSOverWhatIsNoConnection(t *testing.T) {
	l := newLoop(t)
	tcp, err := uv.NewTCP(l)
	ok(t, err)
	_, err = uv.TLSOver(tcp.Object(), recorder{})
	fails(t, err, uv.ENOTCONN)
	equal(t, "closed", tcp.Closed(), false)
	tcp.Close()
	_, err = uv.TLSOver(0, recorder{})
	fails(t, err, uv.EBADF)
	run(t, l)
}
