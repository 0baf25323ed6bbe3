local luv = require('luv')

local t1 = luv.timer.create()
t1:start(1000, 200)

for i=1, 10 do
  -- suspend here until the timer triggers
  t1:next()
  print("A - next - ", i)
end
