#!lua flags=allow-oom
--[[
  Forgets those of the sources of which no batch is retained: their last line lies before the first retained.

  KEYS  1 log   2 positions   3 sources   4 meta
  ARGV  sources
  Returns how many were forgotten, or an error, and nothing was written
]]
--@include entry

local log, positions, sources, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
local first_seq = oldest and tonumber(field(oldest, 'q') or '') or tonumber(redis.call('HGET', meta, 'next') or '')
local gone = {}
for _, source in ipairs(ARGV) do
  local position = redis.call('HGET', positions, source)
  local last_seq = position and tonumber(string.match(position, '^%d+ (%d+) ') or '')
  if last_seq and first_seq and last_seq < first_seq then gone[#gone + 1] = source end
end
-- A key of another type must fail here, not between the deletions.
redis.call('HLEN', sources)
for _, key in ipairs({positions, sources}) do
  if not redis.acl_check_cmd('HDEL', key, 'f') then return redis.error_reply('NOPERM hdel') end
end

for _, source in ipairs(gone) do
  redis.call('HDEL', positions, source)
  redis.call('HDEL', sources, source)
end
return #gone
