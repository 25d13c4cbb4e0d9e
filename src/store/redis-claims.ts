/** Names the memory that the server has: gone with everything else when that is wiped. */
export const EPOCH_KEY = 'fullmakt:replay:epoch';

/** Before the key of every mark. */
export const MARK_PREFIX = 'fullmakt:replay:mark:';

/** The server's clock, in milliseconds since the epoch. */
const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/**
 * KEYS[1]: the epoch; ARGV: run id of the server process, an id for a new epoch. Gives the id of the epoch and when it began.
 * Another process of the server may have lost what it had not yet written down or sent on: then memory begins anew.
 */
export const BEGIN: string = `${NOW}
if redis.call('HGET', KEYS[1], 'run') ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'run', ARGV[1], 'id', ARGV[2], 'since', now, 'latest', now)
end
return redis.call('HMGET', KEYS[1], 'id', 'since')`;

/**
 * KEYS: the epoch, the mark; ARGV: id of the epoch, end of the mark, grace, both in milliseconds. One atomic step: a mark
 * counts only in the epoch it was made in. A clock that was set back by more than the grace ends the epoch.
 * Gives the answer, and the time.
 */
export const CLAIM: string = `${NOW}
local epoch = redis.call('HMGET', KEYS[1], 'id', 'latest')
if epoch[1] ~= ARGV[1] then return {'lost', now} end
local latest = tonumber(epoch[2])
local grace = tonumber(ARGV[3])
if now < latest - grace then
  redis.call('DEL', KEYS[1])
  return {'lost', now}
end
if now > latest + 1000 then redis.call('HSET', KEYS[1], 'latest', now) end
local ends = tonumber(ARGV[2])
if ends <= now then return {'expired', now} end
local known = redis.call('GET', KEYS[2])
if known and tonumber(known) > now then return {'seen', now} end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ends - now + grace)
return {'fresh', now}`;
