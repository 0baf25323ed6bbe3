-- require.lua - a process that loads a module and ends.
--
--   lua require.lua luv            the module that is measured
--   lua require.lua empty          the empty Go module of limit/module
--
-- The one rule: nothing else happens here; load/start.c times the process from outside.

require(arg[1])
