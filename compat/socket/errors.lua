-- What LuaSocket says when luv says an errno: its own words for a few, strerror's for the others.

local own = {
  EOF = "closed", EPIPE = "closed", ECONNRESET = "closed", ECONNABORTED = "closed", ECANCELED = "closed",
  EBADF = "closed", ETRUNCATED = "closed", ETIMEDOUT = "timeout", EADDRINUSE = "address already in use",
  EISCONN = "already connected", EACCES = "permission denied", ECONNREFUSED = "connection refused",
  EAI_AGAIN = "temporary failure in name resolution", EAI_BADFLAGS = "invalid value for ai_flags",
  EAI_FAIL = "non-recoverable failure in name resolution", EAI_FAMILY = "ai_family not supported",
  EAI_MEMORY = "memory allocation failure", EAI_NONAME = "host or service not provided, or not known",
  EAI_NODATA = "host or service not provided, or not known",
  EAI_ADDRFAMILY = "host or service not provided, or not known",
  EAI_OVERFLOW = "argument buffer overflow", EAI_PROTOCOL = "resolved protocol is unknown",
  EAI_SERVICE = "service not supported for socket type", EAI_SOCKTYPE = "ai_socktype not supported",
}

local system = {
  EPERM = "Operation not permitted", ENOENT = "No such file or directory", EIO = "Input/output error",
  EAGAIN = "Resource temporarily unavailable", ENOMEM = "Cannot allocate memory", EBUSY = "Device or resource busy",
  EEXIST = "File exists", ENODEV = "No such device", ENOTDIR = "Not a directory", EINVAL = "Invalid argument",
  ENFILE = "Too many open files in system", EMFILE = "Too many open files", EROFS = "Read-only file system",
  ENAMETOOLONG = "File name too long", ELOOP = "Too many levels of symbolic links",
  ENOTSOCK = "Socket operation on non-socket", EDESTADDRREQ = "Destination address required",
  EMSGSIZE = "Message too long", EPROTOTYPE = "Protocol wrong type for socket",
  ENOPROTOOPT = "Protocol not available", EPROTONOSUPPORT = "Protocol not supported",
  ENOTSUP = "Operation not supported", EOPNOTSUPP = "Operation not supported",
  EAFNOSUPPORT = "Address family not supported by protocol", EADDRNOTAVAIL = "Cannot assign requested address",
  ENETDOWN = "Network is down", ENETUNREACH = "Network is unreachable", ENOBUFS = "No buffer space available",
  ENOTCONN = "Transport endpoint is not connected", EHOSTDOWN = "Host is down",
  EHOSTUNREACH = "No route to host", EALREADY = "Operation already in progress",
  EPROTO = "Protocol error",
}

local numbers = {[32] = "EPIPE", [101] = "ENETUNREACH", [103] = "ECONNABORTED", [104] = "ECONNRESET", [110] = "ETIMEDOUT",
                 [111] = "ECONNREFUSED", [112] = "EHOSTDOWN", [113] = "EHOSTUNREACH"}

local errors = {}

-- The words for what SO_ERROR says.
function errors.number(n) return errors.text("error " .. n, numbers[n] or "") end

-- The words for a failure of luv's: of code, or what its message says behind the name.
function errors.text(message, code)
  return own[code] or system[code] or (tostring(message):gsub("^[%u_%d]+: ", ""))
end

-- The same where an object has no descriptor: a system call on -1.
function errors.of_system(message, code)
  return code == "EBADF" and "Bad file descriptor" or errors.text(message, code)
end

return errors
