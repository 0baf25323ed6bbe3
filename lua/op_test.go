package lua_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"luv/csrc/core"
	"luv/lua"
)

// await makes a probe whose work is f. dropped counts the results that nobody wanted.
func await(dropped *atomic.Int32, f func(context.Context) []any) func(*lua.Call) {
	return func(c *lua.Call) {
		c.Await(c.Timeout(1), func(ctx context.Context) func(bool) []any {
			values := f(ctx)
			return func(wanted bool) []any {
				if !wanted {
					dropped.Add(1)
				}
				return values
			}
		})
	}
}

func waitForCancel(c *lua.Call) {
	await(new(atomic.Int32), func(ctx context.Context) []any {
		<-ctx.Done()
		return nil
	})(c)
}

// eventually waits for what other goroutines are about to do.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 5000 {
		if is() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%s: not within five seconds", what)
}

func TestAwait(t *testing.T) {
	s := newState(t)
	var dropped atomic.Int32
	f := await(&dropped, func(context.Context) []any {
		time.Sleep(time.Millisecond)
		return []any{"a", nil, 3}
	})
	equal(t, "main chunk", calls(t, s, f, `return luv.test.probe()`), "a nil 3")
	equal(t, "fiber", calls(t, s, f, `return luv.spawn(luv.test.probe):join()`), "a nil 3")
	equal(t, "many", calls(t, s, f, `local n, all = 0, {}
		for i = 1, 100 do all[i] = luv.spawn(luv.test.probe) end
		for i = 1, 100 do n = n + select(3, all[i]:join()) end
		return n`), "300")
	equal(t, "self", calls(t, s, await(&dropped, func(context.Context) []any { return []any{lua.Self} }),
		`return luv.test.probe(5)`), "5")
	equal(t, "dropped", dropped.Load(), 0)
	equal(t, "operations", eval(t, s, `return luv.stats().operations`), "0")
}

// Others run while one waits for Go.
func TestAwaitSuspendsOneFiber(t *testing.T) {
	s := newState(t)
	got := calls(t, s, await(new(atomic.Int32), func(context.Context) []any {
		time.Sleep(30 * time.Millisecond)
		return []any{"done"}
	}), `local n, f = 0, luv.spawn(luv.test.probe)
		while f:status() ~= "dead" do n = n + 1 luv.sleep(0.001) end
		return f:join(), n > 3`)
	equal(t, "result", got, "done true")
}

func TestAwaitGivenUp(t *testing.T) {
	for what, c := range map[string]struct{ chunk, want string }{
		"timeout":     {`return select(3, luv.test.probe(0.005))`, "ETIMEDOUT"},
		"no time":     {`return select(3, luv.test.probe(0))`, "ETIMEDOUT"},
		"luv.timeout": {`return select(3, luv.timeout(0.005, luv.test.probe))`, "ETIMEDOUT"},
		"cancel": {`local f = luv.spawn(luv.pcall, luv.test.probe)
			luv.sleep(0.005)
			f:cancel()
			local ok, err = f:join()
			return ok, (luv.cancelled(err))`, "false true"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newState(t)
			var ended, dropped atomic.Int32
			equal(t, "result", calls(t, s, await(&dropped, func(ctx context.Context) []any {
				<-ctx.Done()
				ended.Add(1)
				return []any{"too late"}
			}), c.chunk), c.want)
			eventually(t, "the end of the work", func() bool { return ended.Load() == 1 })
			eventually(t, "results dropped", func() bool {
				eval(t, s, `luv.run("nowait")`)
				return dropped.Load() == 1
			})
			equal(t, "operations", eval(t, s, `return luv.stats().operations`), "0")
		})
	}
}

// What the results hold is let go of whenever the state closes.
func TestAwaitWhenTheStateCloses(t *testing.T) {
	slots := core.Taken()
	var ended, dropped atomic.Int32
	const rounds = 20
	for range rounds {
		t.Run("", func(t *testing.T) {
			s := newState(t)
			calls(t, s, await(&dropped, func(ctx context.Context) []any {
				<-ctx.Done()
				ended.Add(1)
				return []any{"nobody is there"}
			}), `luv.spawn(luv.test.probe) luv.sleep(0)`)
		})
	}
	eventually(t, "dropped", func() bool { return ended.Load() == rounds && dropped.Load() == rounds })
	equal(t, "slots", core.Taken(), slots)
}

// The work is done, but its results find nobody: they are dropped as the state closes.
func TestAwaitWithResultsThatCameLast(t *testing.T) {
	var done, dropped atomic.Int32
	t.Run("", func(t *testing.T) {
		s := newState(t)
		calls(t, s, await(&dropped, func(context.Context) []any {
			time.Sleep(20 * time.Millisecond)
			done.Add(1)
			return nil
		}), `luv.spawn(luv.test.probe) luv.sleep(0)`)
		eventually(t, "done", func() bool { return done.Load() == 1 })
		time.Sleep(20 * time.Millisecond) // now the results wait for a loop that does not run
		equal(t, "dropped", dropped.Load(), 0)
	})
	equal(t, "dropped", dropped.Load(), 1)
}

// No call is on the stack that could raise it.
func TestPanicInAnOperation(t *testing.T) {
	s := newState(t)
	const report = `local v, text, name = luv.test.probe()
		return v, name, text:match("^luv: internal error in probe: %w+"), text:find("op_test.go", 1, true) ~= nil`
	got := calls(t, s, await(new(atomic.Int32), func(context.Context) []any { panic("work") }), report)
	equal(t, "in the work", got, "nil EINTERNAL luv: internal error in probe: work true")
	got = calls(t, s, func(c *lua.Call) {
		c.Await(-1, func(context.Context) func(bool) []any {
			return func(bool) []any { panic("results") }
		})
	}, report)
	equal(t, "in the results", got, "nil EINTERNAL luv: internal error in probe: results true")
}
