---@meta _

-- luv.process - other programs: starting them, waiting for them, pipes to and from them.
--
--     local r = assert(luv.process.run("sort", {"-r", input = "a\nb\n"}))
--     print(r.code, r.stdout)
--
--     local ls = assert(luv.process.spawn("ls", {"-l", cwd = "/", stdout = "pipe"}))
--     for line in ls.stdout:lines() do print(line) end
--     local code, signal = ls:wait()
--
-- A command is a path, or a name that is looked for in the PATH of the child. No shell is
-- involved: arguments reach the program byte for byte, spaces, quotes and newlines in them too.
-- Who wants a shell's pipes and wildcards spawns one: spawn("sh", {"-c", line}).
--
-- Pipelines: the stdout of one child, a pipe, is given as the stdin of the next. The script
-- still has its own end, and closes it: else the first is not told (SIGPIPE) when the second
-- has ended.
--
--     local a = assert(luv.process.spawn("cat", {"/etc/services", stdout = "pipe"}))
--     local b = assert(luv.process.spawn("wc", {"-l", stdin = a.stdout, stdout = "pipe"}))
--     a.stdout:close()
--     print(b.stdout:read_all())
--
-- Streams given to a child: of what luv has read ahead of a stream the child sees nothing. The
-- child has the stream in blocking mode; a socket that the script goes on using is used from
-- then on so that luv does not wait in it. A socket that listens belongs at descriptor 3 or
-- above. Files, of luv.fs or of Lua, are at their positions; what a file of Lua's holds back is
-- written first. Whatever luv opens is closed in children that are not given it.
--
-- A child begins with the default action for every signal and none blocked, and with our
-- environment, folder, user and group unless told otherwise. It may outlive us: closing or
-- forgetting a process, and the end of the script, do not end the child. Whatever becomes of
-- the object, a child that has ended is no zombie as long as we run. A script that is to end
-- its children gives them to a luv.scope (scope:spawn(process) waits, and kills when the scope is
-- cancelled), or kills them.

---@class luv
---@field process luv.processlib

---@class luv.processlib
local processlib = {}

---What a child's descriptor is to be: "pipe", a new pipe to the script; "inherit", the script's own
---of the same number; "null", /dev/null; "ipc", a two-way luv.pipe that passes handles; a stream
---or a file of luv's, a file of Lua's; the number of a descriptor of this process. For stderr
---also "stdout": the same as the child's stdout.
---@alias luv.childio "pipe"|"inherit"|"null"|"ipc"|"stdout"|luv.stream|luv.file|file*|integer

---The arguments are the list part. A key 0 is what the program is told its own name is (the
---command, if absent). Strings are taken byte for byte, numbers as tostring shows them; none
---can have a zero byte in it.
---@class luv.spawnoptions
---@field [integer] string|number arguments, from 1
---@field cwd? string the folder it begins in
---@field env? table<string|integer, string|number> its whole environment: {NAME = value}, or
---     "NAME=value" in the list part. nil: as ours
---@field stdin? luv.childio default of spawn: "inherit", of run: "null"
---@field stdout? luv.childio default of spawn: "inherit", of run: "pipe"
---@field stderr? luv.childio default of spawn: "inherit", of run: "pipe"
---@field stdio? table<integer, luv.childio> the same by number, up to 1023:
---     {[0] = "null", [3] = "ipc"}
---@field detach? boolean true: it leads a session and a group of its own, out of reach of Ctrl-C
---@field ends_with_parent? boolean true: it is killed when this process ends, however that happens, by SIGKILL,
---     too; not with the thread that spawns it. What it has started itself is not, and a program with the set-user-ID bit is not
---@field uid? integer user to run as; the further groups of this process are dropped
---@field gid? integer group to run as

