#!lua
--[[
  Adds a channel to its tenant's set and rings the tenant's doorbell if it is new there.

  KEYS  1 channels (set)
  ARGV  1 channel   2 doorbell (shard channel)
  Returns 1 if the channel is new, else 0
]]
local added = redis.call('SADD', KEYS[1], ARGV[1])
if added == 1 then redis.pcall('SPUBLISH', ARGV[2], '') end
return added
