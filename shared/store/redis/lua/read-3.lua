#!lua flags=no-writes
--[[
  Batches after an entry, the view of the history and the descriptions of the sources, of one instant.
  Pages grow slowly towards what is left of the budget, so that little more is copied than is returned.

  KEYS  1 log   2 sources   3 meta
  ARGV  1 entry id to read after   2 payload bytes at the most   3 batches at the most
  Returns
    {}    the channel has no history
    {epoch, next seq, id of the newest entry ever appended,
     id and seq of the oldest retained entry ('0-0' and next seq for none),
     1 if the entry read after is retained, else 0,
     entries (at least one where there is one), sources and their descriptions in turn}
    error CORRUPT, or one of the server's own
]]
--@include entry

local PAGE_MAX = 16
local log, sources, meta = KEYS[1], KEYS[2], KEYS[3]
local after, bytes_max, batches_max = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

-- Returns the entries and whether the one they come after is retained.
local function read_batches()
  local batches, bytes, anchored, from, count = {}, 0, 0, after, 2
  while true do
    local page = redis.call('XRANGE', log, from, '+', 'COUNT', count)
    for _, entry in ipairs(page) do
      if entry[1] == after then
        anchored = 1
      else
        bytes = bytes + #(field(entry, 'p') or '')
        if #batches > 0 and bytes > bytes_max or #batches == batches_max then return batches, anchored end
        batches[#batches + 1] = entry
      end
    end
    if #page < count then return batches, anchored end
    from = '(' .. page[#page][1]
    local wanted = math.ceil((bytes_max - bytes) * #batches / math.max(bytes, 1))
    count = math.max(1, math.min(wanted, 2 * count, PAGE_MAX))
  end
end

local function describe(batches)
  local descriptions, seen = {}, {}
  for _, entry in ipairs(batches) do
    local source = field(entry, 's') or ''
    if not seen[source] then
      seen[source] = true
      descriptions[#descriptions + 1] = source
      descriptions[#descriptions + 1] = redis.call('HGET', sources, source)
    end
  end
  return descriptions
end

local history = redis.call('HMGET', meta, 'epoch', 'next', 'last')
if not history[1] then return {} end
local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
local first_entry, first_seq = '0-0', history[2]
if oldest then
  first_entry, first_seq = oldest[1], field(oldest, 'q')
end
if not first_seq then return redis.error_reply('CORRUPT an entry without seq in ' .. log) end
local batches, anchored = read_batches()
return {history[1], history[2], history[3], first_entry, first_seq, anchored, batches, describe(batches)}
