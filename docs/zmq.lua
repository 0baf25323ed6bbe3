---@meta _

-- luv.zmq - ØMQ: sockets that fibers send and receive on as if they were alone.
--
-- A send waits while the high-water mark is reached or there is nobody to send to, a receive
-- until there is a message; other fibers run meanwhile. A message is a string, or a table of
-- strings, its frames; it goes whole or not at all. Of several fibers that receive on one
-- socket each gets a message, in the order in which they began to wait; likewise senders.
--
-- Errors of ØMQ are values: EFSM (out of step), ETERM (the context is closed), and so on.
--
-- A context may be used from any thread, a socket only from the one that made it. Sockets
-- that are forgotten are closed; a context ends when the last who has it, or a socket of it,
-- lets go, and libzmq goes on sending what it holds as long as its linger says. When the
-- process ends, it waits at most `luv.zmq.exit_linger` seconds (1) for all that is not sent.

---@class luv
---@field zmq luv.zmqlib

---@class luv.zmqlib
---@field exit_linger number seconds that the end of the process may take for unsent messages; may be set
-- Types of sockets, flags, mechanisms, events and their details.
---@field PAIR integer
---@field PUB integer
---@field SUB integer
---@field REQ integer
---@field REP integer
---@field DEALER integer
---@field ROUTER integer
---@field PULL integer
---@field PUSH integer
---@field XPUB integer
---@field XSUB integer
---@field STREAM integer
---@field XREQ integer
---@field XREP integer
---@field MORE integer
---@field SHARED integer
---@field DONTWAIT integer
---@field SNDMORE integer
---@field NOBLOCK integer
---@field POLLIN integer
---@field POLLOUT integer
---@field POLLERR integer
---@field POLLPRI integer
---@field STREAMER integer
---@field FORWARDER integer
---@field QUEUE integer
---@field NULL integer
---@field PLAIN integer
---@field CURVE integer
---@field GSSAPI integer
---@field GSSAPI_NT_HOSTBASED integer
---@field GSSAPI_NT_USER_NAME integer
---@field GSSAPI_NT_KRB5_PRINCIPAL integer
---@field EVENT_CONNECTED integer
---@field EVENT_CONNECT_DELAYED integer
---@field EVENT_CONNECT_RETRIED integer
---@field EVENT_LISTENING integer
---@field EVENT_BIND_FAILED integer
---@field EVENT_ACCEPTED integer
---@field EVENT_ACCEPT_FAILED integer
---@field EVENT_CLOSED integer
---@field EVENT_CLOSE_FAILED integer
---@field EVENT_DISCONNECTED integer
---@field EVENT_MONITOR_STOPPED integer
---@field EVENT_ALL integer
---@field EVENT_HANDSHAKE_FAILED_NO_DETAIL integer
---@field EVENT_HANDSHAKE_SUCCEEDED integer
---@field EVENT_HANDSHAKE_FAILED_PROTOCOL integer
---@field EVENT_HANDSHAKE_FAILED_AUTH integer
---@field PROTOCOL_ERROR_ZMTP_UNSPECIFIED integer
---@field PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND integer
---@field PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE integer
---@field PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE integer
---@field PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED integer
---@field PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE integer
---@field PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO integer
---@field PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE integer
---@field PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR integer
---@field PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY integer
---@field PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME integer
---@field PROTOCOL_ERROR_ZMTP_INVALID_METADATA integer
---@field PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC integer
---@field PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH integer
---@field PROTOCOL_ERROR_ZAP_UNSPECIFIED integer
---@field PROTOCOL_ERROR_ZAP_MALFORMED_REPLY integer
---@field PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID integer
---@field PROTOCOL_ERROR_ZAP_BAD_VERSION integer
---@field PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE integer
---@field PROTOCOL_ERROR_ZAP_INVALID_METADATA integer
---@field PROTOCOL_ERROR_WS_UNSPECIFIED integer
---@field IO_THREADS_DFLT integer
---@field MAX_SOCKETS_DFLT integer
---@field THREAD_PRIORITY_DFLT integer
---@field THREAD_SCHED_POLICY_DFLT integer
---@field GROUP_MAX_LENGTH integer
-- Options of contexts.
---@field IO_THREADS integer
---@field MAX_SOCKETS integer
---@field SOCKET_LIMIT integer
---@field THREAD_PRIORITY integer
---@field THREAD_SCHED_POLICY integer
---@field MAX_MSGSZ integer
---@field MSG_T_SIZE integer
---@field THREAD_AFFINITY_CPU_ADD integer
---@field THREAD_AFFINITY_CPU_REMOVE integer
---@field THREAD_NAME_PREFIX integer
---@field IPV6 integer
---@field BLOCKY integer
-- Options of sockets; what each means is in libzmq's zmq_setsockopt(3).
---@field AFFINITY integer
---@field ROUTING_ID integer
---@field SUBSCRIBE integer
---@field UNSUBSCRIBE integer
---@field RATE integer
---@field RECOVERY_IVL integer
---@field SNDBUF integer
---@field RCVBUF integer
---@field RCVMORE integer
---@field FD integer
---@field EVENTS integer
---@field TYPE integer
---@field LINGER integer
---@field RECONNECT_IVL integer
---@field BACKLOG integer
---@field RECONNECT_IVL_MAX integer
---@field MAXMSGSIZE integer
---@field SNDHWM integer
---@field RCVHWM integer
---@field MULTICAST_HOPS integer
---@field RCVTIMEO integer
---@field SNDTIMEO integer
---@field IPV4ONLY integer
---@field LAST_ENDPOINT integer
---@field ROUTER_MANDATORY integer
---@field TCP_KEEPALIVE integer
---@field TCP_KEEPALIVE_CNT integer
---@field TCP_KEEPALIVE_IDLE integer
---@field TCP_KEEPALIVE_INTVL integer
---@field TCP_ACCEPT_FILTER integer
---@field IMMEDIATE integer
---@field XPUB_VERBOSE integer
---@field ROUTER_RAW integer
---@field MECHANISM integer
---@field PLAIN_SERVER integer
---@field PLAIN_USERNAME integer
---@field PLAIN_PASSWORD integer
---@field CURVE_SERVER integer
---@field CURVE_PUBLICKEY integer
---@field CURVE_SECRETKEY integer
---@field CURVE_SERVERKEY integer
---@field PROBE_ROUTER integer
---@field REQ_CORRELATE integer
---@field REQ_RELAXED integer
---@field CONFLATE integer
---@field ZAP_DOMAIN integer
---@field ROUTER_HANDOVER integer
---@field TOS integer
---@field IPC_FILTER_PID integer
---@field IPC_FILTER_UID integer
---@field IPC_FILTER_GID integer
---@field CONNECT_ROUTING_ID integer
---@field GSSAPI_SERVER integer
---@field GSSAPI_PRINCIPAL integer
---@field GSSAPI_SERVICE_PRINCIPAL integer
---@field GSSAPI_PLAINTEXT integer
---@field GSSAPI_PRINCIPAL_NAMETYPE integer
---@field GSSAPI_SERVICE_PRINCIPAL_NAMETYPE integer
---@field HANDSHAKE_IVL integer
---@field SOCKS_PROXY integer
---@field XPUB_NODROP integer
---@field XPUB_MANUAL integer
---@field XPUB_WELCOME_MSG integer
---@field XPUB_VERBOSER integer
---@field STREAM_NOTIFY integer
---@field INVERT_MATCHING integer
---@field HEARTBEAT_IVL integer
---@field HEARTBEAT_TTL integer
---@field HEARTBEAT_TIMEOUT integer
---@field CONNECT_TIMEOUT integer
---@field TCP_MAXRT integer
---@field THREAD_SAFE integer
---@field MULTICAST_MAXTPDU integer
---@field VMCI_BUFFER_SIZE integer
---@field VMCI_BUFFER_MIN_SIZE integer
---@field VMCI_BUFFER_MAX_SIZE integer
---@field VMCI_CONNECT_TIMEOUT integer
---@field USE_FD integer
---@field BINDTODEVICE integer
---@field IDENTITY integer
---@field CONNECT_RID integer
---@field DELAY_ATTACH_ON_CONNECT integer
---@field FAIL_UNROUTABLE integer
---@field ROUTER_BEHAVIOR integer
local zmqlib = {}

