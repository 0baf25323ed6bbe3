-- cipher.lua - cipher suites by OpenSSL's names, and what those say.

local cipher = {}

-- IANA's name of a suite before TLS 1.3, and OpenSSL's. Those of 1.3 have the same.
local function openssl(name)
  local exchange, rest = name:match("^TLS_(.-)_WITH_(.*)$")
  if not exchange then return name, nil end
  rest = rest:gsub("^CHACHA20_POLY1305.*$", "CHACHA20_POLY1305"):gsub("AES_(%d+)_CBC", "AES%1"):gsub("AES_(%d+)_GCM", "AES%1_GCM")
  rest = rest:gsub("3DES_EDE_CBC", "DES_CBC3"):gsub("RC4_128", "RC4"):gsub("_", "-")
  return exchange == "RSA" and rest or exchange:gsub("_", "-") .. "-" .. rest, exchange
end

local function encryption(name)
  local bits, mode = name:match("AES_(%d+)_(%u+)")
  if bits then return (mode == "GCM" and "AESGCM(" or "AES(") .. bits .. ")", tonumber(bits) end
  if name:find("CHACHA20", 1, true) then return "CHACHA20/POLY1305(256)", 256 end
  if name:find("3DES", 1, true) then return "3DES(168)", 168 end
  return "RC4(128)", 128
end

local function mac(name)
  if name:find("GCM", 1, true) or name:find("POLY1305", 1, true) then return "AEAD" end
  return name:match("_SHA(%d*)$") == "" and "SHA1" or "SHA" .. name:match("_SHA(%d*)$")
end

-- The table that conn:info() gives, of luv's info.
function cipher.describe(info)
  local name, exchange = openssl(info.cipher)
  local enc, bits = encryption(info.cipher)
  return {
    cipher = name, protocol = info.version == "1.0" and "TLSv1" or "TLSv" .. info.version,
    key = not exchange and "any" or exchange:find("ECDHE", 1, true) and "ECDH" or "RSA",
    authentication = not exchange and "any" or exchange:match("ECDSA") or "RSA",
    encryption = enc, mac = mac(info.cipher), bits = bits, algbits = bits, export = false,
  }
end

local known = {"AES", "CHACHA", "RSA", "ECDH", "EDH", "DH", "ALL", "HIGH", "MEDIUM", "LOW", "DEFAULT", "SHA", "DES", "DSS", "RC4",
  "CAMELLIA", "ARIA", "SSLv3", "TLSv1", "STRENGTH", "SECLEVEL", "NULL", "EXP", "PSK", "MD5", "ECDSA"}

-- Whether a list for `ciphers` or `ciphersuites` names anything that there is.
function cipher.plausible(list)
  for word in list:gmatch("[^:, ]+") do
    for _, part in ipairs(known) do
      if not word:find("^[!-]") and word:find(part, 1, true) then return true end
    end
  end
  return false
end

return cipher
