--[[
  Included by scripts that apply the retention. Plans only: it reads and writes nothing, so it can run before
  the first write of an append. Its cost grows with what is evicted, and both bounds below keep one call short
  when a retention was lowered or a channel slept: what is left over goes with the next call.
]]

local EVICTED_BYTES_MAX = 33554432
local EVICTED_ENTRIES_MAX = 1000
local EVICTION_PAGE_MAX = 16

-- Milliseconds since 1970 by the clock that also makes entry ids.
local function clock_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

--[[
  stored: bytes of the retained payloads; incoming: bytes of the payload about to be appended, 0 for none;
  newest: id of an entry that stays whatever its size, '' for none (age may evict it).
  Returns: the id of the last entry to evict or false, the bytes stored afterwards, whether more is to evict.
]]
local function plan_eviction(log, stored, incoming, newest, bytes_max, oldest_ms)
  local left, last, evicted_bytes, evicted_entries = stored + incoming, false, 0, 0
  local from, count = '-', 1
  while true do
    local page = redis.call('XRANGE', log, from, '+', 'COUNT', count)
    for _, entry in ipairs(page) do
      local surplus = left > bytes_max and entry[1] ~= newest
      if not surplus and entry_ms(entry[1]) >= oldest_ms then return last, left, false end
      if evicted_bytes >= EVICTED_BYTES_MAX or evicted_entries >= EVICTED_ENTRIES_MAX then
        return last, left, true
      end
      local size = #(field(entry, 'p') or '')
      left, last = math.max(left - size, incoming), entry[1]
      evicted_bytes, evicted_entries = evicted_bytes + size, evicted_entries + 1
    end
    -- Nothing older is left: whatever the count of stored bytes said, it is now what comes in.
    if #page < count then return last, incoming, false end
    from = '(' .. page[#page][1]
    count = math.min(count * 2, EVICTION_PAGE_MAX)
  end
end

-- Evicts everything up to and including `last`. XTRIM takes the first id to keep.
local function evict(log, last)
  redis.call('XTRIM', log, 'MINID', decimal(entry_ms(last)) .. '-' .. decimal(entry_count(last) + 1))
end
