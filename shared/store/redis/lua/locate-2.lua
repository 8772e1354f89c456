#!lua flags=no-writes
--[[
  The position to start reading from. Finds a line by bisection over entry ids, since every entry carries
  its seq: a probe costs one entry, whatever lies between.

  KEYS  1 log   2 meta
  ARGV  1 kind: 'start', 'end', 'tail' or 'since'   2 lines ('tail') or milliseconds since 1970 ('since')
  Returns
    {}    the channel has no history
    {epoch, id of the last entry wholly before the position ('0-0' for none), seq}
    error CORRUPT, or one of the server's own
]]
--@include entry

local log, meta = KEYS[1], KEYS[2]
local kind, wanted = ARGV[1], tonumber(ARGV[2])

local function seq_of(entry)
  return tonumber(field(entry, 'q') or '') or error({err = 'CORRUPT an entry without seq in ' .. log})
end

-- The last entry whose id is `bound` or less; `(` before an id leaves that one out.
local function last_until(bound)
  return redis.call('XREVRANGE', log, bound, '-', 'COUNT', 1)[1]
end

local function id_before(entry)
  local before = last_until('(' .. entry[1])
  return before and before[1] or '0-0'
end

-- Narrows a range of numbers down to the last entry whose seq is `seq` or less. `good` is such an entry and
-- has the number `low`; none is at `high` or above. `id_at` makes an id of a number, `number_of` a number of an id.
local function narrow(good, low, high, seq, id_at, number_of)
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    local probe = redis.call('XRANGE', log, id_at(middle), '+', 'COUNT', 1)[1]
    if seq_of(probe) <= seq then
      good, low = probe, number_of(probe[1])
    else
      high = middle
    end
  end
  return good
end

-- The last entry whose seq is `seq` or less: first by millisecond, then inside that millisecond, which holds
-- many entries after the clock went back.
local function entry_with(seq, oldest)
  local newest = last_until('+')
  local good = narrow(oldest, entry_ms(oldest[1]), entry_ms(newest[1]) + 1, seq, decimal, entry_ms)
  local ms = decimal(entry_ms(good[1]))
  local last = entry_count(last_until(ms)[1])
  local id_at = function(count) return ms .. '-' .. decimal(count) end
  return narrow(good, entry_count(good[1]), last + 1, seq, id_at, entry_count)
end

local function locate(history, oldest)
  local tip = {history[1], history[3], history[2]}
  if kind == 'end' or not oldest then return tip end
  if kind == 'start' then return {history[1], '0-0', decimal(seq_of(oldest))} end
  if kind == 'since' then
    local entry = redis.call('XRANGE', log, decimal(wanted), '+', 'COUNT', 1)[1]
    return entry and {history[1], id_before(entry), decimal(seq_of(entry))} or tip
  end
  if wanted < 1 then return tip end
  local seq = math.max(tonumber(history[2]) - wanted, seq_of(oldest))
  return {history[1], id_before(entry_with(seq, oldest)), decimal(seq)}
end

local history = redis.call('HMGET', meta, 'epoch', 'next', 'last')
if not history[1] then return {} end
return locate(history, redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1])
