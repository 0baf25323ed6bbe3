---@meta _

-- luv.os - the machine, what this process uses of it, its environment, the process itself.
--
-- It is libuv's view, so nothing here has to do with Lua's own library os, which stays as it
-- is. None of these functions waits. The files' side of it, such as the working directory, is in
-- luv.fs; the clock of high resolution is luv.hrtime.

---@class luv
---@field os luv.oslib
local luv = {}

---@class luv.oslib
local oslib = {}

---@class luv.uname
---@field sysname string such as "Linux"
---@field release string
---@field version string
---@field machine string such as "x86_64"

---What the system is. Source: uv_os_uname.
---@return luv.uname? uname nil when it fails
---@return string? message
---@return luv.code? code
function oslib.uname() end

---The name of the machine. Source: uv_os_gethostname.
---@return string? name nil when it fails
---@return string? message
---@return luv.code? code
function oslib.hostname() end

---For how long the machine has been running. Source: uv_uptime.
---@return number? seconds nil when it fails
---@return string? message
---@return luv.code? code
function oslib.uptime() end

---How many processes wanted to run, on average over the last 1, 5 and 15 minutes.
---Source: uv_loadavg.
---@return number one
---@return number five
---@return number fifteen
function oslib.loadavg() end

---The time of day, which may be set back; for measuring there is luv.hrtime. Source:
---uv_gettimeofday.
---@return integer? seconds since 1970; nil when it fails
---@return integer|string microseconds of them, or the message
---@return luv.code? code
function oslib.gettimeofday() end

---@class luv.cpu
---@field model string "unknown" where the system does not say
---@field speed integer MHz, 0 where the system does not say
---@field times luv.cpu.times what it did since the machine started

---@class luv.cpu.times
---@field user integer milliseconds, as all of these
---@field nice integer
---@field sys integer
---@field idle integer
---@field irq integer

---The CPUs of the machine, whether this process may use them or not. Source: uv_cpu_info.
---@return luv.cpu[]? cpus nil when it fails
---@return string? message
---@return luv.code? code
function oslib.cpu_info() end

---How many CPUs this process may use: how many threads at work make sense. Source:
---uv_available_parallelism.
---@return integer n at least 1
function oslib.available_parallelism() end

---@class luv.interface_address
---@field name string of the interface, such as "eth0"
---@field is_internal boolean nothing leaves the machine there
---@field family "inet"|"inet6"
---@field address string as luv.net takes it: a link-local one with its zone, "fe80::1%eth0"
---@field netmask string
---@field mac string "00:00:00:00:00:00" where there is none

---Every address of every interface that is up; an interface with several stands there as often.
---Source: uv_interface_addresses.
---@return luv.interface_address[]? addresses nil when it fails
---@return string? message
---@return luv.code? code
function oslib.interface_addresses() end

---The memory of the machine. Source: uv_get_total_memory.
---@return integer bytes 0 when it is not known
function oslib.mem_total() end

---How much of it is to be had, caches that the system would give up included. Source:
---uv_get_free_memory.
---@return integer bytes 0 when it is not known
function oslib.mem_free() end

---How much of it this process may have, as the limit of its control group says. Source:
---uv_get_constrained_memory.
---@return integer bytes 0 when there is no limit, or none is known
function oslib.mem_constrained() end

---The memory that this process occupies, all its threads together. Source:
---uv_resident_set_memory.
---@return integer? bytes nil when it fails
---@return string? message
---@return luv.code? code
function oslib.rss() end

---What getrusage(2) says; most systems leave some of it at 0.
---@class luv.rusage
---@field utime number seconds of CPU time in the program
---@field stime number seconds of CPU time in the kernel
---@field maxrss integer the most memory it ever occupied, in units of 1024 bytes
---@field ixrss integer
---@field idrss integer
---@field isrss integer
---@field minflt integer page faults that needed no disk
---@field majflt integer page faults that did
---@field nswap integer
---@field inblock integer times that the disk was read
---@field oublock integer times that the disk was written
---@field msgsnd integer
---@field msgrcv integer
---@field nsignals integer
---@field nvcsw integer times that it gave up the CPU, to wait
---@field nivcsw integer times that the CPU was taken from it

---What this process has used, all its threads together. Source: uv_getrusage.
---@return luv.rusage? usage nil when it fails
---@return string? message
---@return luv.code? code
function oslib.rusage() end

