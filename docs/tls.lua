---@meta _

-- luv.tls - streams of TLS: HTTPS, mail, databases, and servers of one's own. Go's crypto/tls does
-- it; no OpenSSL is there.
--
--     local c = assert(luv.tls.connect("example.com", 443))
--     c:write("GET / HTTP/1.0\r\nHost: example.com\r\n\r\n")
--     for line in c:lines() do print(line) end
--
--     local server = assert(luv.tls.listen("*", 8443, {cert = "server.pem", key = "server.key"}))
--     while true do luv.spawn(serve, assert(server:accept())) end
--
-- A stream of TLS is a stream: all that docs/stream.lua says of reading, writing, timeouts, cancelling
-- and closing holds. A plain stream that has talked enough becomes one by stream:starttls.
--
-- What is safe by default, and why
--
-- * The server is verified: its certificate leads to an authority that the system trusts (or `ca`),
--   is valid today, is meant for servers, and is for the name that was asked for. Only the word
--   `verify = false` turns that off; a name of an option that is misspelt raises. A client that has no
--   name to verify raises, too, rather than take any certificate that somebody could buy.
-- * TLS 1.2 and 1.3 are spoken, with the cipher suites that Go considers safe; all have forward secrecy
--   but in 1.2 with an old peer. 1.0 and 1.1 have to be asked for. Renegotiation and compression are
--   not there.
-- * The end of a stream is EOF only if the peer has said so (close_notify). Whoever can cut the
--   connection could else cut a file, or the end of an HTTP/1.0 answer, and nobody would notice. Such
--   an end is ETRUNCATED, for every way of reading, as often as one reads. What was read before it is
--   real. Some old peers never say so: who knows that from the protocol where the end is, as from
--   Content-Length, need not care.
-- * `check` comes after all that, never in its place.
-- * Session tickets are sealed with a key that is made when it is first needed and leaves the process
--   never. A server takes one only if it would have let that client in: who asks for client
--   certificates, or trusts other authorities, gives out and takes tickets of its own. All threads
--   of a process with the same options take each other's.
-- * `keylog` writes what decrypts everything: for debugging.
--
-- Errors
--
-- ECERT says what is wrong with whose certificate, the peer's or, in a config, one's own. ETLS is the
-- protocol: with the alert that the peer has sent, or what was wrong with what it sent. ETRUNCATED is
-- an end without close_notify. What else happens to the connection below (ECONNRESET, EPIPE) keeps its
-- name. An error in reading stays: the stream is of no use any more but to be closed.
--
-- Limits
--
-- At most one piece of 64 KiB is sealed and waits for the kernel; the rest of a write waits where it
-- is. Up to 256 KiB are read ahead. Handshakes compute on other threads than the loop's, all CPUs but
-- one at a time. A handshake has no timeout of its own: give it one.

---@class luv
---@field tls luv.tlslib

---@class luv.tlslib
local tlslib = {}

---@class luv.tls: luv.stream
local tls = {}

---@class luv.tls.listener: luv.object
local listener = {}

---@class luv.tls.config: luv.object
local config = {}