---@class luv.zmq.context
local context = {}

---@class luv.zmq.socket: luv.object
local socket = {}

---@class luv.zmq.monitor: luv.object
local monitor = {}

---Makes a context. With 0 threads it serves inproc endpoints only. Also luv.zmq:create(n).
---Raises: a number of threads that is no whole number of 0 or more. Source: zmq_ctx_new.
---@param io_threads? integer threads for input and output; nil: 1
---@return luv.zmq.context? context nil when it fails
---@return string? message
---@return luv.code? code
function zmqlib.create(io_threads) end

---Whether this libzmq can do something: "ipc", "curve", "gssapi", "draft" ... Source: zmq_has.
---@param feature string
---@return boolean yes
function zmqlib.has(feature) end

---Makes a pair of keys for CURVE, in Z85. Source: zmq_curve_keypair.
---@return string? public nil when it fails
---@return string secret
function zmqlib.curve_keypair() end

---The public key that belongs to a secret one. Raises: no key. Source: zmq_curve_public.
---@param secret string 40 characters of Z85
---@return string? public nil when it fails
---@return string? message
---@return luv.code? code
function zmqlib.curve_public(secret) end

---Binary data as text. Raises: a length that is no multiple of 4. Source: zmq_z85_encode.
---@param data string
---@return string text
function zmqlib.z85_encode(data) end

