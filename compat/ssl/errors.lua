-- errors.lua - luv's errors in the words of OpenSSL, which programs compare.

local errors = {}

-- What crypto/tls calls an alert, and OpenSSL's reason.
local alerts = {
  ["unexpected message"] = "sslv3 alert unexpected message",
  ["bad record MAC"] = "sslv3 alert bad record mac",
  ["decryption failed"] = "tlsv1 alert decryption failed",
  ["record overflow"] = "tlsv1 alert record overflow",
  ["decompression failure"] = "sslv3 alert decompression failure",
  ["handshake failure"] = "sslv3 alert handshake failure",
  ["bad certificate"] = "sslv3 alert bad certificate",
  ["unsupported certificate"] = "sslv3 alert unsupported certificate",
  ["revoked certificate"] = "sslv3 alert certificate revoked",
  ["expired certificate"] = "sslv3 alert certificate expired",
  ["unknown certificate"] = "sslv3 alert certificate unknown",
  ["illegal parameter"] = "sslv3 alert illegal parameter",
  ["unknown certificate authority"] = "tlsv1 alert unknown ca",
  ["access denied"] = "tlsv1 alert access denied",
  ["error decoding message"] = "tlsv1 alert decode error",
  ["error decrypting message"] = "tlsv1 alert decrypt error",
  ["protocol version not supported"] = "tlsv1 alert protocol version",
  ["insufficient security level"] = "tlsv1 alert insufficient security",
  ["internal error"] = "tlsv1 alert internal error",
  ["inappropriate fallback"] = "tlsv1 alert inappropriate fallback",
  ["user canceled"] = "tlsv1 alert user cancelled",
  ["no renegotiation"] = "tlsv1 alert no renegotiation",
  ["missing extension"] = "tlsv13 alert missing extension",
  ["unsupported extension"] = "tlsv1 unsupported extension",
  ["unrecognized name"] = "tlsv1 unrecognized name",
  ["bad certificate status response"] = "tlsv1 bad certificate status response",
  ["unknown PSK identity"] = "tlsv1 alert unknown psk identity",
  ["certificate required"] = "tlsv13 alert certificate required",
  ["no application protocol"] = "tlsv1 alert no application protocol",
}

local function tls(text)
  local alert = text:match('has sent the alert "(.*)"')
  if alert then return alerts[alert] or "tlsv1 alert " .. alert end
  if text:find("does not speak TLS", 1, true) or text:find("first record does not look like a TLS handshake", 1, true) then
    return "wrong version number"
  end
  if text:find("unsupported .*version") or text:find("unsupported versions", 1, true) then return "unsupported protocol" end
  if text:find("cipher suite", 1, true) then return "no shared cipher" end
  if text:find("bad record MAC", 1, true) then return "decryption failed or bad record mac" end
  if text:find("application protocol", 1, true) then return "no application protocol" end
  return text
end

-- What socket_strerror of LuaSocket calls the rest; of others the system's own words are left.
local codes = {
  EOF = "closed", EBADF = "closed", ECANCELED = "closed", ECONNRESET = "closed", ECONNABORTED = "closed",
  ENOTCONN = "closed", EPIPE = "Broken pipe", ETRUNCATED = "unexpected eof while reading", ETIMEDOUT = "timeout",
}

-- What is said of an error of luv's: message, code.
function errors.of(message, code)
  local text = tostring(message):gsub("^%u+: ", "", 1)
  if code == "ECERT" then
    return text:find("has sent no certificate", 1, true) and "peer did not return a certificate" or "certificate verify failed"
  end
  if code == "ETLS" then return tls(text) end
  return codes[code] or text
end

-- The same with the option ignore_unexpected_eof.
function errors.lenient(message, code)
  return code == "ETRUNCATED" and "closed" or errors.of(message, code)
end

-- What X509_verify_cert_error_string says of a chain that luv.tls.verify has refused.
function errors.verification(message)
  if message:find("unknown authority, itself", 1, true) then return "self-signed certificate" end
  if message:find("unknown authority", 1, true) then return "unable to get local issuer certificate" end
  if message:find("has expired", 1, true) then return "certificate has expired" end
  if message:find("not valid before", 1, true) then return "certificate is not yet valid" end
  if message:find("not for this use", 1, true) then return "unsuitable certificate purpose" end
  if message:find("is no authority", 1, true) then return "invalid CA certificate" end
  if message:find("chain is too long", 1, true) then return "certificate chain too long" end
  if message:find("not for ", 1, true) then return "hostname mismatch" end
  return (message:gsub("^%u+: ", "", 1))
end

return errors
