---@meta _

-- luv.tty - terminals as streams: lines or keys, the size, the mode. Reading and writing are
-- those of every stream (docs/stream.lua); luv.stdin and its like are of this class when
-- they are terminals (docs/stdio.lua).
--
--     luv.stdin:mode("raw")
--     local key = luv.stdin:read_exactly(1)
--
-- The mode belongs to the terminal: all who use it see it, print and the shell too. luv
-- keeps what it was before the first change, and puts that back by mode("normal"), when the
-- object that last changed it is closed or collected, at the end of the process (an error and
-- os.exit included), after Ctrl-C, and when a signal ends it: HUP, INT, QUIT, TERM, ABRT, ALRM, USR1, USR2,
-- XCPU or VTALRM, unless the script or its host handles that. SIGKILL, and faults such as SIGSEGV, it cannot see.
-- Ctrl-C is no signal in raw mode, but the byte 3.
--
-- A terminal that hangs up (its window is closed) is read as EIO or EOF and written as EIO; the
-- process gets SIGHUP, too. shutdown gives ENOTSOCK: a terminal is closed instead.

---The module.
---@class luv.ttylib
local ttylib = {}

---@class luv
---@field tty luv.ttylib terminals

---Makes a stream of a terminal, which is opened anew, so that its flags are nobody else's. A
---number above 2 is taken over, and closed; 0, 1, 2 and the descriptors of files stay their
---owners'. The controlling terminal is luv.tty.open(luv.fs.open("/dev/tty", "r+")).
---Errors: EBADF, nothing is open there; ENOTTY, no terminal; EEXIST, another object of luv's has
---that number; EMFILE.
---Raises: no number of a descriptor, and no file. Source: uv_tty_init.
---@param fd integer|file*|luv.file|luv.stream
---@return luv.tty? tty nil when it fails
---@return string? message
---@return luv.code? code
function ttylib.open(fd) end

---Whether it is a terminal: false, too, when nothing is open there. Source: isatty(3).
---Raises: no number of a descriptor, and no file.
---@param fd integer|file*|luv.file|luv.stream
---@return boolean yes
function ttylib.isatty(fd) end

---What stands behind a descriptor. Source: uv_guess_handle, which calls devices files.
---Errors: EBADF, nothing is open there. Raises: no number of a descriptor, and no file.
---@param fd integer|file*|luv.file|luv.stream
---@return "tty"|"pipe"|"tcp"|"udp"|"file"|"unknown"|nil kind a unix socket is a "pipe"
---@return string? message
---@return luv.code? code
function ttylib.guess(fd) end

---Makes a pseudo-terminal. What is written to the stream is typed there, what is written there is
---read from it: through the terminal, so a newline typed is shown as CRLF. When the last who has
---the other side lets go of it, the stream ends: EOF. A child gets the other side by {pty = true} of
---luv.process.spawn, or by hand as a file that is opened by the path.
---Errors: EMFILE, ENOSPC (no more of them), ENOENT (no /dev/pts).
---Raises: a size that is no whole number from 1 to 65535. Source: posix_openpt.
---@param size? {cols?: integer, rows?: integer} default 80 and 24
---@return luv.tty? tty nil when it fails
---@return string path of the other side, as "/dev/pts/3"; or the message
---@return luv.code? code
function ttylib.pty(size) end

---@class luv.tty: luv.stream
local tty = {}

---Sets the mode. "normal": as it was. "raw": each key as it is typed, not shown, Ctrl-C among
---them; what is written goes on as before. "io": bytes as they are, both ways: a newline does
---not return to the first column. What has been written and is not shown yet is not waited for.
---Errors: EIO, the terminal is gone; EMFILE.
---Raises: another mode. Follows uv_tty_set_mode.
---@param mode "normal"|"raw"|"io"
---@return luv.tty? self nil when it fails
---@return string? message
---@return luv.code? code
function tty:mode(mode) end

---The size; 0 where nobody has told the terminal. It changes with SIGWINCH. With arguments: sets it,
---and who runs on the terminal gets SIGWINCH.
---Errors: EIO, the terminal is gone. Raises: a size that is no whole number from 1 to 65535.
---Source: uv_tty_get_winsize; TIOCSWINSZ.
---@param width? integer columns
---@param height? integer rows
---@return integer|luv.tty|nil width columns, or the tty; nil when it fails
---@return integer|string height rows; or the message
---@return luv.code? code
function tty:winsize(width, height) end

---The number of luv's own descriptor of the terminal. Source: uv_fileno.
---@return integer? fd nil when it fails
---@return string? message
---@return luv.code? code
function tty:fileno() end
