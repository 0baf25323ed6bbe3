package bridge_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	_ "luv/bridge"
	"luv/lua"
	_ "luv/tests/lualink"
)

// What the fuzz targets do with an input is written in Lua, below. The state is made once and
// has its own OS thread, which the goroutines of the fuzzer ask.
const fuzzing = `
local codec = require("luv").codec
local decode, encode, count = codec.decode, codec.encode, collectgarbage

-- The same values? seen keeps the tables of a that stand for tables of b, so that shared
-- references and cycles have to be the same, too.
local function same(a, b, seen)
  if type(a) ~= type(b) then return false end
  if type(a) == "function" and a ~= b then
    if seen[a] then return seen[a] == b end
    seen[a] = b
    return same(a("get"), b("get"), seen)
  end
  if type(a) ~= "table" then
    return a == b and (a ~= 0 or 1 / a == 1 / b) or a ~= a and b ~= b
  end
  if seen[a] then return seen[a] == b end
  seen[a] = b
  local scalars, others = 0, 0
  for k, v in pairs(a) do
    if type(k) == "table" or type(k) == "function" then others = others + 1
    else
      scalars = scalars + 1
      if not same(v, b[k], seen) then return false end
    end
  end
  for k in pairs(b) do
    if type(k) == "table" or type(k) == "function" then others = others - 1 else scalars = scalars - 1 end
  end
  return scalars == 0 and others == 0
end

-- A table as a list of results, with their number.
local function pack(...) return {n = select("#", ...), ...} end

-- Any string: values, or nil, message, code, in bounded memory. Values encode again.
local function any(s)
  count("stop")
  local before = count("count")
  local got = pack(decode(s))
  local used = (count("count") - before) * 1024
  count("restart")
  if used > 64 * #s + 8192 then error(used .. " bytes of memory for a string of " .. #s) end
  if got.n == 3 and got[1] == nil and type(got[2]) == "string" and type(got[3]) == "string" and got[2]:find("^" .. got[3] .. ": ") then return end
  local m = encode(unpack(got, 1, got.n))
  local more = pack(decode(m))
  if more.n ~= got.n then error(more.n .. " values of " .. got.n) end
  local seen = {}
  for i = 1, got.n do
    if not same(got[i], more[i], seen) then error("value " .. i .. " has changed") end
  end
end

-- A value from bytes: each decides what comes next.
local function build(s)
  local at, made = 0, {}
  local function byte() at = at + 1; return s:byte(at) or 0 end
  local value
  local function number()
    local kind = byte()
    if kind < 100 then return kind end
    if kind < 150 then return (byte() * 256 + byte()) * 2 ^ (byte() % 48) - 2 ^ 31 end
    if kind < 160 then return ({0 / 0, math.huge, -math.huge, -1 / math.huge, 2 ^ 53, 2 ^ 49, -2 ^ 49, 2 ^ 49 + 1, 5e-324, 0})[kind - 149] end
    return (byte() + byte() / 256 + byte() / 65536) * 2 ^ (byte() * 8 - 1022)
  end
  local function text()
    local n, from = byte() % 90, at
    at = at + n
    return s:sub(from + 1, at) .. ("."):rep(n > 80 and n or 0)
  end
  local function list(t, depth)
    for i = 1, byte() % 20 do t[i] = value(depth + 1) end
  end
  local function map(t, depth)
    for _ = 1, byte() % 10 do
      local k = value(depth + 1)
      if k ~= nil and k == k then t[k] = value(depth + 1) end
    end
  end
  local function closures(depth)
    local held
    local function f(what, v) if what == "get" then return held end held = v end
    local function g(what, v) if what == "get" then return {held, f} end held = v end
    made[#made + 1], made[#made + 2] = f, g
    held = value(depth + 1)
    return byte() % 2 == 0 and f or g
  end
  function value(depth)
    local kind = byte() % 32
    if at > #s or depth > 100 then return nil end
    if kind < 6 then return number() end
    if kind < 11 then return text() end
    if kind < 13 then return kind == 11 end
    if kind < 14 then return nil end
    if kind < 17 and #made > 0 then return made[byte() % #made + 1] end
    if kind < 19 then return ({print, string, string.format, _G})[byte() % 4 + 1] end
    if kind < 22 then return closures(depth) end
    local t = {}
    made[#made + 1] = t
    if kind < 28 then list(t, depth) end
    if kind > 25 then map(t, depth) end
    return t
  end
  return value(0), value(0)
end

local function round(s)
  local a, b = build(s)
  local m = encode(a, b)
  local x, y = decode(m)
  local seen = {}
  if not same(a, x, seen) or not same(b, y, seen) then error("not what was encoded") end
end

function fuzz(what, s)
  local ok, err = pcall(what == "any" and any or round, s)
  return ok and "" or tostring(err)
end
`