---Only spawn has a terminal for the child.
---@class luv.childoptions: luv.spawnoptions
---@field pty? true|{cols?: integer, rows?: integer} it leads a session on a pseudo-terminal of its own, of
---     80 columns and 24 rows, which is its stdin, and its stdout and stderr if these are not given; ours is process.pty

---@class luv.runoptions: luv.spawnoptions
---@field input? string what it reads on stdin
---@field max? integer most bytes of each output; more: the child is killed, ENOBUFS

---How a child of run has ended, and what it wrote on those outputs that were "pipe".
---@class luv.runresult
---@field code? integer exit code
---@field signal? integer what has killed it, 0 if nothing
---@field stdout? string
---@field stderr? string

---A child. Standard descriptors that are "pipe" are streams here: stdin to write to, stdout and
---stderr to read from.
---@class luv.process: luv.object
---@field pid integer its process number; it stays when the child has ended
---@field stdin? luv.pipe
---@field stdout? luv.pipe
---@field stderr? luv.pipe
---@field pty? luv.tty our side of its terminal, if it was given one: what it writes is read here, what is
---     written is typed; EOF when nobody has the other side any more. winsize(width, height) tells it by SIGWINCH
---@field stdio table<integer|"pty", luv.pipe|luv.tty> all pipes to it, by the child's descriptor
local process = {}

---Starts a program. When this returns it runs: a program that is not there, or may not be run,
---is an error here.
---Errors: ENOENT, no such program, or no such cwd; EACCES, it may not be run; EPERM, uid and gid
---are not ours to choose; E2BIG, too many arguments; EAGAIN, the limit of processes; EMFILE, no
---descriptor left for a pipe; ENOMEM; EBADF, a stream that is closed or a descriptor that is none.
---Raises: an unknown option, a wrong type, a zero byte.
---@param command string
---@param options? luv.childoptions
---@return luv.process? process nil when it fails
---@return string? message
---@return luv.code? code
function processlib.spawn(command, options) end

---Runs a program to its end: gives it the input, collects its outputs, waits for it. The outputs
---end when everybody who has them has closed them, children of the child too. A timeout, a
---cancellation and too much output kill the program (SIGKILL), not what that has started.
---Errors: those of spawn; ETIMEDOUT and ENOBUFS, with what there was until then as a fourth result.
---Raises: an unknown option, a wrong type, a zero byte; a timeout that is no number of 0 or more.
---Suspends.
---@async
---@param command string
---@param options? luv.runoptions
---@param timeout? number seconds
---@return luv.runresult? result nil when it fails; of a program that has failed there is one
---@return string? message
---@return luv.code? code
---@return luv.runresult? partial
function processlib.run(command, options, timeout) end

---Closes what this process has inherited itself, apart from stdin, stdout and stderr, in children
---to come. Source: uv_disable_stdio_inheritance.
---@return boolean true
function processlib.disable_stdio_inheritance() end

---Waits until the child has ended. Any number of fibers may, any number of times.
---Errors: ESRCH, the host program has waited for it itself, and how it ended is not known.
---Raises: a timeout that is no number of 0 or more.
---Suspends.
---@async
---@param timeout? number seconds
---@return integer? code exit code, 0 to 255; 0 if a signal has killed it; nil when it fails
---@return integer|string signal its number, 0 if it has exited; or the message
---@return luv.code? code
function process:wait(timeout) end

---Sends the child a signal. ESRCH: it has ended. EPERM: it runs as somebody else. Signal 0 asks
---whether it is there. When a child has ended, its number may become another process's: this
---does not reach that one, luv.signal.kill(p.pid) may.
---Raises: a name that is no signal's, or what is neither a name nor a whole number.
---@param signum? string|integer "TERM" if absent
---@return luv.process? self nil when it fails
---@return string? message
---@return luv.code? code
function process:kill(signum) end

---Closes the pipes that spawn has made for it, and lets go of the child, which runs on. Waits for
---it end with ECANCELED.
---@return luv.process self
function process:close() end

return processlib
