-- luv.base64: RFC 4648.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local base64 = luv.base64

tap.test("what the standard has as examples", function()
  for data, text in pairs{[""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=", foobar = "Zm9vYmFy"} do
    tap.equal(base64.encode(data), text)
    tap.equal(base64.decode(text), data)
    tap.equal(base64.decode((text:gsub("=", ""))), data)
  end
end)

tap.test("any bytes, both alphabets", function()
  local all = {}
  for i = 0, 255 do all[#all + 1] = string.char(i) end
  all = table.concat(all)
  for n = 1, 256 do
    local data = all:sub(n) .. all:sub(1, n - 1)
    tap.equal(base64.decode(base64.encode(data)), data)
    tap.equal(base64.decode(base64.encode(data, "url"), "url"), data)
  end
  tap.equal(base64.encode("\255\239\190", "standard"), "/+++")
  tap.equal(base64.encode("\255\239\190", "url"), "_---")
  tap.equal(base64.encode("f", "url"), "Zg")
  tap.equal(base64.decode("Zg==", "url"), "f")
  tap.equal(base64.decode("Zm9v\r\nYmFy\n"), "foobar")
end)

tap.test("what is not base64", function()
  for _, text in ipairs{"Z", "Zg=", "Zg===", "Z===", "====", "Zm9v=", "Zm9*", "Zm 9", "_---", "Zh==", "Z=g=", "\0\0\0\0"} do
    tap.fails("EINVAL", base64.decode(text))
  end
  tap.fails("EINVAL", base64.decode("/+++", "url"))
  tap.raises("string expected", base64.encode, 5)
  tap.raises("string expected", base64.decode)
  tap.raises("\"standard\" or \"url\" expected", base64.encode, "x", "mime")
  tap.raises("no more arguments", base64.encode, "x", "url", 1)
end)

tap.done()
