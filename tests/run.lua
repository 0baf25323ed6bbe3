-- run.lua - runs the test-suite:  lua5.1 tests/run.lua [pattern...]
--
-- Every tests/test-*.lua and tests/regress/*.lua whose name has one of the patterns in it runs
-- in a process of its own, under the interpreter that runs this file, and prints TAP.
-- The last line is "N passed, N failed", and how many could not be tried here, which say why.
-- LUA_CPATH is passed on; without it luv.so is taken from the root of the checkout.

local function lines_of(command)
  local list, p = {}, io.popen(command)
  for line in p:lines() do list[#list + 1] = line end
  p:close()
  return list
end

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

local first = 0
while arg[first - 1] do first = first - 1 end
local interpreter = arg[first]
local dir = lines_of("cd " .. quote(arg[0]:match("^(.*)/[^/]*$") or ".") .. " && pwd")[1]
local cpath = os.getenv("LUA_CPATH") or (dir .. "/../?.so;;")

-- Whether the file is asked for.
local function is_wanted(name)
  if not arg[1] then return true end
  for _, pattern in ipairs(arg) do
    if name:find(pattern, 1, true) then return true end
  end
  return false
end

local LIMIT = 120 -- seconds per file
local has_timeout = lines_of("command -v timeout")[1] ~= nil
local limit = has_timeout and "timeout -k 5 " .. LIMIT .. " " or ""

-- With the check build and LUV_HOSTILE=SEED finalisers act in the midst of luv's calls
-- (lib/hostile.lua). These files are run without, since they
local HOSTILE = os.getenv("LUV_HOSTILE")
local counts, compares = "count what the acts add to", "compare delays, or race with a clock"
local without = {
  ["test-docs"] = counts, ["test-dump"] = counts, ["test-gc"] = counts, ["test-luv"] = counts, ["test-poll"] = counts,
  ["test-stream"] = counts, ["test-faults"] = "have calls fail that the acts make, too",
  ["test-fs-hung"] = "fill all threads of the pool", ["test-fs-mount"] = "run in another root",
  ["test-limits"] = "have no descriptors to spare, or ten thousand connections", ["test-receive"] = counts,
  ["test-tls-stream"] = counts, ["test-udp"] = counts, ["test-unixgram"] = counts, ["test-zmq-life"] = counts,
  ["test-fs-lock"] = compares, ["test-pipe"] = compares, ["test-cancel"] = compares, ["test-monkey"] = compares,
}
-- And these with fewer collections than the check build makes by itself: they have finalisers of
-- their own, many programs, or compare delays; or compile luv.socket, which is a collection for each word.
local gently = {
  ["test-safety-fiber"] = true, ["test-safety-file"] = true, ["test-safety-process"] = true,
  ["test-safety-stream"] = true, ["test-stream-ready"] = true, ["test-examples"] = true,
  ["test-thread"] = true, ["test-proxy"] = true, ["test-proxy-worst"] = true, ["test-proxy-remote"] = true, ["test-safety-zmq"] = true, ["test-starvation"] = true, ["test-process"] = true,
  ["test-socket"] = true, ["test-socket-worst"] = true, ["test-socket-same"] = true, ["test-ssl"] = true,
  ["test-ssl-peers"] = true, ["test-ssl-worst"] = true, ["test-install"] = true, ["test-clients"] = true,
  ["test-clients-more"] = true, ["test-socket-suite"] = true,
}

local function environment(name)
  if not HOSTILE then return "" end
  if gently[name] or HOSTILE == "0" then return "LUV_HOSTILE=0 " end
  if without[name] then return "env -u LUV_HOSTILE " end
  return "LUA_INIT=@" .. quote(dir .. "/lib/hostile.lua") .. " "
end

local total, failures, skipped = 0, {}, {}

local function result(ok, name, more)
  total = total + 1
  print((ok and "ok " or "not ok ") .. total .. " - " .. name)
  if ok and name:find(" # SKIP ", 1, true) then skipped[#skipped + 1] = name end
  if ok then return end
  failures[#failures + 1] = name
  if more then print("# " .. more) end
end

-- Prints what a file's process printed, its tests numbered on; returns what is wrong.
local function pass_on(lines, name)
  local planned, seen, code = nil, 0, nil
  local failed_before = #failures
  for _, line in ipairs(lines) do
    local verdict, text = line:match("^(.*ok) %d+ %- (.*)$")
    if verdict == "ok" or verdict == "not ok" then
      seen = seen + 1
      result(verdict == "ok", name .. ": " .. text)
    elseif line:match("^1%.%.%d+$") then planned = tonumber(line:match("%d+$"))
    elseif line:match("^# exit %d+$") then code = tonumber(line:match("%d+"))
    else print(line) end
  end
  if code == 124 or code == 137 then return "ran longer than " .. LIMIT .. " seconds" end
  if planned ~= seen then return "ended early, exit code " .. tostring(code) end
  local expected = #failures > failed_before and 1 or 0
  if code ~= expected then return "exit code " .. tostring(code) end
end

local function show(path)
  local shown = 0
  for line in io.lines(path) do
    shown = shown + 1
    if shown <= 30 then print("# stderr: " .. line) end
  end
end

local function run(path)
  local name = path:match("([^/]*)%.lua$")
  local errors, before = os.tmpname(), #failures
  local wrong = pass_on(lines_of("LUA_CPATH=" .. quote(cpath) .. " " .. environment(name) .. limit .. interpreter .. " " ..
    quote(path) .. " 2>" .. errors .. " </dev/null; c=$?; echo; echo \"# exit $c\""), name)
  if wrong then result(false, name .. ": the file", wrong) end
  if #failures > before then show(errors) end
  os.remove(errors)
end

local files = lines_of("ls " .. quote(dir) .. "/test-*.lua " .. quote(dir) .. "/regress/*.lua 2>/dev/null")
for _, path in ipairs(files) do
  if is_wanted(path:match("[^/]*$")) then run(path) end
end

print("1.." .. total)
for _, name in ipairs(skipped) do print("# skipped: " .. name) end
for _, name in ipairs(failures) do print("# failed: " .. name) end
print(total - #failures - #skipped .. " passed, " .. #failures .. " failed" ..
  (#skipped > 0 and ", " .. #skipped .. " skipped" or ""))
os.exit(#failures == 0 and total > 0 and 0 or 1)
