#!lua flags=no-writes
--[[
  Whether scripts like ours run here: before Redis 7.0 the first line alone is an error.

  Returns the server's version
]]
return redis.REDIS_VERSION
