---@meta _

-- What every stream can do: luv.tcp, luv.pipe, luv.tty, luv.stdio.
--
-- Reading is buffered. Once a fiber has read, luv goes on reading ahead of it until 256 KiB lie
-- unread, then leaves the rest to the kernel and so to the peer: memory is bounded. Readers are
-- served in the order in which they came, each byte goes to one of them; writers too.
-- One fiber may read and another write at the same time.
--
-- The end of a stream is nil, "EOF: end of file", "EOF", as often as one reads. What ended it
-- otherwise, as ECONNRESET, stays its end in the same way, after the bytes that came before.
-- A call that failed, for whatever reason, has taken no bytes.

---@class luv.stream: luv.object
local stream = {}

---Reads what there is, at least a byte: without max at most 64 KiB when it comes from
---the kernel, or else all that has been read ahead.
---Errors: EOF, ENOTCONN, ECONNRESET.
---Raises: a max that is no number, or below 1; timeout.
---Suspends.
---@async
---@param max? number bytes, at least 1; a fraction is cut off
---@param timeout? number seconds
---@return integer? n bytes read; nil when it fails
---@return string data the bytes; or the message
---@return luv.code? code
function stream:read(max, timeout) end

---Reads exactly n bytes. If the stream ends before, EOF, and what there was stays for the next
---read. 0 gives "" at once, at the end of the stream too.
---Errors: EOF, ENOTCONN, ECONNRESET.
---Raises: n is no number, or negative; timeout.
---Suspends.
---@async
---@param n number bytes, 0 to 2^53; a fraction is cut off
---@param timeout? number seconds
---@return string? data nil when it fails
---@return string? message
---@return luv.code? code
function stream:read_exactly(n, timeout) end

---Reads a line, without its "\n" or "\r\n". What stands after the last newline when the
---stream ends is a line, too.
---Errors: EOF, ENOTCONN, ECONNRESET; EMSGSIZE, the line is longer than max, its "\r" counted: it
---stays unread, and may be read with a higher max.
---Raises: a max that is no number, or below 1; timeout.
---Suspends.
---@async
---@param max? number bytes without the newline; nil: 16 MiB
---@param timeout? number seconds
---@return string? line nil when it fails
---@return boolean|string whole the newline was there; the message of an error
---@return luv.code? code
function stream:read_line(max, timeout) end

---Reads up to the delimiter, which is left out. What stands after the last one when the
---stream ends is a record, too.
---Errors: EOF, ENOTCONN, ECONNRESET; EMSGSIZE, the record is longer than max: it stays unread.
---Raises: the delimiter is no string, or empty; a max that is no number, or below 1; timeout.
---Suspends.
---@async
---@param delimiter string any bytes, not a pattern
---@param max? number bytes without the delimiter; nil: 16 MiB
---@param timeout? number seconds
---@return string? record nil when it fails
---@return boolean|string whole the delimiter was there; the message of an error
---@return luv.code? code
function stream:read_until(delimiter, max, timeout) end

---Reads to the end of the stream: "" when there is nothing more, as often as asked. A stream
---that another error ended gives that error.
---Errors: ENOTCONN, ECONNRESET; EMSGSIZE, there are more than max bytes: they stay unread.
---Raises: a max that is no number, or below 1; timeout.
---Suspends.
---@async
---@param max? number bytes; nil: no limit
---@param timeout? number seconds
---@return string? data nil when it fails
---@return string? message
---@return luv.code? code
function stream:read_all(max, timeout) end

---Returns a function that reads the next line at each call, as read_line() does: the iterator
---of a for loop, or called by hand. At the end, or an error, it returns nil, message, code.
---It suspends; so in a fiber of stock Lua 5.1 call it by hand.
---@return fun(): string?, string?, luv.code? nextline
function stream:lines() end

---Puts bytes back: the next read gets them first. A reader that waits is served at once. They
---can be read after the end of the stream, too.
---Raises: data is no string.
---@param data string
---@return luv.stream? self nil when it fails
---@return string? message
---@return luv.code? code
function stream:unread(data) end

---Writes all of data: what the kernel takes at once needs no wait, for the rest it
---waits. A table is written in one piece, raw (no metamethods), from 1 to #data.
---
---After a timeout or a cancellation: if a part had gone out already the rest is still sent,
---in the background and before what is written later, so the stream stays whole; a
---writer that still stood behind others has sent nothing. close() drops what is not sent. The
---fourth result of a timeout is how many bytes had gone by then.
---With a timeout of 0 only what the kernel takes at once is sure to go.
---
---With {handle = object} in the second place the object's descriptor goes along with the first
---byte, through a pipe made with ipc: see docs/pipe.lua. A timeout follows it.
---Errors: ENOTCONN; EPIPE, after shutdown() or the peer has closed; ECONNRESET; with a handle
---EINVAL, not a pipe made with ipc; EBADF, the object is closed or has no descriptor.
---Raises: data is neither string, number nor table, or the table holds something else than
---strings and numbers; a handle that is no object of luv's, or no byte to go with it; timeout.
---Suspends.
---@async
---@param data string|number|(string|number)[]
---@param timeout? number seconds
---@return integer? n all of its bytes, 0 for none; nil when it fails
---@return string? message
---@return luv.code? code
---@return integer? gone bytes that had gone, with ETIMEDOUT
---@overload fun(self: luv.stream, data: string|number|(string|number)[], options: {handle: luv.object}, timeout?: number): integer?, string?, luv.code?
function stream:write(data, timeout) end

