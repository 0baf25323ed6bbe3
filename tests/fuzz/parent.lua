-- parent.lua - runs children until the time is over, and tells what they find.

local here, options = ...

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

local first = 0
while arg[first - 1] do first = first - 1 end
local again = arg[first] .. " " .. arg[0]
for _, name in ipairs{"acts", "only", "raise"} do
  if options[name] then again = again .. " --" .. name .. " " .. options[name] end
end

-- The lines of a child, and its exit code; a child that takes too long is killed.
local function run(arguments, errors, each)
  local limit = options.limit or options.patience * 2 + 20
  local p = io.popen("timeout -s ABRT -k 5 " .. limit .. " " .. again .. " " .. arguments ..
    " 2>" .. quote(errors) .. " </dev/null; echo \"exit $?\"")
  for line in p:lines() do each(line) end
  p:close()
end

-- What tells of a crash: AddressSanitizer's stacks without the interpreter's frames, an assertion, the
-- beginning of what Go prints.
local function tail(path, n)
  local kept, lines = {}, 0
  for line in io.lines(path) do
    local told = line:find("^luv: a finalizer failed")
    local frame = line:find("^ +#%d+ ")
    if not told and not (frame and not line:find("/csrc/", 1, true)) and #line > 0 then lines = lines + 1 end
    if lines <= n and not told and (not frame or line:find("/csrc/", 1, true)) then kept[#kept + 1] = line end
  end
  return table.concat(kept, "\n  ")
end

local acts, findings, counts = 0, 0, {}

local function found(text, command)
  findings = findings + 1
  print("finding " .. findings .. ": " .. command)
  print(text)
  io.stdout:flush()
end

-- Whether a program fails by itself, too: how many of three tries.
local function tries(seed, errors)
  local failed = 0
  for _ = 1, 3 do
    run("--seed " .. seed, errors, function(line)
      local code = line:match("^exit (%d+)$")
      if code and code ~= "0" then failed = failed + 1 end
    end)
  end
  return failed
end

-- One child; returns the number of the program that comes next.
local function child(from, errors, seconds)
  local last, text, done, code = from, nil, false, nil
  local bad = {}
  run("--child " .. from .. " --count " .. options.batch .. " --seconds " .. seconds, errors, function(line)
    local name, value = line:match("^(%w+) ?(.*)$")
    if name == "program" then last = tonumber(value)
    elseif name == "finding" then bad[#bad + 1] = {seed = value, text = ""}
    elseif name == "acts" then acts = acts + tonumber(value)
    elseif name == "count" then
      local what, n = value:match("^(%S+) (%d+)$")
      counts[what] = (counts[what] or 0) + tonumber(n)
    elseif name == "done" then done = true
    elseif name == "exit" then code = tonumber(value)
    elseif #bad > 0 then bad[#bad].text = bad[#bad].text .. (#bad[#bad].text > 0 and "\n" or "") .. line end
  end)
  if not done then
    text = (code == 134 or code == 137 or code == 124) and "hangs, or aborts" or "ends"
    bad[#bad + 1] = {seed = tostring(last), text = "  the process " .. text .. ", exit code " .. code .. "\n  " .. tail(errors, 45)}
  end
  for _, b in ipairs(bad) do
    found(b.text, again .. " --seed " .. b.seed .. " (in a child that began at " .. from .. ")")
  end
  local seen = {}
  for _, b in ipairs(bad) do
    if not seen[b.seed] and options.again ~= 0 then
      seen[b.seed] = true
      print("  " .. tries(b.seed, errors) .. " of 3 tries of " .. b.seed .. " by itself fail, too")
    end
  end
  return last + 1
end

local stop, errors, seed = os.time() + options.seconds, os.tmpname(), options.from
while true do
  local left = stop - os.time()
  if left <= 0 or findings >= (options.findings or 20) then break end
  seed = child(seed, errors, math.max(left, 1))
end
os.remove(errors)
local text = ""
for name, n in pairs(counts) do text = text .. ", " .. n .. " " .. name end
print(string.format("%d programs, %d acts%s, %d findings", seed - options.from, acts, text, findings))
return findings == 0