---@class luv.tlsoptions
---@field server? boolean of starttls: this end is the server; it needs `cert`
---@field server_name? string of a client: the name or address that the server's certificate must be
---     for, and that the server is told (SNI, names only). luv.tls.connect takes the host
---@field verify? boolean|"chain" of a client, true unless it is the word false: the server is verified;
---     "chain": all of it but for the name, which is then the caller's to look at
---@field ca? string|string[] the authorities: PEM, the path of a file or of a folder of files, or a
---     list of these; "system" stands for the system's, which are also what nil means. For a server:
---     who signs the clients' certificates. An empty list trusts nobody
---@field cert? string|string[] one's own certificate, with those that lead to the authority behind it:
---     PEM, or a path. Or a list: a server chooses by the name that the client asks for, the first is
---     the default
---@field key? string|string[] its private key, or a list as long as that: PEM, or a path
---@field password? string of keys that are encrypted (PKCS #8 with PBES2, and the older way of OpenSSL)
---@field alpn? string|string[] protocols, the preferred one first. If both sides have some, one must be
---     the same
---@field min_version? "1.0"|"1.1"|"1.2"|"1.3" nil: "1.2"
---@field max_version? "1.0"|"1.1"|"1.2"|"1.3" nil: the newest
---@field client_auth? "none"|"request"|"require"|"optional"|"verify" of a server, "none" if nil: no
---     certificate is asked for; one is, and nothing made of it; one must be there; if one is there an
---     authority of `ca` must have signed it; one must be there that an authority of `ca` has signed.
---     With "request" and "require" look at info().peer, or use check
---@field session_cache? boolean|integer sessions that a client remembers, to take up again with less
---     work: true and nil are 64. It belongs to the config. false or 0: none; and a server gives out no
---     tickets
---@field keylog? string a file to which the secrets of each connection are appended, for Wireshark (SSLKEYLOGFILE)
---@field check? fun(chain: luv.certificate[], info: luv.tlsinfo): boolean?, string? is asked when the
---     verification has gone well, in a fiber of its own, and may wait; the chain is what the peer has
---     sent. nil or false refuses: ECERT, with the reason
---@field choose? fun(hello: luv.tlshello): luv.tls.config?, string? of a server: is asked when a client has
---     said what it wants, in a fiber of its own, and may wait; the connection is served by the config
---     that it returns. nil: by this one; nil and a reason: the handshake fails with it
---@field handshake? boolean of starttls: false has it return at once; the handshake has begun, and goes
---     on by itself, whoever waits for it in tls:handshake. true if nil

---@class luv.tlshello
---@field server_name? string
---@field alpn string[] the protocols that the client speaks, the preferred one first

---@class luv.certificate
---@field subject string such as "CN=example.com,O=Example"
---@field issuer string
---@field names string[] DNS names and addresses
---@field not_before number seconds since 1970
---@field not_after number
---@field sha256 string of the certificate (DER), in lower-case hex
---@field pem string

---What is in a certificate, in full.
---@class luv.certificatedetails: luv.certificate
---@field serial string in upper-case hex
---@field signature string the algorithm, such as "ECDSA-SHA256"
---@field key_type string "RSA", "EC", "ED25519"
---@field key_bits integer
---@field public_key string PEM
---@field sha1 string of the certificate (DER), in lower-case hex
---@field sha512 string
---@field subject_fields {oid: string, value: string}[] the parts of the name, in order
---@field issuer_fields {oid: string, value: string}[]
---@field dns_names string[]
---@field addresses string[]
---@field emails string[]
---@field uris string[]

---@class luv.tlsinfo
---@field version "1.0"|"1.1"|"1.2"|"1.3"
---@field cipher string IANA's name, such as "TLS_AES_128_GCM_SHA256"
---@field alpn? string the protocol that was agreed on
---@field server_name? string what the client has asked for
---@field resumed boolean an earlier session was taken up again
---@field peer? luv.certificate the peer's own; nil if it has sent none

---Connects to a server and carries out the handshake: the addresses of a name are tried as by
---tcp:connect. TCP_NODELAY is set.
---Errors: those of tcp:connect; ECERT; ETLS; ETRUNCATED, the server has closed the connection; what
---reading a file gives.
---Raises: host is no string; a port out of range; impossible options; timeout.
---Suspends.
---@async
---@param host string a name, or an IPv4 or IPv6 address: what the certificate must be for, unless
---     options has server_name
---@param port integer|string
---@param options? luv.tlsoptions|luv.tls.config
---@param timeout? number seconds, for all of it
---@return luv.tls? stream nil when it fails
---@return string? message
---@return luv.code? code
function tlslib.connect(host, port, options, timeout) end

---Listens. What it accepts are streams of TLS. A host that is a name stands for its first address.
---Errors: EADDRINUSE, EACCES, EADDRNOTAVAIL; EAI_NONAME and EAI_AGAIN for a name; ECERT, of the
---certificates; what reading a file gives.
---Raises: host is no string; a port or backlog out of range; impossible options, no cert among them.
---Suspends.
---@async
---@param host string an IPv4 or IPv6 address, a name, "*" or ""
---@param port integer|string 0: the system chooses one
---@param options luv.tlsoptions|luv.tls.config
---@param backlog? integer 0 to 65535, 511 if nil
---@return luv.tls.listener? listener nil when it fails
---@return string? message
---@return luv.code? code
function tlslib.listen(host, port, options, backlog) end

---Reads options and the files that they name, once, for many connections: clients of one config
---remember each other's sessions. A config may stand wherever options may, of several listeners and
---clients at once; it lives as long as one of them. Threads make their own.
---Errors: ECERT, of the certificates: one that does not fit its key, a file that has none; what reading a file gives.
---Raises: impossible options: an unknown one, one of the wrong type, versions the wrong way round, a
---key too few.
---@param options luv.tlsoptions
---@return luv.tls.config? config nil when it fails
---@return string? message
---@return luv.code? code
function tlslib.config(options) end

---Makes a certificate, and its private key (ECDSA P-256), for tests and first tries: signed by itself,
---so that it can stand in `ca`, too.
---Raises: no name; a field that is unknown, or no number of seconds.
---@param names {[integer]: string, not_before: number?, not_after: number?} names and addresses; seconds
---     since 1970, an hour ago and a year from now if nil
---@return string cert PEM
---@return string key PEM
function tlslib.selfsigned(names) end

---Reads a certificate.
---Errors: ECERT, it is none; what reading a file gives.
---@param pem string PEM, or a path; the first of several
---@return luv.certificatedetails? certificate nil when it fails
---@return string? message
---@return luv.code? code
function tlslib.certificate(pem) end

---Whether a certificate leads to an authority, is valid today, and meant for its use.
---Errors: ECERT, with what is wrong; what reading a file gives.
---Raises: an option that is unknown or of the wrong type.
---@param chain string PEM, or a path: the certificate, and those between it and the authority
---@param options? {ca: string|string[]|nil, name: string?, use: "server"|"client"|"any"|nil} ca as in
---     luv.tlsoptions; the name or address that it must be for, none if nil; use is "server" if nil
---@return true? ok nil when it fails
---@return string? message
---@return luv.code? code
function tlslib.verify(chain, options) end

---Carries out the handshake of a stream that a listener has accepted, which its first read or write
---does as well. Any number of fibers may wait for it. After a timeout it goes on.
---Errors: ECERT, ETLS, ETRUNCATED, ECONNRESET; EBADF, closed.
---Raises: timeout.
---Suspends.
---@async
---@param timeout? number seconds
---@return luv.tls? self nil when it fails
---@return string? message
---@return luv.code? code
function tls:handshake(timeout) end

---What was agreed on in the handshake, and with whom.
---Errors: ENOTCONN, it has not ended; what it has failed with; EBADF, closed.
---@return luv.tlsinfo? info nil when it fails
---@return string? message
---@return luv.code? code
function tls:info() end

---The certificates that the peer has sent, its own first.
---Errors: as those of info.
---@return luv.certificate[]? chain nil when it fails; empty if it has sent none
---@return string? message
---@return luv.code? code
function tls:chain() end

---Bytes that only the two ends of the connection can know (RFC 5705, RFC 8446 7.5), for protocols that
---bind something to it.
---Errors: as those of info; ETLS, the label is reserved, or the connection of an old kind.
---Raises: a length out of range.
---@param label string such as "EXPORTER-Channel-Binding"
---@param length integer 1 to 65,536
---@param context? string
---@return string? bytes nil when it fails
---@return string? message
---@return luv.code? code
function tls:export(label, length, context) end

---The own address of the socket below.
---Errors: EBADF, closed; EAFNOSUPPORT, it is not of TCP.
---@return luv.address? address nil when it fails
---@return string? message
---@return luv.code? code
function tls:getsockname() end

---The peer's address.
---Errors: EBADF, closed; EAFNOSUPPORT, the socket below is not of TCP.
---@return luv.address? address nil when it fails
---@return string? message
---@return luv.code? code
function tls:getpeername() end

---The descriptor of the stream below, for looking at: its bytes are records.
---@return integer? fd nil when it fails
---@return string? message
---@return luv.code? code
function tls:fileno() end

---Reads or sets the size of the kernel's send buffer of the socket below, as tcp:send_buffer_size.
---@param size? integer bytes
---@return integer|luv.tls|nil size or self; nil when it fails
---@return string? message
---@return luv.code? code
function tls:send_buffer_size(size) end

---Reads or sets the size of the kernel's receive buffer, as tcp:recv_buffer_size.
---@param size? integer bytes
---@return integer|luv.tls|nil size or self; nil when it fails
---@return string? message
---@return luv.code? code
function tls:recv_buffer_size(size) end

---Sets an option of the socket below, as tcp:setoption.
---Raises: a name that is unknown; a value of the wrong type.
---@param name string
---@param value? integer|boolean|string true if nil
---@return luv.tls? self nil when it fails
---@return string? message
---@return luv.code? code
function tls:setoption(name, value) end

---Reads an option of the socket below, as tcp:getoption.
---Raises: a name that is unknown.
---@param name string
---@return integer|boolean|string|nil value nil when it fails
---@return string? message
---@return luv.code? code
function tls:getoption(name) end

---Takes a connection. Its handshake has not begun: that is the first thing that its use does, so a
---client that is slow, or lies, holds up nobody but its own fiber.
---Errors: EBADF, ECANCELED, closed; EMFILE, ENFILE.
---Raises: timeout.
---Suspends.
---@async
---@param timeout? number seconds
---@return luv.tls? stream nil when it fails
---@return string? message
---@return luv.code? code
function listener:accept(timeout) end

---The listener's own address.
---@return luv.address? address nil when it fails
---@return string? message
---@return luv.code? code
function listener:getsockname() end

---The listener's descriptor.
---@return integer? fd nil when it fails
---@return string? message
---@return luv.code? code
function listener:fileno() end

---As tls:send_buffer_size.
---@param size? integer bytes
---@return integer|luv.tls.listener|nil size or self; nil when it fails
---@return string? message
---@return luv.code? code
function listener:send_buffer_size(size) end

---As tls:recv_buffer_size.
---@param size? integer bytes
---@return integer|luv.tls.listener|nil size or self; nil when it fails
---@return string? message
---@return luv.code? code
function listener:recv_buffer_size(size) end

---As tcp:setoption.
---@param name string
---@param value? integer|boolean|string true if nil
---@return luv.tls.listener? self nil when it fails
---@return string? message
---@return luv.code? code
function listener:setoption(name, value) end

---As tcp:getoption.
---@param name string
---@return integer|boolean|string|nil value nil when it fails
---@return string? message
---@return luv.code? code
function listener:getoption(name) end

---The same config for clients of another server: it must prove to be that one, and is told the name.
---Certificates, authorities and sessions are shared.
---Errors: EBADF, closed.
---Raises: no name.
---@param server_name string
---@return luv.tls.config? config nil when it fails
---@return string? message
---@return luv.code? code
function config:named(server_name) end

---Reads certificates, keys and authorities anew, for connections to come; those that are there keep
---theirs. Nothing changes unless all of it can be read, and each key fits its certificate.
---Errors: ECERT; what reading a file gives; EBADF, closed.
---@return luv.tls.config? self nil when it fails: what was there before stays
---@return string? message
---@return luv.code? code
function config:reload() end

return tlslib