---Undoes z85_encode. EINVAL: this is not Z85. Source: zmq_z85_decode.
---@param text string
---@return string? data nil when it fails
---@return string? message
---@return luv.code? code
function zmqlib.z85_decode(text) end

---Passes the messages of each socket on to the other, until told to terminate. Frames move
---without a copy; other fibers run meanwhile, but the sockets are the proxy's: a send or
---receive on one is EBUSY. `capture` gets a copy of every message. `control` receives PAUSE,
---RESUME, TERMINATE and STATISTICS, which it answers with 8 frames of 64 bits each. However it
---ends, a message that could not be passed on yet is what its side receives next; `capture` may
---have had it. ETERM: the context was closed; ECANCELED: a socket was.
---Suspends.
---@async
---@param front luv.zmq.socket
---@param back luv.zmq.socket
---@param capture? luv.zmq.socket
---@param control? luv.zmq.socket
---@param timeout? number seconds
---@return true? terminated nil when it fails
---@return string? message
---@return luv.code? code
function zmqlib.proxy(front, back, capture, control, timeout) end

---Makes a socket. EMFILE: too many (MAX_SOCKETS, or descriptors). EBADF: the context is closed.
---EINVAL: a draft type, such as "RADIO", that this libzmq was built without.
---Raises: no such type. Source: zmq_socket.
---@param type integer|string such as luv.zmq.PUSH, "PUSH" or "push"
---@return luv.zmq.socket? socket nil when it fails
---@return string? message
---@return luv.code? code
function context:socket(type) end

---Sets an option. Raises: an unknown option, no whole number. Source: zmq_ctx_set.
---@param option string|integer such as "MAX_SOCKETS"
---@param value integer
---@return luv.zmq.context? self nil when it fails
---@return string? message
---@return luv.code? code
function context:set(option, value) end

---Reads an option. Raises: an unknown option. Source: zmq_ctx_get.
---@param option string|integer
---@return integer? value nil when it fails
---@return string? message
---@return luv.code? code
function context:get(option) end

---Says who may connect to sockets of this context that have a mechanism, or a ZAP_DOMAIN.
---Each connection is looked up in what is given: deny and allow (addresses, or ranges such as
---"10.0.0.0/8"), plain (passwords by user), curve (a list of public keys, or "any"). The
---handler is asked last, in a fiber of its own: it gets {domain, address, identity, mechanism,
---username, password, key}, and returns true or a user's name to let it in, false and perhaps
---why to refuse. Without a list of its own kind only the handler decides. A second call
---replaces the rules. Lasts until the context is closed. Raises: rules that cannot be.
---@param rules {allow?: string[], deny?: string[], plain?: table<string, string>, curve?: string[]|"any", handler?: fun(request: table): boolean|string, string?}
---@return luv.zmq.context? self nil when it fails
---@return string? message
---@return luv.code? code
function context:auth(rules) end

---Closes the context for all that have it. Who waits on a socket of it gets ETERM, and so does
---who tries. Returns at once; libzmq ends it when its sockets are closed. Source: zmq_ctx_term.
---@return luv.zmq.context self
function context:close() end

---@return boolean yes it was closed, here or elsewhere
function context:closed() end

---Sends a message, when there is room for it. Numbers are made strings.
---Raises: no string, no table of strings, an empty table. Source: zmq_send.
---Suspends.
---@async
---@param message string|string[] the only frame, or all of them
---@param timeout? number seconds; nil: what the option SNDTIMEO says
---@return luv.zmq.socket? self nil when it fails
---@return string? message
---@return luv.code? code
function socket:send(message, timeout) end

---Receives a message: every frame is a result. Source: zmq_msg_recv.
---Raises: a message of more than 7,000 frames, which then waits for recv_multipart.
---Suspends.
---@async
---@param timeout? number seconds; nil: what the option RCVTIMEO says, whose end is ETIMEDOUT too
---@return string? frame nil when it fails
---@return string? ... more frames; the message of an error
---@return luv.code? code
function socket:recv(timeout) end

---Receives a message as a table of its frames.
---Suspends.
---@async
---@param timeout? number seconds
---@return string[]? frames nil when it fails
---@return string? message
---@return luv.code? code
function socket:recv_multipart(timeout) end

---Whose the message is that was received last: its address, and the user that ctx:auth has let in, a key of
---CURVE if its handler says so. The first call begins to note them; "" for what is not known.
---@return string? address nil when it fails
---@return string user or the message of an error
---@return luv.code? code
function socket:peer() end

---Makes the socket reachable. A port of * is any that is free: see last_endpoint.
---Source: zmq_bind.
---@param endpoint string such as "tcp://127.0.0.1:*", "ipc:///path", "inproc://name"
---@return luv.zmq.socket? self nil when it fails
---@return string? message
---@return luv.code? code
function socket:bind(endpoint) end

