---@meta _

-- luv.ssl - LuaSec's interface over luv.tls, for code that knows LuaSec: https.request, database and
-- message queue clients with TLS, servers. Such code runs in fibers with not a line changed:
--
--     local luv = require("luv").install{socket = true, ssl = true}
--     local https = require("ssl.https")                -- the installed one
--     for _, url in ipairs(urls) do luv.spawn(function() print(https.request(url)) end) end
--
-- What blocks in LuaSec waits here, and other fibers run meanwhile. Results and error strings are those of
-- LuaSec 1.3 with OpenSSL 3 ("wantread", "closed", "certificate verify failed", "unexpected eof while
-- reading"), which a test compares. New code has no reason to use it: luv.tls is plainer, and safe by default.
--
-- What is different, since Go's crypto/tls is below and no OpenSSL
--
-- * Cipher suites and curves are those that Go considers safe. `ciphers`, `ciphersuites`, `curve` and
--   `curveslist` are read, and refused if they name nothing that there is; else they change nothing.
-- * protocol = "any" is TLS 1.2 and 1.3. "tlsv1" and "tlsv1_1" are there for who asks for them by name.
-- * `depth` and `dhparam` change nothing. There is no PSK and no DANE (ssl.config.capabilities says so),
--   no compression and no renegotiation.
-- * The text in brackets behind "error loading certificate" says what is wrong; OpenSSL's says often
--   something else.
-- * Contexts of luaossl are not taken.
-- * conn:getfinished() has nothing to give. What binds to a channel can use exportkeyingmaterial.
-- * A server sends the certificates of its file; OpenSSL adds to them from `cafile`.
-- * A client's context remembers sessions, and takes them up again; unless the option no_ticket is there.
--
-- What is the same, and worth knowing
--
-- * verify = "none" is LuaSec's default, ssl.https's, too: anybody can be the server. With verify = "peer"
--   and a cafile the certificate has to lead to one of these authorities; but *its name is not looked at*:
--   compare conn:getpeercertificate():extensions() with the name, or use luv.tls, which does.
-- * Without cafile and capath no authority is trusted, the system's neither.

---@class luv.ssllib
---@field _VERSION string of the LuaSec whose interface it is
---@field _COPYRIGHT string
---@field config table what is supported: protocols, options, algorithms, capabilities, curves
local ssllib = {}

---A connection: userdata.
---@class luv.ssl.connection
local connection = {}

---@class luv.ssl.context
local context = {}

---@class luv.ssl.certificate
local certificate = {}

---@class luv.sslsettings
---@field mode "client"|"server"
---@field protocol "any"|"tlsv1"|"tlsv1_1"|"tlsv1_2"|"tlsv1_3"
---@field key? string a path; of PEM
---@field certificate? string a path; with those that lead to the authority behind it
---@field certificates? {key: string, certificate: string, password: any}[] several
---@field password? string|fun(): string of the key
---@field cafile? string
---@field capath? string a folder of certificates
---@field verify? string|string[] "none", "peer", "client_once", "fail_if_no_peer_cert"
---@field verifyext? string|string[] "lsec_continue": what is wrong is told by getpeerverification, and the
---     handshake goes on; "lsec_ignore_purpose"
---@field options? string|string[] as in ssl.config.options. Those with an effect: no_tlsv1, no_tlsv1_1,
---     no_tlsv1_2, no_tlsv1_3, no_ticket, ignore_unexpected_eof
---@field alpn? string|string[]|fun(offered: string[]): string|string[] protocols; the function is a server's
---@field ciphers? string

---Makes a context, to be used by many connections. The files are read now.
---Errors: "invalid protocol (x)", "error loading private key (x)" and their like.
---Raises: a setting of the wrong type.
---@param settings luv.sslsettings
---@return luv.ssl.context? context nil when it fails
---@return string? message
function ssllib.newcontext(settings) end

---Makes a connection of TLS of a connected socket, which is closed to the script from then on. The
---handshake is still to be made.
---Errors: as newcontext; "invalid mode".
---Raises: neither settings nor a context.
---@param socket any of luv.socket, of LuaSocket, or anything with getfd and setfd
---@param settings luv.sslsettings|luv.ssl.context
---@return luv.ssl.connection? connection nil when it fails
---@return string? message
function ssllib.wrap(socket, settings) end

---Reads a certificate.
---Raises: pem is no string.
---@param pem string
---@return luv.ssl.certificate? certificate nil when it is none
function ssllib.loadcertificate(pem) end

-- ---- connections ---------------------------------------------------------------------------------

---Carries out the handshake. After "wantread" it goes on by itself, and can be asked for again.
---Errors: false and "wantread" after the timeout; "certificate verify failed", "wrong version number",
---"closed", and other words of OpenSSL's.
---Suspends.
---@async
---@return boolean ok
---@return string? message
function connection:dohandshake() end

---Before the handshake: of a client, the name that the server is told. Of a server, contexts by the name
---that the client says.
---Raises: another type.
---@param name string|table<string, luv.ssl.context>
---@param strict? boolean a name that is not in the table ends the handshake
---@return nil
function connection:sni(name, strict) end

---The name of that: its own of a client, the client's of a server.
---@return string? name
function connection:getsniname() end

---The protocol that was agreed on.
---@return string? protocol
function connection:getalpn() end

---As receive of a socket, but "wantread" instead of "timeout".
---Suspends.
---@async
---@param pattern? "*l"|"*a"|integer
---@param prefix? string
---@return string? data nil when it fails
---@return string? message
---@return string? partial
function connection:receive(pattern, prefix) end

---As send of a socket, but "wantwrite" instead of "timeout".
---Suspends.
---@async
---@param data string
---@param i? integer
---@param j? integer
---@return integer? last nil when it fails
---@return string? message
---@return integer? partial the last byte that has gone
function connection:send(data, i, j) end

---How long a call may wait, as settimeout of a socket.
---@param seconds? number for ever if nil or negative
---@param mode? "b"|"t"
---@return integer one
function connection:settimeout(seconds, mode) end

---What the last call that has not ended waits for.
---@return "nothing"|"read"|"write" what
function connection:want() end

---Whether data lies there that has been read already.
---@return boolean dirty
function connection:dirty() end

---Closes it; the peer is told.
---@return nil
function connection:close() end

---The descriptor below, for looking at.
---@return integer fd -1 when it is closed
function connection:getfd() end

---Bytes received and sent, seconds of life.
---@return number received
---@return number sent
---@return number age
function connection:getstats() end

---Sets these.
---@param received? number
---@param sent? number
---@param age? number
---@return integer one
function connection:setstats(received, sent, age) end

---What was agreed on: cipher, protocol, key, authentication, encryption, mac, bits, algbits, export.
---@param field? string only this one
---@return any info a table, or the field; nil when there is no connection
---@return string? message
function connection:info(field) end

---The n-th certificate that the peer has sent.
---@param n? integer 1 if nil: its own
---@return luv.ssl.certificate? certificate
---@return string? message
function connection:getpeercertificate(n) end

---All of them.
---@return luv.ssl.certificate[]? chain nil when there is no connection
---@return string? message
function connection:getpeerchain() end

---The n-th certificate of one's own.
---@param n? integer
---@return luv.ssl.certificate? certificate
---@return string? message
function connection:getlocalcertificate(n) end

---All of them.
---@return luv.ssl.certificate[]? chain nil when there is no connection
---@return string? message
function connection:getlocalchain() end

---Whether the peer's certificate leads to an authority of the context's, is valid today and meant for its use.
---@return boolean ok
---@return any problem the text; with lsec_continue a list of lists of texts
function connection:getpeerverification() end

---Bytes that only the two ends can know (RFC 5705).
---@param label string
---@param length integer
---@param context? string
---@return string? bytes nil when it fails
---@return string? message
function connection:exportkeyingmaterial(label, length, context) end

---Not there: crypto/tls does not show it.
---@return nil
---@return string message "not supported"
function connection:getfinished() end

---Not there, either.
---@return nil
---@return string message
function connection:getpeerfinished() end

-- ---- contexts, certificates ------------------------------------------------------------------------

---Sets verifyext anew, for connections to come.
---@param ... string as verifyext of the settings
---@return boolean ok
---@return string? message
function context:setverifyext(...) end

---@param kind? "sha1"|"sha256"|"sha512" sha1 if nil
---@return string? hex
---@return string? message
function certificate:digest(kind) end

---The names that it is for, by LuaSec's table: {["2.5.29.17"] = {dNSName = {…}, iPAddress = {…}, …}}.
---@return table extensions
function certificate:extensions() end

---@return {oid: string, name: string, value: string}[] fields
function certificate:subject() end

---@return {oid: string, name: string, value: string}[] fields
function certificate:issuer() end

---@return string moment such as "Nov 29 00:00:27 2026 GMT"
function certificate:notbefore() end

---@return string moment
function certificate:notafter() end

---@param seconds number since 1970
---@return boolean valid
function certificate:validat(seconds) end

---@return string pem
function certificate:pem() end

---@return string pem of the public key
---@return string kind "RSA", "EC" or "Unknown"
---@return integer bits
function certificate:pubkey() end

---@return string hex in upper case
function certificate:serial() end

---@return string name such as "ecdsa-with-SHA256"
function certificate:getsignaturename() end

---Changes nothing: names are UTF-8.
---@param encoding "ai5"|"utf8"
---@return boolean known
function certificate:setencode(encoding) end

---Whether it has signed another one.
---@param subject luv.ssl.certificate
---@param ... luv.ssl.certificate those between
---@return boolean? yes nil when not
---@return string? message
function certificate:issued(subject, ...) end

return ssllib
