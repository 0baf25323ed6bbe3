-- random.lua - a generator of random numbers that gives the same on every interpreter.
--
-- random(seed) returns r; r(n) is a whole number of 1 to n. Each fiber of a program has one of its
-- own, made from its maker's, so that what a fiber does does not hang on who runs before it.

return function(seed)
  local x = seed * 7919 % 2147483646 + 1 -- Park and Miller's minimal standard: exact in doubles
  local function r(n)
    x = x * 16807 % 2147483647
    return x % n + 1
  end
  r(1) r(1) r(1)
  return r
end
