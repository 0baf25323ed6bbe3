package tests

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pebbe/zmq4"
)

// A peer plays a role at an endpoint, and says where it is bound, if its role is to bind.
type peer func(role, endpoint string, bound chan<- string) error

const zmqPatience = 20 * time.Second

// Whoever binds, and who connects to it.
var pairs = [][2]string{{"echo", "ask"}, {"pull", "push"}, {"pub", "sub"}}

// Messages go between luv and plain libzmq in C, and between luv and zmq4 in Go, each in
// either role: several frames, empty ones, zeros, a megabyte.
func TestInteroperates(t *testing.T) {
	others := map[string]peer{"C": cPeer(t), "Go": goPeer}
	for _, lua := range interpreters(t) {
		luv := luvPeer(t, lua)
		for name, other := range others {
			for _, transport := range []string{"tcp", "ipc"} {
				for _, roles := range pairs {
					test := fmt.Sprintf("%s/%s/%s/", filepath.Base(lua), name, transport)
					t.Run(test+"luv "+roles[0], func(t *testing.T) { meet(t, transport, roles, luv, other) })
					t.Run(test+"luv "+roles[1], func(t *testing.T) { meet(t, transport, roles, other, luv) })
				}
			}
		}
	}
}

func meet(t *testing.T, transport string, roles [2]string, binds, connects peer) {
	endpoint := "tcp://127.0.0.1:*"
	if transport == "ipc" {
		endpoint = "ipc://" + filepath.Join(t.TempDir(), "s")
	}
	bound, ended := make(chan string, 1), make(chan error, 2)
	go func() { ended <- binds(roles[0], endpoint, bound) }()
	select {
	case where := <-bound:
		go func() { ended <- connects(roles[1], where, nil) }()
	case err := <-ended:
		t.Fatalf("%s ended before it was bound: %v", roles[0], err)
	}
	for range roles {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// process is a peer that is a program.
func process(argv, env []string) peer {
	return func(role, endpoint string, bound chan<- string) error {
		cmd := exec.Command("timeout", append(append([]string{"60"}, argv...), role, endpoint)...)
		cmd.Env = env
		var problem bytes.Buffer
		cmd.Stderr = &problem
		out, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		if bound != nil {
			if line, err := bufio.NewReader(out).ReadString('\n'); err == nil {
				bound <- strings.TrimSpace(line)
			}
		}
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("%s: %w\n%s", role, err, problem.String())
		}
		return nil
	}
}

func cPeer(t *testing.T) peer {
	t.Helper()
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "libzmq").Output()
	if err != nil {
		t.Fatal(err)
	}
	return process([]string{compile(t, "zmqpeer", "c", strings.Fields(string(flags)))}, nil)
}

func luvPeer(t *testing.T, lua string) peer {
	t.Helper()
	return process([]string{lua, filepath.Join(root(t), "tests/lib/zmqpeer.lua")}, where(sharedObject(t)))
}

// The messages of zmqpeer.c.
func zmqMessages() [][]string {
	big := make([]byte, 1<<20)
	for i := range big {
		big[i] = byte(i % 251)
	}
	return [][]string{{"plain"}, {""}, {"a", "", "b\x00c"}, {"\x00\x00"}, {string(big), "after"}}
}

var zmqTypes = map[string]zmq4.Type{"echo": zmq4.REP, "ask": zmq4.REQ, "pull": zmq4.PULL,
	"push": zmq4.PUSH, "pub": zmq4.XPUB, "sub": zmq4.SUB}

func goPeer(role, endpoint string, bound chan<- string) error {
	ctx, err := zmq4.NewContext()
	if err != nil {
		return err
	}
	s, err := ctx.NewSocket(zmqTypes[role])
	if err != nil {
		return err
	}
	err = errors.Join(s.SetRcvtimeo(zmqPatience), s.SetSndtimeo(zmqPatience), attach(s, role, endpoint, bound))
	if err == nil {
		err = play(s, role)
	}
	return errors.Join(err, s.Close(), ctx.Term())
}

func attach(s *zmq4.Socket, role, endpoint string, bound chan<- string) error {
	if role == "sub" {
		if err := s.SetSubscribe("t"); err != nil {
			return err
		}
	}
	if bound == nil {
		return s.Connect(endpoint)
	}
	if err := s.Bind(endpoint); err != nil {
		return err
	}
	where, err := s.GetLastEndpoint()
	bound <- where
	return err
}

func play(s *zmq4.Socket, role string) error {
	if role == "pub" {
		if err := expect(s, []string{"\x01t"}); err != nil {
			return err
		}
	}
	for _, frames := range zmqMessages() {
		if role == "pub" || role == "sub" {
			frames = append([]string{"t"}, frames...)
		}
		if err := turn(s, role, frames); err != nil {
			return fmt.Errorf("zmq4 as %s: %w", role, err)
		}
	}
	return nil
}

// turn is one message: sent, received, or both.
func turn(s *zmq4.Socket, role string, frames []string) error {
	if role != "echo" && role != "pull" && role != "sub" {
		if _, err := s.SendMessage(frames); err != nil {
			return err
		}
	}
	if role != "push" && role != "pub" {
		if err := expect(s, frames); err != nil {
			return err
		}
	}
	if role == "echo" {
		_, err := s.SendMessage(frames)
		return err
	}
	return nil
}

func expect(s *zmq4.Socket, frames []string) error {
	got, err := s.RecvMessage(0)
	if err == nil && !slices.Equal(got, frames) {
		err = fmt.Errorf("got %d frames, not the %d expected", len(got), len(frames))
	}
	return err
}
