-- luv.ssl - the interface of LuaSec 1.3 over luv.tls: whatever blocks there waits here.
--
-- What a program sees is LuaSec's, its words for errors included. What is below is Go's crypto/tls, so:
-- the cipher suites are those that Go considers safe, whatever `ciphers` and `curve` ask for (their names
-- are looked at, no more); TLS 1.0 and 1.1 have to be asked for by name; there is no compression, no
-- renegotiation, no PSK and no DANE, which ssl.config says.
local luv, load = ...

local context = load("ssl.context")

local ssl = {
  _VERSION = "1.3.2",
  _COPYRIGHT = "luv.ssl: the interface of LuaSec 1.3.2",
  config = load("ssl.config"),
  loadcertificate = load("ssl.x509").load,
  newcontext = context.new,
  wrap = load("ssl.connection").wrap,
}

return ssl
