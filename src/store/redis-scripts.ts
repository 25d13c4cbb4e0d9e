import { createHash } from 'node:crypto';

/** A script that runs on the server as one atomic step, on one key only: in a cluster too it is never split. */
export interface RedisScript {
  readonly source: string;
  readonly sha1: string;
}

function script(source: string): RedisScript {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

/** The server's clock, in milliseconds since the epoch. */
const NOW = `local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/** ARGV: version expected, new record. A record begins with its version, which is 6 bytes. */
export const UPDATE: RedisScript = script(`local version = redis.call('GETRANGE', KEYS[1], 0, 5)
if version == '' then return 'gone' end
if version ~= ARGV[1] then return 'conflict' end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 'ok'`);

/** ARGV: token, milliseconds. */
export const RENEW: RedisScript = script(`if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

/** ARGV: token. */
export const RELEASE: RedisScript = script(`if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);

/** ARGV: member, milliseconds. Members are sorted by their end; the set ends with its last. */
export const ADD_MEMBER: RedisScript = script(`${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], 'GT', now + ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`);

/** The members that have not run out. */
export const MEMBERS: RedisScript = script(`${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')`);
