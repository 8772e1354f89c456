#!lua flags=allow-oom
--[[
  Applies the retention to a channel that nobody appends to. Allowed on a full server: it makes room.

  KEYS  1 log   2 meta
  ARGV  1 retained bytes at the most   2 retained age in ms at the most
  Returns 1 if more is to evict than one call does, else 0; or an error, and nothing was written
]]
--@include entry
--@include eviction

local log, meta = KEYS[1], KEYS[2]
local history = redis.call('HMGET', meta, 'bytes', 'last')
local stored, newest = tonumber(history[1] or ''), history[2]
if not stored then return 0 end

local oldest_ms = clock_ms() - tonumber(ARGV[2])
local last, left, more = plan_eviction(log, stored, 0, newest, tonumber(ARGV[1]), oldest_ms)
if not last then return 0 end
if not redis.acl_check_cmd('XTRIM', log, 'MINID', '0') then return redis.error_reply('NOPERM xtrim') end
if not redis.acl_check_cmd('HSET', meta, 'f', '') then return redis.error_reply('NOPERM hset') end

evict(log, last)
redis.call('HSET', meta, 'bytes', decimal(left))
return more and 1 or 0
