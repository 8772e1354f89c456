--[[
  Included by scripts that look into entries of a log. Field names are explained in keys.ts.
]]

-- The value of a field of an entry, as text, or nil.
local function field(entry, name)
  local pairs_of_entry = entry[2]
  for i = 1, #pairs_of_entry, 2 do
    if pairs_of_entry[i] == name then return pairs_of_entry[i + 1] end
  end
  return nil
end

-- The milliseconds of an entry id, exact: they stay far below 2^53.
local function entry_ms(id)
  return tonumber(string.match(id, '^(%d+)%-'))
end

-- The count of an entry id within its millisecond; exact, since Redis counts from 0.
local function entry_count(id)
  return tonumber(string.match(id, '%-(%d+)$'))
end

-- A whole number as decimal text; Lua alone would write large ones as floats.
local function decimal(number)
  return string.format('%.0f', number)
end
