---@meta _

-- luv.fs - files, directories, and what happens to them.
--
-- Every operation suspends only its fiber: a thread of libuv's pool does the work
-- (UV_THREADPOOL_SIZE of them, 4 by default). What the kernel can answer from memory without
-- waiting is done in place, which is many times faster: opening a file for reading, reading,
-- attributes, readfile, closing; only of files in memory, on file systems of this machine.
-- LUV_FS_INLINE=0 in the environment sends everything through the pool.
--
-- Errors. The message ends in the path: "ENOENT: no such file or directory: /none", or in
-- both, as "a -> b". A name is a string of any bytes but zero; one with a zero raises. Paths
-- are relative to the working directory of the process.
--
-- Giving up. A wait that ends by timeout or cancel ends at once; what has not begun does not
-- begin, what has begun is carried to its end, its result is dropped, and a file that is
-- opened late is closed. An operation that hangs (a pipe that nobody writes to, a dead mount)
-- holds one thread of the pool; it hangs neither other fibers nor the end of the process, which
-- waits 50 ms for what only reads and at most 5 s for what changes something.

---@class luv
---@field fs luv.fslib

---@class luv.fslib
local fslib = {}

---@alias luv.perm string|integer permissions: a string in octal ("644"), or the number itself (420)
---@alias luv.filetype "file"|"directory"|"link"|"fifo"|"socket"|"char"|"block"|"unknown"

---@class luv.stat
---@field type luv.filetype
---@field dev integer
---@field ino integer
---@field mode integer type and permissions
---@field nlink integer
---@field uid integer
---@field gid integer
---@field rdev integer
---@field size integer bytes
---@field blksize integer
---@field blocks integer of 512 bytes
---@field flags integer
---@field gen integer
---@field atime number seconds since 1970, with fractions; each time has its nanoseconds in atime_ns, mtime_ns, ctime_ns, birthtime_ns
---@field mtime number
---@field ctime number
---@field birthtime number
---@field is_file boolean and is_directory, is_symbolic_link, is_fifo, is_socket, is_character_device, is_block_device

---Opens a file. Modes are those of io.open ("r", "r+", "w", "w+", "a", "a+", with or without
---"b"), and with "x" the file must not be there yet: "wx", "ax". Source: uv_fs_open.
---Raises: an unknown mode; permissions out of range.
---Suspends.
---@async
---@param path string
---@param mode? string default "r"
---@param perm? luv.perm of a file that is made, less the umask; default "644"
---@param timeout? number seconds
---@return luv.file? file nil when it fails
---@return string? message
---@return luv.code? code
function fslib.open(path, mode, perm, timeout) end

---Opens a file and returns an iterator over its lines, without their ends (newline or CRLF).
---Memory is bounded by the longest line, at most 16 MiB: EMSGSIZE. The file is closed at its
---end.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return (fun(): string?, string?, luv.code?)? nextline nil when it fails
---@return string? message
---@return luv.code? code
function fslib.lines(path, timeout) end

---Removes a file or a link. Source: uv_fs_unlink.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.unlink(path, timeout) end

---Removes an empty directory. Source: uv_fs_rmdir.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.rmdir(path, timeout) end

---Makes a directory. Source: uv_fs_mkdir.
---Suspends.
---@async
---@param path string
---@param perm? luv.perm less the umask; default "777"
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.mkdir(path, perm, timeout) end

---Renames, replacing what is there. Source: uv_fs_rename.
---Suspends.
---@async
---@param from string
---@param to string
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.rename(from, to, timeout) end

---Gives a file one more name. Source: uv_fs_link.
---Suspends.
---@async
---@param path string
---@param new string
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.link(path, new, timeout) end

---Makes a symbolic link at path. Source: uv_fs_symlink.
---Suspends.
---@async
---@param target string what the link says
---@param path string
---@param ignored? any what luv of 2012 took here
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.symlink(target, path, ignored, timeout) end

---What a link says. Source: uv_fs_readlink.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return string? target nil when it fails
---@return string? message
---@return luv.code? code
function fslib.readlink(path, timeout) end

