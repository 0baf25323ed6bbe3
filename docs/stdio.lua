---@meta _

-- luv.stdin, luv.stdout, luv.stderr - the standard streams, whatever they are: a luv.tty, a
-- luv.pipe (unix sockets too), a luv.tcp, or for files, devices, directories and what else
-- cannot be polled a luv.stdio. All are streams (docs/stream.lua). One that was closed when luv was
-- loaded is a luv.stdio whose calls give EBADF.
--
--     for line in luv.stdin:lines() do luv.stdout:write(line:upper() .. "\n") end
--
-- They are opened when a script first names them; each thread has its own. They stand beside
-- print, io.read and io.write, and take nothing away from them:
--
-- * Each has a descriptor of its own. To close one, or to let the collector have it, closes
--   neither 0, 1 nor 2. So a reader of our output sees its end when io.stdout is closed, too.
-- * The open files behind 0, 1 and 2 stay blocking, for print as for the shell: a pipe or a
--   terminal is opened once more, a socket is used with care. Where neither can be done (a pipe
--   of another user, without /proc) a write waits as print does, and the loop with it.
-- * What print and io.write have buffered stays where it is: flush it, or
--   io.stdout:setvbuf("no"), where the order matters. On a terminal it goes out by lines, and
--   the order holds. A write of ours that waits for a slow reader may have what print
--   writes meanwhile in its middle; one of up to 4,096 bytes to a pipe is never torn.
-- * What io.read has read ahead is its own, and what luv.stdin has, its own: use one of them.
-- * A file is read and written at the kernel's position, which it shares with print and the
--   shell; up to 64 KiB are written at once, larger pieces by libuv's pool. Its end is its
--   end for good, though it may grow (luv.fs for that).
--
-- If 0, 1 or 2 is closed when luv is loaded, the number is occupied by what can neither be read nor
-- written, and is not inherited: no file or socket gets it by chance.

---@class luv
---@field stdin luv.tty|luv.pipe|luv.tcp|luv.stdio descriptor 0 as a stream
---@field stdout luv.tty|luv.pipe|luv.tcp|luv.stdio descriptor 1
---@field stderr luv.tty|luv.pipe|luv.tcp|luv.stdio descriptor 2

---A standard stream that is a file or a device.
---@class luv.stdio: luv.stream
local stdio = {}

---The number of the stream's own descriptor, a duplicate of 0, 1 or 2.
---@return integer? fd nil when it fails
---@return string? message
---@return luv.code? code
function stdio:fileno() end