---Waits until some of data can go, and gives the kernel what it takes: one byte at least, unless
---there are none. Nothing is kept for later, so that after a timeout nothing has gone. Behind
---a write that waits it waits its turn. To a file or a device among the standard streams it is write.
---Errors: ENOTCONN; EPIPE, after shutdown() or the peer has closed; ECONNRESET.
---Raises: data is no string; i or j is no number; timeout.
---Suspends.
---@async
---@param data string|number
---@param i? integer the first byte, as in string.sub; nil: 1
---@param j? integer the last; nil: -1
---@param timeout? number seconds
---@return integer? n bytes that have gone, 0 for an empty range; nil when it fails
---@return string? message
---@return luv.code? code
function stream:write_some(data, i, j, timeout) end

---Waits until a read ("r"), a write ("w") or one of the two ("rw") would not have to wait, and takes
---nothing. Bytes that luv has read ahead and connections that lie there count, and so do the end and an
---error of the stream, which the read or write then tells. While another fiber waits to write nobody else
---can. A socket that is being connected is ready for "w" when that has ended, however.
---Errors: EBADF, no descriptor yet.
---Raises: another word; timeout.
---Suspends.
---@async
---@param what "r"|"w"|"rw"
---@param timeout? number seconds
---@return "r"|"w"|"rw"|nil ready for which of these; nil when it fails
---@return string? message
---@return luv.code? code
function stream:wait(what, timeout) end

---Ends the life of the object, not that of what it stands for: the descriptor is the caller's, and
---closed by nobody else. It has the number that fileno() told (of a listener, TLS and the standard streams a new one), is
---close-on-exec, and does not block. Fibers that wait get
---ECANCELED. The file of a unix socket stays.
---Errors: EBUSY, something is being written, the socket is being connected, or connections lie there
---that nobody has accepted; EMFILE; EBADF, no descriptor yet. The object then stays as it was.
---@return integer? fd nil when it fails
---@return string data bytes that were read and that nobody has taken; the message of an error
---@return luv.code? code
function stream:detach() end

---Ends the writing side ("w", or nil): it waits for the writes before it, the peer then reads EOF, and
---later writes give EPIPE. Or the reading side ("r"): reads give what has come, then EOF. Or both ("rw").
---A number in the first place is the timeout.
---Errors: ENOTCONN, not connected or shut down already; ENOTSOCK, a terminal, a file, or a pipe
---that is read as well, which end when they are closed.
---Raises: another word; timeout. After one the shutdown still happens, if it had its turn.
---Suspends.
---@async
---@param side? "r"|"w"|"rw"
---@param timeout? number seconds
---@return luv.stream? self nil when it fails
---@return string? message
---@return luv.code? code
---@overload fun(self: luv.stream, timeout: number): luv.stream?, string?, luv.code?
function stream:shutdown(side, timeout) end

---Whether a read would not wait: there are bytes, or the end, or an error. Looks at the kernel,
---too. false for a closed stream.
---@return boolean yes
function stream:readable() end

---Whether a write of some bytes would not wait. false before it is connected, after
---shutdown, while another fiber waits to write, and for a closed stream.
---@return boolean yes
function stream:writable() end

---Reads ahead from now on, before any fiber reads, up to the 256 KiB said above.
---@return luv.stream? self nil when it fails
---@return string? message
---@return luv.code? code
function stream:start() end

---Reads no further until the next read asks for it. What has been read ahead stays.
---@return luv.stream? self nil when it fails
---@return string? message
---@return luv.code? code
function stream:stop() end

---Bytes that have been read ahead, or put back, and that nobody has taken. What the kernel has is not counted.
---@return integer? bytes nil when it fails
---@return string? message
---@return luv.code? code
function stream:read_queue_size() end

---Bytes of the writer whose turn it is that the kernel has not taken. Those of the writers
---behind it are not counted. Source: uv_stream_get_write_queue_size.
---@return integer? bytes nil when it fails
---@return string? message
---@return luv.code? code
function stream:write_queue_size() end

---Takes a connection of a listening socket: into the object given, which is returned, as the
---seed's scripts do, or as a new object. Fibers that wait are served in order. Up to 64
---connections are taken from the kernel before anybody asks; then its backlog fills. While
---the process has no descriptor left (EMFILE), libuv closes the connections that come; accept
---goes on waiting, and gets the first that comes when there are descriptors again.
---
---Of a pipe made with ipc that is connected it takes the next handle that was sent (docs/pipe.lua);
---`into` is used if the handle is of its class. Meanwhile bytes are read ahead; when the
---stream ends it gives EOF, or what ended it.
---Errors: EISCONN, `into` has a descriptor already; EBADF, `into` is closed.
---Raises: the socket does not listen ("did bind or listen fail?"), and brings no handles; `into`
---is of another class; timeout.
---Suspends.
---@async
---@param into? luv.stream a fresh one, of the same class
---@param timeout? number seconds
---@return luv.stream? client nil when it fails
---@return string? message
---@return luv.code? code
function stream:accept(into, timeout) end

---Goes on as TLS: behind plain bytes (SMTP, IMAP, PostgreSQL), or over what is no TCP. This object is
---closed, the new one has the connection; what was read ahead, or put back, are the peer's first
---bytes. After a failure or timeout the connection is closed, too. See docs/tls.lua.
---
---A client, unless options has `server`. It needs server_name, or verify = false.
---Errors: ECERT; ETLS; ETRUNCATED; EBUSY, somebody reads, writes or waits; ENOTCONN, EPIPE; what reading a file gives.
---Raises: impossible options, a client that has no name to verify among them; timeout.
---Suspends.
---@async
---@param options? luv.tlsoptions|luv.tls.config
---@param timeout? number seconds
---@return luv.tls? stream nil when it fails
---@return string? message
---@return luv.code? code
function stream:starttls(options, timeout) end