---The absolute path without links. Source: uv_fs_realpath.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return string? path nil when it fails
---@return string? message
---@return luv.code? code
function fslib.realpath(path, timeout) end

---Sets the permissions. Source: uv_fs_chmod.
---Suspends.
---@async
---@param path string
---@param perm luv.perm
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.chmod(path, perm, timeout) end

---Sets the owner; -1 leaves one as it is. Source: uv_fs_chown.
---Suspends.
---@async
---@param path string
---@param uid integer
---@param gid integer
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.chown(path, uid, gid, timeout) end

---Sets the owner, of a link itself; -1 leaves one as it is. Source: uv_fs_lchown.
---Suspends.
---@async
---@param path string
---@param uid integer
---@param gid integer
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.lchown(path, uid, gid, timeout) end

---Sets the times. Source: uv_fs_utime.
---Suspends.
---@async
---@param path string
---@param atime number seconds since 1970, with fractions
---@param mtime number
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.utime(path, atime, mtime, timeout) end

---Sets the times, of a link itself. Source: uv_fs_lutime.
---Suspends.
---@async
---@param path string
---@param atime number seconds since 1970, with fractions
---@param mtime number
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.lutime(path, atime, mtime, timeout) end

---Attributes of what a path leads to. Source: uv_fs_stat.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return luv.stat? stat nil when it fails
---@return string? message
---@return luv.code? code
function fslib.stat(path, timeout) end

---Attributes of a path itself, be it a link. Source: uv_fs_lstat.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return luv.stat? stat nil when it fails
---@return string? message
---@return luv.code? code
function fslib.lstat(path, timeout) end

---Without flags and gen.
---@class luv.statx: luv.stat
---@field birthtime? number when it was made; nil where the file system does not keep that, as in birthtime_ns
---@field attributes table<string, boolean> those that the file system knows of compressed, immutable, append,
---     nodump, encrypted, automount, mount_root, verity, dax
---@field mount_id? integer of the mount that it is in, as in /proc/self/mountinfo; nil before Linux 5.8

---The attributes of a file as stat has them, and more; what the file system does not have is nil, where
---stat says 0.
---Raises: options that are no table.
---Suspends. Source: statx.
---@async
---@param path string
---@param options? {follow?: boolean} false: of a link itself; default true
---@param timeout? number seconds
---@return luv.statx? statx nil when it fails
---@return string? message
---@return luv.code? code
function fslib.statx(path, options, timeout) end

---The file system of a path: type, bsize, blocks, bfree, bavail, files, ffree. Source: uv_fs_statfs.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return table<string, integer>? fs nil when it fails
---@return string? message
---@return luv.code? code
function fslib.statfs(path, timeout) end

---Whether this process may do so. Source: uv_fs_access.
---Suspends.
---@async
---@param path string
---@param mode? string letters of "rwx", or "f": whether it is there, the default
---@param timeout? number seconds
---@return true? ok nil when it may not
---@return string? message
---@return luv.code? code
function fslib.access(path, mode, timeout) end

---Copies a file, with its permissions, up to where it ends by then: a file of /proc or /sys, whose
---size says nothing, is copied whole, and one that is cut or grows meanwhile as far as it goes. A
---device or a pipe as `to` is written to and keeps its permissions. What fails or is given up (it
---ends within 8 MiB) leaves no half copy under the name. Source: uv_fs_copyfile.
---Suspends.
---@async
---@param from string
---@param to string
---@param flags? {excl?: boolean, ficlone?: boolean, ficlone_force?: boolean} excl: `to` must not be there; ficlone: share the blocks if that can be done, ficlone_force: or fail
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.copyfile(from, to, flags, timeout) end

---Sends bytes of a file to another file, at its position, or to a stream, without a copy in this
---process (a file opened with "a" takes one). Other writers wait meanwhile, at a file's position as on
---a stream; EBUSY: one is writing to the stream. Given up, it ends within 1 MiB. After an error the
---fourth result is how many bytes went; between files the message ends in "from -> to".
---Source: uv_fs_sendfile.
---Suspends.
---@async
---@param out luv.file|luv.tcp
---@param file luv.file
---@param offset? integer of the file, 0 to 2^53; default 0
---@param length? integer bytes; default: to the end
---@param timeout? number seconds
---@return integer? n bytes sent; nil when it fails
---@return string? message
---@return luv.code? code
---@return integer? sent
function fslib.sendfile(out, file, offset, length, timeout) end