---The value of an environment variable, byte for byte. The environment is one for all threads of
---the process, which may read and change it at the same time by the functions here; Lua's
---os.getenv reads the same one.
---ENOENT: there is no such variable.
---Raises: an empty name, one with "=" or a zero byte.
---Source: uv_os_getenv.
---@param name string
---@return string? value nil when it fails
---@return string? message
---@return luv.code? code
function oslib.getenv(name) end

---Sets an environment variable, for this process and those that it starts from now on. Each
---different value a variable has ever had stays in memory, since somebody might be reading it.
---Raises: an empty name, one with "="; a zero byte in the name or the value.
---Source: setenv(3).
---@param name string
---@param value string
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function oslib.setenv(name, value) end

---Removes an environment variable; that there is none is no error.
---Raises: an empty name, one with "=" or a zero byte.
---Source: unsetenv(3).
---@param name string
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function oslib.unsetenv(name) end

---All environment variables: a copy. Source: uv_os_environ.
---@return table<string, string>? variables by name; nil when it fails
---@return string? message
---@return luv.code? code
function oslib.environ() end

---The home directory of the user: $HOME, or what the database of users says. The same as
---luv.fs.homedir. Source: uv_os_homedir.
---@return string? path nil when it fails
---@return string? message
---@return luv.code? code
function oslib.homedir() end

---The directory for temporary files: $TMPDIR, $TMP, $TEMP, $TEMPDIR or /tmp. The same as
---luv.fs.tmpdir. Source: uv_os_tmpdir.
---@return string? path nil when it fails
---@return string? message
---@return luv.code? code
function oslib.tmpdir() end

---The number of this process. Source: uv_os_getpid.
---@return integer pid
function oslib.getpid() end

---The number of its parent. Source: uv_os_getppid.
---@return integer pid
function oslib.getppid() end

---@class luv.passwd
---@field username string
---@field uid integer
---@field gid integer
---@field shell string
---@field homedir string

---The user of this process (the effective one), from the system's database of users.
---ENOENT: which does not know it, as in many containers.
---Source: uv_os_get_passwd.
---@return luv.passwd? user nil when it fails
---@return string? message
---@return luv.code? code
function oslib.passwd() end

---The nice value of a process, and sets it before: a larger one leaves the CPU to others. On
---Linux each thread has one of its own, and what it starts inherits it: pid 0 is the calling
---thread, the number of a process its main thread.
---ESRCH: no such process. EACCES, EPERM: not allowed, as a rule to go below what it is.
---Raises: a pid that is no whole number from 0 to 2^31 - 1; a value that is neither a whole
---number from -20 to 19 nor one of the names: low (19), below_normal (10), normal (0),
---above_normal (-7), high (-14), highest (-20).
---Source: uv_os_getpriority, uv_os_setpriority.
---@param pid? integer nil and 0: the calling thread
---@param value? integer|"low"|"below_normal"|"normal"|"above_normal"|"high"|"highest" nil: only read it
---@return integer? value as it is now; nil when it fails
---@return string? message
---@return luv.code? code
function oslib.priority(pid, value) end

---Bytes that nobody can foretell, good for keys. Source: uv_random.
---Raises: not a whole number from 0 to 16777216.
---@param n integer how many
---@return string? bytes nil when it fails
---@return string? message
---@return luv.code? code
function oslib.random(n) end

---What ps shows this process as, and sets it before. At first it is the name of the program. There
---is room for as many bytes as the command line has, so a longer title is cut off. On Linux the
---calling thread takes the first 15 bytes as its name.
---ENOBUFS: the command line is not known here.
---Raises: a zero byte in the title.
---Source: uv_get_process_title, uv_set_process_title.
---@param title? string nil: only read it
---@return string? title as it is now; nil when it fails
---@return string? message
---@return luv.code? code
function oslib.title(title) end

---The same as luv.os.mem_total.
---@return integer bytes 0 when it is not known
function luv.mem_total() end

---The same as luv.os.mem_free.
---@return integer bytes 0 when it is not known
function luv.mem_free() end

---The same as luv.os.cpu_info.
---@return luv.cpu[]? cpus nil when it fails
---@return string? message
---@return luv.code? code
function luv.cpu_info() end

---The same as luv.os.interface_addresses.
---@return luv.interface_address[]? addresses nil when it fails
---@return string? message
---@return luv.code? code
function luv.interface_addresses() end

return oslib
