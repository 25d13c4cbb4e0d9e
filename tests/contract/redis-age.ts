import { createClient } from 'redis';

/** The server's clock cannot be moved, so everything under the prefix is made older instead. */
const AGE = `for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  if redis.call('TYPE', key).ok == 'zset' then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, -ARGV[2], member) end
  end
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[2]) end
end`;

/** Makes all that a store wrote under its prefix on one server so much older. */
export async function age(url: string, prefix: string, seconds: number): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  await client.sendCommand(['EVAL', AGE, '0', prefix, String(seconds * 1000)]);
  await client.close();
}