---Makes a directory of an unused name. Source: uv_fs_mkdtemp.
---Suspends.
---@async
---@param template string a path that ends in "XXXXXX"
---@param timeout? number seconds
---@return string? path nil when it fails
---@return string? message
---@return luv.code? code
function fslib.mkdtemp(template, timeout) end

---Makes and opens a file of an unused name. Source: uv_fs_mkstemp.
---Suspends.
---@async
---@param template string a path that ends in "XXXXXX"
---@param timeout? number seconds
---@return luv.file? file nil when it fails
---@return string path or the message
---@return luv.code? code
function fslib.mkstemp(template, timeout) end

---All entries of a directory at once, sorted by name; without "." and "..". Source: uv_fs_scandir.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return {name: string, type: luv.filetype}[]? list nil when it fails
---@return string? message
---@return luv.code? code
function fslib.scandir(path, timeout) end

---The names alone, as luv of 2012 has them.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return string[]? names nil when it fails
---@return string? message
---@return luv.code? code
function fslib.readdir(path, timeout) end

---Opens a directory as a stream of entries, in the order of the file system: a million
---entries take no more memory than a thousand.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return luv.dir? dir nil when it fails
---@return string? message
---@return luv.code? code
function fslib.opendir(path, timeout) end

---All of a file. In place, or in one hand-over to the pool.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return string? data nil when it fails
---@return string? message
---@return luv.code? code
function fslib.readfile(path, timeout) end

---Writes a file, replacing what is there. With atomic, readers see the old file or the new one,
---whatever happens: a temporary file of the same directory is written, synced and renamed; it
---has the mode and, if that is allowed, the owner of the old one; a link stays a link, and what it
---points to is replaced or made. EINVAL with atomic: a device, a pipe or a socket, which stays. After
---an error the fourth result is how many bytes were written: 0 with atomic.
---Suspends.
---@async
---@param path string
---@param data string|(string|number)[]
---@param options? {atomic?: boolean, perm?: luv.perm}
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
---@return integer? written
function fslib.writefile(path, data, options, timeout) end

---Makes a directory and its parents, as far as they are not there.
---Suspends.
---@async
---@param path string
---@param perm? luv.perm default "777"
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.mkdirp(path, perm, timeout) end

---Removes a file or a tree. What is not there is fine. A link is removed, never what it points
---to, also when somebody exchanges a directory for one meanwhile. "/" is refused: EPERM.
---A path that ends in "." or "..": EINVAL.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.rmrf(path, timeout) end

---Walks a tree: the iterator gives the path and type of everything below, a directory before
---what is in it, links not followed. A directory that cannot be opened comes with a message and
---a code behind its type. Batches are read ahead on a thread of the pool. In a fiber on stock Lua
---5.1 call the iterator yourself.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return (fun(): string?, luv.filetype|string, string?, luv.code?)? step nil when it fails
---@return string? message
---@return luv.code? code
function fslib.walk(path, timeout) end

---Watches a directory, or a file, by inotify: see luv.fs.event. With recursive, a directory and all
---below it, links not followed: names are paths below it ("a/b.txt"), a folder that comes is watched, and
---what is in it already is told as created; what is made while it is looked at may be told
---twice, nothing is missed. A folder that is moved goes on under its new name. Folders that may not be
---read are left out. When `path` itself is moved, folders that come later are not found: `overflow`. Each folder takes one of the user's watches (fs.inotify.max_user_watches); when
---there are no more for a new one, or the kernel's queue has run over, an event with `overflow` says
---that something may have been missed.
---Errors: ENOSPC, too many watches; EMFILE; ENOTDIR, recursive, of a file.
---Suspends.
---@async
---@param path string
---@param options? {recursive?: boolean} may be left out: the timeout is the second argument then
---@param timeout? number seconds
---@return luv.fs.event? watch nil when it fails
---@return string? message
---@return luv.code? code
function fslib.watch(path, options, timeout) end

