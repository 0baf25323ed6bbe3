-- luv.hex.

local tap = dofile((arg[0]:match("^.*/") or "./") .. "lib/tap.lua")
local luv = require("luv")
local hex = luv.hex

tap.test("there and back", function()
  tap.equal(hex.encode("\0\1\127\128\255"), "00017f80ff")
  tap.equal(hex.decode("00017F80ff"), "\0\1\127\128\255")
  tap.equal(hex.encode(""), "")
  tap.equal(hex.decode(""), "")
  local all = {}
  for i = 0, 255 do all[#all + 1] = string.char(i) end
  all = table.concat(all)
  tap.equal(hex.decode(hex.encode(all)), all)
end)

tap.test("what is not hexadecimal", function()
  for _, text in ipairs{"0", "000", "0g", " 00", "00 ", "0x00", "\0\0"} do tap.fails("EINVAL", hex.decode(text)) end
  tap.raises("string expected", hex.encode, 1)
  tap.raises("string expected", hex.decode, nil)
  tap.raises("no more arguments", hex.decode, "00", 1)
end)

tap.done()
