-- tty-editor.lua - a line editor: the terminal gives keys, not lines, and fibers go on meanwhile.
--
--   lua tty-editor.lua
--
-- Arrows, Home, End, Backspace, Delete, Ctrl-A, -E, -K, -U, -W edit; Up and Down walk through
-- what was typed before. Ctrl-C drops the line, Ctrl-D on an empty one ends. The lines:
--   after SECONDS TEXT    shows TEXT later, above the line that is being typed
--   size                  the columns and rows of the terminal
--   fail                  an error, to see that the terminal is itself again after it
--   quit
--
-- However this ends (an error, a signal, os.exit), luv puts the terminal's mode back.

local luv = require("luv")
local keys, screen = luv.stdin, luv.stdout

if not luv.tty.isatty(0) or not luv.tty.isatty(1) then
  io.stderr:write("tty-editor.lua wants a terminal\n")
  os.exit(1)
end

local prompt, line, at, history, place = "> ", "", 0, {}, 1

-- Shows the line, the part of it around the cursor if it is too long.
local function show()
  local width = (screen:winsize() or 80) - #prompt - 1
  local from = math.max(0, at - width)
  screen:write("\r\27[K" .. prompt .. line:sub(from + 1, from + width) ..
    "\r\27[" .. #prompt + at - from .. "C")
end

-- Writes a line of output above the one that is being typed.
local function say(text)
  screen:write("\r\27[K" .. text .. "\r\n")
  show()
end

local function insert(text)
  line = line:sub(1, at) .. text .. line:sub(at + 1)
  at = at + #text
end

local function delete(from, to) -- the characters behind `from`, up to `to`
  line = line:sub(1, from) .. line:sub(to + 1)
  at = from
end

local function recall(step)
  place = math.max(1, math.min(#history + 1, place + step))
  line = history[place] or ""
  at = #line
end

local commands = {}

function commands.after(seconds, text)
  luv.spawn(function()
    luv.sleep(tonumber(seconds) or 1)
    say(text)
  end)
end

function commands.size() say(("%d x %d"):format(screen:winsize())) end
function commands.fail() error("as you wished", 0) end
function commands.quit() return true end

-- Carries out the line; true: that was the last one.
local function enter()
  local text = line
  screen:write("\r\n")
  line, at = "", 0
  if text == "" then return end
  history[#history + 1] = text
  place = #history + 1
  local name, first, rest = text:match("^(%S+)%s*(%S*)%s*(.*)$")
  if commands[name] then return commands[name](first, rest) end
  say(text:reverse())
end

local actions = {
  ["\r"] = enter,
  ["\n"] = enter,
  ["\1"] = function() at = 0 end,
  ["\3"] = function() line, at = "", 0 end,
  ["\4"] = function()
    if line == "" then return true end
    delete(at, at + 1)
  end,
  ["\5"] = function() at = #line end,
  ["\8"] = function() if at > 0 then delete(at - 1, at) end end,
  ["\11"] = function() line = line:sub(1, at) end,
  ["\21"] = function() delete(0, at) end,
  ["\23"] = function() delete(#line:sub(1, at):match("^(.-)%S*%s*$"), at) end,
  ["\27[A"] = function() recall(-1) end,
  ["\27[B"] = function() recall(1) end,
  ["\27[C"] = function() at = math.min(#line, at + 1) end,
  ["\27[D"] = function() at = math.max(0, at - 1) end,
  ["\27[3~"] = function() delete(at, at + 1) end,
}
actions["\127"] = actions["\8"]
actions["\27[H"], actions["\27[F"] = actions["\1"], actions["\5"]

-- One key: a byte, or the sequence that begins with Escape. nil at the end.
local function key()
  local k = keys:read_exactly(1)
  if k ~= "\27" then return k end
  repeat -- what a key sends comes at once; Escape alone is followed by nothing
    local c = keys:read_exactly(1, 0.05)
    k = k .. (c or "")
  until not c or c:find("[%a~]")
  return k
end

assert(keys:mode("raw"))
screen:write("type; Ctrl-D or quit ends\r\n")
show()
while true do
  local k = key()
  if not k then break end -- the terminal is gone
  local action = actions[k]
  if action then
    if action() then break end
  elseif not k:find("%c") then
    insert(k)
  end
  show()
end
keys:mode("normal")
screen:write("\nbye\n")
