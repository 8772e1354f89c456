#!lua
--[[
  Appends a batch at its source's position: all of it, or nothing.

  1. Everything that can fail comes first, since Redis keeps what a failing script has written: the flags
     above refuse a full, read-only or failing server, the reads find keys of another type, the rights are
     asked for, the eviction is planned.
  2. Compares the stored position with `from`, and that of the other source; if one differs, returns the
     position and writes nothing.
  3. Adds the entry, moves the positions, advances seq and stored bytes, evicts, rings the doorbell.

  KEYS  1 log (stream)   2 positions (hash)   3 sources (hash)   4 meta (hash)
  ARGV  1 source   2 from   3 to   4 lines   5 encoding   6 cut ('' for none)   7 payload   8 mark
        9 retained bytes at the most   10 retained age in ms at the most   11 doorbell (shard channel)
        12 to 15, only where another source moves too: 12 source   13 from   14 to   15 mark
  Returns
    {'appended', epoch, entry id, seq}
    {'conflict', position}    the source, or the other one, stands elsewhere
    {'unknown_source'}        no description, position or history of one of them: to be opened (again)
    error NOPERM, CORRUPT, or one of the server's own; nothing was written
]]
--@include entry
--@include eviction

local log, positions, sources, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local source, from, to, lines, encoding, cut, payload, mark =
  ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local bytes_max, age_ms, doorbell = tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11]
local other, other_from, other_to, other_mark = ARGV[12], ARGV[13], ARGV[14], ARGV[15]
local SEQ_MAX = 9007199254740991

local position = redis.call('HGET', positions, source)
local history = redis.call('HMGET', meta, 'epoch', 'next', 'bytes')
local epoch, seq, stored = history[1], tonumber(history[2] or ''), tonumber(history[3] or '')
if not position or not epoch or redis.call('HEXISTS', sources, source) == 0 then return {'unknown_source'} end
if string.match(position, '^(%d+) ') ~= from then return {'conflict', position} end
if other then
  local other_position = redis.call('HGET', positions, other)
  if not other_position or redis.call('HEXISTS', sources, other) == 0 then return {'unknown_source'} end
  if string.match(other_position, '^(%d+) ') ~= other_from then return {'conflict', position} end
end
if not seq or not stored then return redis.error_reply('CORRUPT no numbers in ' .. meta) end

local next_seq = seq + tonumber(lines)
if next_seq > SEQ_MAX then return redis.error_reply('CORRUPT no sequence numbers are left in ' .. meta) end
local last, left = plan_eviction(log, stored, #payload, '', bytes_max, clock_ms() - age_ms)

if not redis.acl_check_cmd('XADD', log, '*', 'p', '') then return redis.error_reply('NOPERM xadd') end
if not redis.acl_check_cmd('HSET', positions, 'f', '') then return redis.error_reply('NOPERM hset') end
if not redis.acl_check_cmd('HSET', meta, 'f', '') then return redis.error_reply('NOPERM hset') end
if last and not redis.acl_check_cmd('XTRIM', log, 'MINID', '0') then return redis.error_reply('NOPERM xtrim') end

local head = {'XADD', log, '*', 's', source, 'f', from, 't', to, 'n', lines, 'q', decimal(seq), 'e', encoding}
if cut ~= '' then
  head[#head + 1], head[#head + 2] = 'c', cut
end
head[#head + 1], head[#head + 2] = 'p', payload
local entry = redis.call(unpack(head))
local last_seq = ' ' .. decimal(next_seq - 1) .. ' '
redis.call('HSET', positions, source, to .. last_seq .. mark)
if other then redis.call('HSET', positions, other, other_to .. last_seq .. other_mark) end
redis.call('HSET', meta, 'next', decimal(next_seq), 'bytes', decimal(left), 'last', entry)
if last then evict(log, last) end
redis.pcall('SPUBLISH', doorbell, '')
return {'appended', epoch, entry, decimal(seq)}
