-- x509.lua - certificates as LuaSec shows them.
local luv, load = ...

local errors, handle = load("ssl.errors"), load("ssl.handle")
local class = handle.class("SSL:Certificate")
local x509, methods = {}, class.__index

-- Of what stands in names, OpenSSL's long ones.
local long = {
  ["2.5.4.3"] = "commonName", ["2.5.4.4"] = "surname", ["2.5.4.5"] = "serialNumber", ["2.5.4.6"] = "countryName",
  ["2.5.4.7"] = "localityName", ["2.5.4.8"] = "stateOrProvinceName", ["2.5.4.9"] = "streetAddress",
  ["2.5.4.10"] = "organizationName", ["2.5.4.11"] = "organizationalUnitName", ["2.5.4.12"] = "title",
  ["2.5.4.13"] = "description", ["2.5.4.15"] = "businessCategory", ["2.5.4.17"] = "postalCode", ["2.5.4.42"] = "givenName",
  ["2.5.4.46"] = "dnQualifier", ["2.5.4.97"] = "organizationIdentifier", ["1.2.840.113549.1.9.1"] = "emailAddress",
  ["0.9.2342.19200300.100.1.1"] = "userId", ["0.9.2342.19200300.100.1.25"] = "domainComponent",
  ["1.3.6.1.4.1.311.60.2.1.3"] = "jurisdictionCountryName", ["1.3.6.1.4.1.311.60.2.1.2"] = "jurisdictionStateOrProvinceName",
}

local signatures = {
  ["SHA1-RSA"] = "RSA-SHA1", ["SHA256-RSA"] = "RSA-SHA256", ["SHA384-RSA"] = "RSA-SHA384", ["SHA512-RSA"] = "RSA-SHA512",
  ["MD5-RSA"] = "RSA-MD5", ["SHA256-RSAPSS"] = "RSASSA-PSS", ["SHA384-RSAPSS"] = "RSASSA-PSS", ["SHA512-RSAPSS"] = "RSASSA-PSS",
  ["ECDSA-SHA1"] = "ecdsa-with-SHA1", ["ECDSA-SHA256"] = "ecdsa-with-SHA256", ["ECDSA-SHA384"] = "ecdsa-with-SHA384",
  ["ECDSA-SHA512"] = "ecdsa-with-SHA512", ["Ed25519"] = "ED25519",
}

local function check(cert, n, name) return handle.check(class, cert, n, name) end

-- The object of a certificate in PEM; nil if it is none.
function x509.load(pem)
  if type(pem) ~= "string" then
    error("bad argument #1 to 'load' (string expected, got " .. (pem == nil and "no value" or type(pem)) .. ")", 2)
  end
  local details = pem:find("-----BEGIN ", 1, true) and luv.tls.certificate(pem)
  return details and handle.new(class, details) or nil
end

-- Those of a list of luv's tables.
function x509.all(list)
  local certs = {}
  for i, c in ipairs(list) do certs[i] = x509.load(c.pem) end
  return certs
end

function class.__tostring(cert) return "X509 certificate: " .. tostring(check(cert, 1, "tostring")):match("0x%x+") end

local function names(fields)
  local list = {}
  for i, f in ipairs(fields) do list[i] = {oid = f.oid, name = long[f.oid] or f.oid, value = f.value} end
  return list
end

function methods.subject(cert) return names(check(cert, 1, "subject").subject_fields) end
function methods.issuer(cert) return names(check(cert, 1, "issuer").issuer_fields) end

function methods.extensions(cert)
  local d = check(cert, 1, "extensions")
  local names = {name = "X509v3 Subject Alternative Name"}
  local all = {dNSName = d.dns_names, iPAddress = d.addresses, rfc822Name = d.emails, uniformResourceIdentifier = d.uris}
  local found = false
  for kind, list in pairs(all) do
    if list[1] then
      found, names[kind] = true, {}
      for i, name in ipairs(list) do names[kind][i] = name end
    end
  end
  return found and {["2.5.29.17"] = names} or {}
end

function methods.pem(cert) return check(cert, 1, "pem").pem end

function methods.pubkey(cert)
  local d = check(cert, 1, "pubkey")
  return d.public_key, (d.key_type == "RSA" or d.key_type == "EC") and d.key_type or "Unknown", d.key_bits
end

function methods.digest(cert, kind)
  local d = check(cert, 1, "digest")
  kind = kind == nil and "sha1" or kind
  if kind == "sha1" or kind == "sha256" or kind == "sha512" then return d[kind] end
  return nil, "digest algorithm not supported (" .. tostring(kind) .. ")"
end

function methods.validat(cert, time)
  local d = check(cert, 1, "validat")
  if type(time) ~= "number" then
    error("bad argument #2 to 'validat' (number expected, got " .. (time == nil and "no value" or type(time)) .. ")", 2)
  end
  return d.not_before <= time and time <= d.not_after
end

function methods.serial(cert) return check(cert, 1, "serial").serial end

local months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

local function moment(seconds)
  local d = os.date("!*t", seconds)
  return ("%s %2d %02d:%02d:%02d %d GMT"):format(months[d.month], d.day, d.hour, d.min, d.sec, d.year)
end

function methods.notbefore(cert) return moment(check(cert, 1, "notbefore").not_before) end
function methods.notafter(cert) return moment(check(cert, 1, "notafter").not_after) end

function methods.getsignaturename(cert)
  local name = check(cert, 1, "getsignaturename").signature
  return signatures[name] or name
end

-- Names are UTF-8 in either case: Go has read them.
function methods.setencode(cert, encoding)
  check(cert, 1, "setencode")
  return type(encoding) == "string" and (encoding:find("^ai5") or encoding:find("^utf8")) ~= nil
end

-- Whether cert has signed subject, with the others between.
function methods.issued(cert, subject, ...)
  local pem = check(cert, 1, "issued").pem
  local chain = {check(subject, 2, "issued").pem}
  for i = 1, select("#", ...) do chain[i + 1] = check((select(i, ...)), i + 2, "issued").pem end
  if chain[1] == pem then return true end
  local ok, message = luv.tls.verify(table.concat(chain), {ca = pem, use = "any"})
  if ok then return true end
  return nil, errors.verification(message)
end

return x509
