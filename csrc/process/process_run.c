/* process_run.c - luv.process.run, from where Go has started the child.
 *
 * It is written in Lua, since it is made of calls that wait: a fiber feeds the child, one
 * drains each of its outputs, and the caller waits for its end. However the call ends, no
 * child is left behind and no pipe is left open. */
#include "luvprocess.h"

static const char source[] =
  "local begin, spawn, pcall, hrtime, error, concat, type, rawget, next, longest = ...\n"
  "local pairs, KILL = pairs, 9\n"
  "local function drain(stream, job)\n"
  "  local parts, size = {}, 0\n"
  "  while true do\n"
  "    local n, data, code = stream:read()\n"
  "    if not n and code ~= 'EOF' and code ~= 'ECANCELED' then job.broken = {data, code} end\n"
  "    if not n then return concat(parts) end\n"
  "    if size + n > job.max then\n"
  "      parts[#parts + 1] = data:sub(1, job.max - size)\n"
  "      job.full = true\n"
  "      job.p:kill(KILL)\n"
  "      stream:close()\n"
  "      return concat(parts)\n"
  "    end\n"
  "    size = size + n\n"
  "    parts[#parts + 1] = data\n"
  "  end\n"
  "end\n"
  /* EPIPE: it did not want all of it. Otherwise a child that has not got all of it must not take
   * that for the end. */
  "local function write(stream, input, job)\n"
  "  if #input == 0 then return end\n"
  "  local ok, message, code = stream:write(input)\n"
  "  if ok or code == 'EPIPE' or code == 'ECANCELED' or code == 'ECONNRESET' then return end\n"
  "  job.broken = {message, code}\n"
  "  job.p:kill(KILL)\n"
  "end\n"
  "local function feed(stream, input, job)\n"
  "  local ok, err = pcall(write, stream, input, job)\n"
  "  if not ok then job.failed = {err} job.p:kill(KILL) end\n"
  "  stream:close()\n"
  "end\n"
  "local function left(job)\n"
  "  if not job.due then return nil end\n"
  "  local s = (job.due - hrtime()) / 1e9\n"
  "  return s > 0 and s or 0\n"
  "end\n"
  "local function await(job)\n"
  "  local p = job.p\n"
  "  local code, signal, name = p:wait(left(job))\n"
  "  if not code then return nil, signal, name end\n"
  "  job.result.code, job.result.signal = code, signal\n"
  "  for key, f in pairs(job.drains) do\n" /* somebody else may have them open still */
  "    local data, message, code = f:join(left(job))\n"
  "    if not data then return nil, message, code end\n"
  "    job.result[key] = data\n"
  "  end\n"
  "  if job.broken then return nil, job.broken[1], job.broken[2] end\n"
  "  return true\n"
  "end\n"
  /* After a timeout: what has come so far is not lost. */
  "local function partial(job)\n"
  "  local p, result = job.p, job.result\n"
  "  if not result.code then\n"
  "    p:kill(KILL)\n"
  "    result.code, result.signal = p:wait()\n"
  "  end\n"
  "  for _, s in pairs(p.stdio) do s:close() end\n"
  "  for key, f in pairs(job.drains) do result[key] = f:join() end\n"
  "  return result\n"
  "end\n"
  "local function abandon(p)\n"
  "  p:kill(KILL)\n"
  "  for _, s in pairs(p.stdio) do s:close() end\n"
  "  p:close()\n"
  "end\n"
  "local function finish(job)\n"
  "  local ok, done, message, code = pcall(await, job)\n"
  "  local result\n"
  "  if ok and not done then ok, result = pcall(partial, job) if not ok then done = result end end\n"
  "  if job.failed then ok, done = false, job.failed[1] end\n"
  "  if not ok then abandon(job.p) error(done, 0) end\n"
  "  job.p:close()\n"
  "  if job.full then\n"
  "    return nil, 'ENOBUFS: no buffer space available: more than ' .. job.max .. ' bytes of output', 'ENOBUFS', job.result\n"
  "  end\n"
  "  if not done then return nil, message, code, result end\n"
  "  return job.result\n"
  "end\n"
  "local function serve(before, input, p, given, max, seconds)\n"
  "  local job = {p = p, max = max < longest and max or longest, result = {}, drains = {}}\n"
  "  if seconds >= 0 then job.due = before + seconds * 1e9 end\n"
  "  if p.stdout then job.drains.stdout = spawn(drain, p.stdout, job) end\n"
  "  if p.stderr then job.drains.stderr = spawn(drain, p.stderr, job) end\n"
  "  if given then spawn(feed, p.stdin, input, job) end\n"
  "  return job\n"
  "end\n"
  "local function start(before, input, p, given, max, seconds)\n"
  "  if not p then return nil, given, max end\n"
  "  local ok, job = pcall(serve, before, input, p, given, max, seconds)\n"
  "  if not ok then abandon(p) error(job, 0) end\n"
  "  return finish(job)\n"
  "end\n"
  /* What the child reads does not go through Go, which would copy it twice. */
  "local function without_input(options)\n"
  "  if type(options) ~= 'table' or type(rawget(options, 'input')) ~= 'string' then return options end\n"
  "  local copy = {}\n"
  "  for k, v in next, options do copy[k] = v end\n"
  "  copy.input = ''\n"
  "  return copy, options.input\n"
  "end\n"
  "return function(cmd, options, ...)\n"
  "  local options, input = without_input(options)\n"
  "  return start(hrtime(), input, begin(cmd, options, ...))\n"
  "end";

static void push_from(lua_State *L, const char *table, const char *name) {
  lua_getglobal(L, table);
  if (!lua_istable(L, -1)) return; /* a host that opens few libraries */
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

/* Go begins, with the child and what it is to be given. */
int luv_process_run(lua_State *L) { return luv_trampoline(L); }

/* The function on top begins; in its place comes the one that scripts call. */
void luv__process_glue(luv_state *S, lua_State *L) {
  static const luv_face spawn = {.fn = luv_spawn}, hrtime = {.fn = luv_hrtime};
  luv__load(S, L, source, sizeof source - 1);
  lua_insert(L, -2);
  luv__push_face(S, L, &spawn, 0);
  luv__push_native(S, L, "pcall");
  luv__push_face(S, L, &hrtime, 0);
  luv__push_native(S, L, "error");
  push_from(L, "table", "concat");
  lua_getglobal(L, "type");
  lua_getglobal(L, "rawget");
  lua_getglobal(L, "next");
  lua_pushnumber(L, (lua_Number)LUV_MAX_STRING);
  lua_call(L, 10, 1);
}
