#!/bin/sh
# demo.sh - what "make demo" shows: the echo server against a client, then the timer
# script. Ends by itself; the exit code is 0 if both did what they should.

cd "$(dirname "$0")/.." || exit 1
LUA_CPATH="$PWD/?.so;;"
export LUA_CPATH
lua=${LUA:-lua5.1}

"$lua" examples/demo.lua free || exit 1

echo "--- $lua examples/echo.lua, and three clients of it in $lua examples/demo.lua"
"$lua" examples/echo.lua &
server=$!
trap 'kill "$server" 2>/dev/null' EXIT
trap 'exit 1' INT TERM
"$lua" examples/demo.lua || exit 1
kill -0 "$server" 2>/dev/null || { echo "luv: the echo server has died." >&2; exit 1; }

echo "--- $lua examples/timer.lua"
"$lua" examples/timer.lua || exit 1

echo "--- done"
