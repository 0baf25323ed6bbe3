-- account.lua - what random programs work on: test-proxy-worst.lua makes them here and there.

return function(i)
  local a = {id = i, n = 0, friends = {}}
  function a:add(x) self.n = (self.n * 31 + x) % 1000003; return self.n end
  function a:befriend(k, other) self.friends[k] = other; return other ~= nil end
  function a:forward(k, depth, x)
    local f = self.friends[k]
    if not f then return nil, "no friend" end
    if depth == 0 then return f:add(x) end
    return f:forward(k, depth - 1, x + self.n)
  end
  function a:friend(k) return self.friends[k] end
  function a:fail(x) error({id = self.id, x = x}) end
  function a:echo(t) return t, self end
  return a
end
