#!lua
--[[
  Makes a source known and returns its position; repeating it changes nothing. Begins the channel's history
  where there is none.

  KEYS  1 log   2 positions   3 sources   4 meta
  ARGV  1 source   2 description (JSON)   3 initial offset   4 initial mark   5 epoch for a new history
  Returns
    the position that holds
    error NOPERM, CORRUPT, or one of the server's own; nothing was written
]]
local log, positions, sources, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local source, description, offset, mark, candidate = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local position = redis.call('HGET', positions, source)
local described = redis.call('HEXISTS', sources, source) == 1
local epoch = redis.call('HGET', meta, 'epoch')
-- Lines whose numbers are lost: to number on would lie, to delete them is the operator's decision.
if not epoch and redis.call('XLEN', log) > 0 then
  return redis.error_reply('CORRUPT ' .. meta .. ' is gone although ' .. log .. ' holds lines')
end
for _, key in ipairs({positions, sources, meta}) do
  if not redis.acl_check_cmd('HSET', key, 'f', '') then return redis.error_reply('NOPERM hset') end
end

if not epoch then redis.call('HSET', meta, 'epoch', candidate, 'next', '1', 'bytes', '0', 'last', '0-0') end
if not described then redis.call('HSET', sources, source, description) end
if not position then
  position = offset .. ' 0 ' .. mark
  redis.call('HSET', positions, source, position)
end
return position