---Asks for the attributes of a path every so often, for what inotify cannot see. Source: uv_fs_poll_start.
---The pool takes the first look as soon as it can: what changes before that is not told.
---Raises: ms is less than 1.
---@param path string
---@param ms number milliseconds
---@return luv.fs.poller? poll nil when it fails
---@return string? message
---@return luv.code? code
function fslib.poll(path, ms) end

---What is done: threads of the pool, operations running and queued there (of the whole process,
---as far as they are luv's), calls of this state answered in_place and handed over (pooled), and
---whether any are done in place (inline).
---@return {threads: integer, running: integer, queued: integer, in_place: integer, pooled: integer, inline: boolean} stats
function fslib.stats() end

---The working directory. ENOENT: it was removed. Source: uv_cwd.
---@return string? path nil when it fails
---@return string? message
---@return luv.code? code
function fslib.cwd() end

---Changes the working directory of the process.
---Suspends.
---@async
---@param path string
---@param timeout? number seconds
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function fslib.chdir(path, timeout) end

---The program that runs. Source: uv_exepath.
---@return string? path nil when it fails
---@return string? message
---@return luv.code? code
function fslib.exepath() end

---The directory for temporary files: TMPDIR, or /tmp. Source: uv_os_tmpdir.
---@return string? path nil when it fails
---@return string? message
---@return luv.code? code
function fslib.tmpdir() end

---The user's home directory. Source: uv_os_homedir.
---@return string? path nil when it fails
---@return string? message
---@return luv.code? code
function fslib.homedir() end

---An open file. Its position is luv's own: a read that is given up moves nothing. Reads and
---writes at the position are served in order. The collector closes a forgotten one.
---@class luv.file
local file = {}

---Reads at most len bytes: of a plain file as many as there are before its end, of a pipe what
---comes first. At the end: EOF. Source: uv_fs_read.
---Raises: len or offset out of range.
---Suspends.
---@async
---@param len? integer 0 to 2^53; default 65536
---@param offset? integer where to read; nil or -1: at the position, which moves
---@param timeout? number seconds
---@return integer? n bytes; nil when it fails
---@return string data or the message
---@return luv.code? code
function file:read(len, offset, timeout) end

---Writes all of it. When that fails half-way the fourth result is how many bytes were
---written, and the position is behind them. Source: uv_fs_write.
---Suspends.
---@async
---@param data string|(string|number)[] a table is written by one writev
---@param offset? integer where to write; nil or -1: at the position, or the end if it was opened with "a"
---@param timeout? number seconds
---@return integer? n bytes; nil when it fails
---@return string? message
---@return luv.code? code
---@return integer? written
function file:write(data, offset, timeout) end

---Moves the position. ESPIPE: a pipe has none. EINVAL: before the beginning.
---Suspends.
---@async
---@param whence? "set"|"cur"|"end" default "cur"
---@param offset? integer default 0
---@param timeout? number seconds
---@return integer? position nil when it fails
---@return string? message
---@return luv.code? code
function file:seek(whence, offset, timeout) end

---Source: uv_fs_fstat.
---Suspends.
---@async
---@param timeout? number seconds
---@return luv.stat? stat nil when it fails
---@return string? message
---@return luv.code? code
function file:stat(timeout) end

---Waits until all is on the disk. Source: uv_fs_fsync.
---Suspends.
---@async
---@param timeout? number seconds
---@return luv.file? self nil when it fails
---@return string? message
---@return luv.code? code
function file:sync(timeout) end

---The same, without attributes that are not needed to read it. Source: uv_fs_fdatasync.
---Suspends.
---@async
---@param timeout? number seconds
---@return luv.file? self nil when it fails
---@return string? message
---@return luv.code? code
function file:datasync(timeout) end

---Cuts or extends it. Source: uv_fs_ftruncate.
---Suspends.
---@async
---@param len integer 0 to 2^53
---@param timeout? number seconds
---@return luv.file? self nil when it fails
---@return string? message
---@return luv.code? code
function file:truncate(len, timeout) end

---Source: uv_fs_futime.
---Suspends.
---@async
---@param atime number seconds
---@param mtime number
---@param timeout? number seconds
---@return luv.file? self nil when it fails
---@return string? message
---@return luv.code? code
function file:utime(atime, mtime, timeout) end

---Source: uv_fs_fchmod.
---Suspends.
---@async
---@param perm luv.perm
---@param timeout? number seconds
---@return luv.file? self nil when it fails
---@return string? message
---@return luv.code? code
function file:chmod(perm, timeout) end

---Source: uv_fs_fchown.
---Suspends.
---@async
---@param uid integer
---@param gid integer
---@param timeout? number seconds
---@return luv.file? self nil when it fails
---@return string? message
---@return luv.code? code
function file:chown(uid, gid, timeout) end

---An iterator over the lines from the position on, as luv.fs.lines has; the file stays open,
---and a read goes on behind the last line.
---@return fun(): string?, string?, luv.code? nextline
function file:lines() end

---The descriptor, whose own position is set to the file's.
---@return integer? fd nil when it is closed
---@return string? message
---@return luv.code? code
function file:fileno() end

---The path as it was opened.
---@return string? path nil when it is closed
---@return string? message
---@return luv.code? code
function file:path() end

---Locks the file, or a range of it, against others who lock it: "shared" lets others have it
---"shared", "exclusive" nobody; nil lets go. A lock belongs to the open file (an open file description
---lock): whoever opens it again meets it, in this process or another, and what reads and writes
---without a lock does not. A second lock of the same bytes takes the place of the first. It ends when
---the file is closed, or with the process; a child that is given the file has the lock, too. Who
---waits asks again, every 25 ms in the end. Who gives up, by timeout or cancel or as a loser in luv.select, has no
---lock; only where the file is another machine's may that cost the lock that was to be changed. EBADF: "shared" needs a file open for reading,
---"exclusive" one open for writing. Source: fcntl, F_OFD_SETLK.
---Raises: a kind that is none; an offset or length that is no whole number of 0 to 2^53.
---Suspends.
---@async
---@param kind "shared"|"exclusive"|nil
---@param range? {offset?: integer, length?: integer} bytes; default 0, and to the end, however far that moves; without it the timeout is the second argument
---@param timeout? number seconds; 0: only if it is free
---@return luv.file? self nil when it fails
---@return string? message
---@return luv.code? code
function file:lock(kind, range, timeout) end

---Closes it: for scripts at once, whoever reads gets ECANCELED; the descriptor goes when the pool
---is done with it, which this waits for. Closing what is closed does nothing. Source: uv_fs_close.
---Suspends.
---@async
---@param timeout? number seconds
---@return luv.file? self nil when it fails
---@return string? message
---@return luv.code? code
function file:close(timeout) end

---Whether close has been called.
---@return boolean yes
function file:closed() end

---@class luv.dir: luv.object
local dir = {}

---The next entry. At the end: EOF.
---Suspends.
---@async
---@param timeout? number seconds
---@return string? name nil when it fails
---@return luv.filetype|string type or the message
---@return luv.code? code
function dir:next(timeout) end

---@class luv.change
---@field rename boolean something came, went or moved
---@field change boolean content or attributes
---@field created boolean and deleted, moved: more exactly; a move is one of each, with the same cookie
---@field directory boolean it is one
---@field overflow boolean more changes than the queue takes (16384, or the kernel's): some are lost, the name is ""
---@field cookie integer

---@class luv.fs.event: luv.object
local watch = {}

---The next change, from the queue or when it comes. EOF: what was watched is gone.
---Suspends.
---@async
---@param timeout? number seconds
---@return string? name in the directory, or of the file; nil when it fails
---@return luv.change|string what or the message
---@return luv.code? code
function watch:next(timeout) end

---@class luv.fs.poller: luv.object
local poller = {}

---Waits for a change; several that nobody took are one. ENOENT and so on: the file cannot be
---looked at any more; a later call waits until that changes.
---Suspends.
---@async
---@param timeout? number seconds
---@return luv.stat? before nil when it fails
---@return luv.stat|string now or the message
---@return luv.code? code
function poller:next(timeout) end

return fslib