---Connects, now or when the other side comes; it need not be there yet. Source: zmq_connect.
---@param endpoint string
---@return luv.zmq.socket? self nil when it fails
---@return string? message
---@return luv.code? code
function socket:connect(endpoint) end

---Undoes bind, and waits until libzmq has closed what it listened with: the endpoint is free
---then. ENOENT: not bound there. ETIMEDOUT: not bound any more, free a little later. ECANCELED:
---the same; the socket, or its monitor, was closed meanwhile. In a finaliser it does not wait.
---Source: zmq_unbind.
---Suspends.
---@async
---@param endpoint string as last_endpoint says it
---@param timeout? number seconds
---@return luv.zmq.socket? self nil when it fails
---@return string? message
---@return luv.code? code
function socket:unbind(endpoint, timeout) end

---Closes the socket: ends every wait on it with ECANCELED, then waits until what it was bound
---to is free again. What it has sent goes on being sent, see the option LINGER. ETIMEDOUT: it
---is closed, its endpoints are free a little later. In a finaliser, for what the garbage
---collector closes and at the end of the script nothing waits. Source: zmq_close.
---Suspends.
---@async
---@param timeout? number seconds
---@return luv.zmq.socket? self nil when it fails
---@return string? message
---@return luv.code? code
function socket:close(timeout) end

---Undoes connect. Source: zmq_disconnect.
---@param endpoint string
---@return luv.zmq.socket? self nil when it fails
---@return string? message
---@return luv.code? code
function socket:disconnect(endpoint) end

---The endpoint that the socket was bound or connected to last, with its real port.
---@return string? endpoint nil when it fails
---@return string? message
---@return luv.code? code
function socket:last_endpoint() end

---Reads an option; `socket.rcvhwm` does the same, is nil where no option has that name, and
---raises where this fails. Raises: an unknown one, one that can only be set. Source: zmq_getsockopt.
---@param option string|integer such as "RCVHWM" or luv.zmq.RCVHWM
---@return number|string|nil value nil when it fails
---@return string? message
---@return luv.code? code
function socket:getsockopt(option) end

---Sets an option; `socket.rcvhwm = 5` does the same, and raises where this fails. true is 1.
---Raises: an unknown option, a value of another type. Source: zmq_setsockopt.
---@param option string|integer
---@param value number|string|boolean
---@return luv.zmq.socket? self nil when it fails
---@return string? message
---@return luv.code? code
function socket:setsockopt(option, value) end

---Subscribes to the messages that begin with a topic, or with one of several.
---@param topic? string nil or "": all messages
---@param ... string
---@return luv.zmq.socket? self nil when it fails
---@return string? message
---@return luv.code? code
function socket:subscribe(topic, ...) end

---Undoes subscribe, once for each.
---@param topic? string
---@param ... string
---@return luv.zmq.socket? self nil when it fails
---@return string? message
---@return luv.code? code
function socket:unsubscribe(topic, ...) end

---Watches what happens to the connections of the socket. A second call replaces the first.
---Source: zmq_socket_monitor.
---@return luv.zmq.monitor? monitor nil when it fails
---@return string? message
---@return luv.code? code
function socket:monitor() end

---The descriptor that becomes readable when the socket has news, edge-triggered. It is libzmq's.
---@return integer? fd nil when it fails
---@return string? message
---@return luv.code? code
function socket:fileno() end

---Makes it a server that encrypts with CURVE. Any client that knows its public key may
---connect, unless the context has other rules: see auth. Raises: a key that is none.
---@param keys {secret: string}
---@return luv.zmq.socket? self nil when it fails
---@return string? message
---@return luv.code? code
function socket:curve_server(keys) end

---Makes it a client of a CURVE server. Without keys of its own it gets new ones.
---Raises: a key that is none.
---@param keys {server: string, public?: string, secret?: string}
---@return luv.zmq.socket? self nil when it fails
---@return string? message
---@return luv.code? code
function socket:curve_client(keys) end

---Waits for an event: CONNECTED, CONNECT_DELAYED, CONNECT_RETRIED, LISTENING, BIND_FAILED,
---ACCEPTED, ACCEPT_FAILED, CLOSED, CLOSE_FAILED, DISCONNECTED, HANDSHAKE_SUCCEEDED,
---HANDSHAKE_FAILED_AUTH, HANDSHAKE_FAILED_PROTOCOL, HANDSHAKE_FAILED_NO_DETAIL, and the last,
---MONITOR_STOPPED, after which it is EOF.
---Suspends.
---@async
---@param timeout? number seconds
---@return string? event nil when it fails
---@return string? address or the message of an error
---@return integer? value a descriptor, an error number, an interval: as the event has it
function monitor:next(timeout) end

return zmqlib