type request struct {
	what, text string
	answer     chan string
}

var requests = sync.OnceValue(func() chan request {
	c := make(chan request)
	go serve(c)
	return c
})

func serve(c chan request) {
	runtime.LockOSThread()
	s := lua.NewState()
	if err := s.DoString(fuzzing); err != nil {
		panic(err)
	}
	for r := range c {
		s.GetGlobal("fuzz")
		s.PushString(r.what)
		s.PushString(r.text)
		if err := s.Call(2, 1); err != nil {
			r.answer <- err.Error()
			continue
		}
		r.answer <- s.ToString(-1)
		s.Pop(1)
	}
}

func ask(t *testing.T, what, text string) {
	t.Helper()
	r := request{what, text, make(chan string)}
	requests() <- r
	if err := <-r.answer; err != "" {
		t.Fatalf("%s: %q", err, text)
	}
}

// message makes of any bytes one that is nearly right: tags that exist, counts that are
// small, references to what is there. Random bytes seldom get that far.
func message(data string) string {
	m := []byte{1, 0, 1 + byte(len(data)%3)}
	for i := 0; i < len(data); i++ {
		b := data[i]
		next := func() byte {
			if i++; i < len(data) {
				return data[i]
			}
			return 0
		}
		switch tag := b % 24; {
		case tag < 2:
			m = append(m, 8+tag, next()%5, next()%4, 0, 0, 0)
		case tag < 4:
			m = append(m, 8+tag%2, byte(0x80|next()%4), 0, next()%3, 0, 0, 0)
		case tag < 6:
			m = append(m, 16, next()%byte(min(len(m), 255)))
		case tag < 8:
			n := next() % 50
			m = append(append(m, 7, n), make([]byte, n)...)
		case tag < 10:
			m = append(m, fmt.Sprintf("\x40\x41%c", next())...)
		case tag < 11:
			m = append(m, "\x11\x06string\x06format"...)
		case tag < 12:
			m = append(m, 18)
		case tag < 16:
			m = append(m, next()) // anything
		default:
			m = append(m, next()|0x80)
		}
	}
	return string(m)
}

// FuzzDecode: any bytes at all.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "\x01\x00\x00", "\x01\x00\x01\x81", "\x01\x00\x02\x08\x02\x00\x00\x00\x00\x81\x82\x10\x03",
		"\x01\x00\x01\x09\x00\x01\x00\x00\x00\x43abc\x10\x03", "\x01\x00\x01\x08\x81\x00\x00\x00\x00\x00\x00",
		"\x01\x01\x01\x0c\x44nameA\x80\x01x\x01", "\x01\x00\x01\x11\x06string\x06format", "\x01\x00\x01\x12\x08\x00\x00\x00\x00\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ask(t, "any", string(data))
		ask(t, "any", message(string(data)))
	})
}

// FuzzRoundTrip: values made from bytes come back the same, with what they share.
func FuzzRoundTrip(f *testing.F) {
	for _, s := range []string{"", "\x1a\x05\x01\x02\x03\x04\x05", "\x16\x03\x13\x16\x00\x00\x0f\x00", "\x1e\x03\x07\x03abc\x07\x02de\x00\x96\x1f\x03"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { ask(t, "round", string(data)) })
}
