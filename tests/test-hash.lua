-- luv.hash: digests and HMACs, whole and in pieces. Expected values are those of the standards.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local hex = luv.hex

local function digest(name, ...) return hex.encode(luv.hash(name):update(...):digest()) end

tap.test("the digest of abc", function()
  for name, want in pairs{
    md5 = "900150983cd24fb0d6963f7d28e17f72",
    sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d",
    sha224 = "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    sha384 = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    sha512 = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ["sha512/256"] = "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
    ["sha3-256"] = "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
    ["sha3-384"] = "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
    ["sha3-512"] = "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
  } do
    tap.equal(digest(name, "abc"), want, name)
    tap.equal(digest(name, "a", "", "bc"), want, name)
  end
  tap.equal(digest("sha256", ""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
end)

tap.test("in pieces, with digests between", function()
  local h = luv.hash("sha256")
  tap.equal(h:update("a"), h)
  tap.equal(hex.encode(h:digest()), digest("sha256", "a"))
  h:update("b"):update("c")
  tap.equal(h:digest(), h:digest())
  tap.equal(hex.encode(h:digest()), digest("sha256", "abc"))
  local whole, pieces = ("\0\255x"):rep(100000), luv.hash("sha1")
  for i = 1, #whole, 777 do pieces:update(whole:sub(i, i + 776)) end
  tap.equal(hex.encode(pieces:digest()), digest("sha1", whole))
end)

tap.test("with a key: HMAC (RFC 2202, RFC 4231)", function()
  local function hmac(name, key, data) return hex.encode(luv.hash(name, key):update(data):digest()) end
  tap.equal(hmac("md5", "Jefe", "what do ya want for nothing?"), "750c783e6ab0b503eaa86e310a5db738")
  tap.equal(hmac("sha1", "Jefe", "what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
  tap.equal(hmac("sha256", "Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  tap.ok(hmac("sha256", "", "x") ~= digest("sha256", "x"))
end)

tap.test("mistakes", function()
  tap.raises("unknown hash 'sha3'", luv.hash, "sha3")
  tap.raises("string expected", luv.hash)
  tap.raises("string expected", luv.hash, "md5", 5)
  tap.raises("no more arguments", luv.hash, "md5", "key", "data")
  local h = luv.hash("md5")
  tap.raises("string expected, got nil", h.update, h, "x", nil, "y")
  tap.raises("luv.hash expected", h.update, "x")
  tap.equal(hex.encode(h:digest()), "d41d8cd98f00b204e9800998ecf8427e") -- nothing was added
  tap.match(tostring(h), "^userdata<luv.hash>")
end)

tap.done()
