import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createTestIssuer, createTestSidecar } from '../src/sdk/testing.ts';
import { noOldestNode } from './packages/scratch.ts';
import { freePort } from './servers/free-port.ts';
import { startSidecarCommand } from './servers/sidecar-command.ts';
import { openBench, startApi } from './tasks/bench.ts';
import { assertPlatform } from './tasks/platform.ts';
import { ask, assertRefuses, bearerOf, claimsOf, membersOf } from './tasks/answers.ts';

/* Every block of docs/tasks and of the library's README: compiled, run on the oldest Node, answered as the page says. */

const PAGES = [
  'README',
  'protect-an-api',
  'call-another-api-for-the-user',
  'call-as-yourself',
  'call-another-organisation',
  'test-without-a-network',
];
const bench = openBench([...PAGES.map((name) => `docs/tasks/${name}.md`), 'src/sdk/README.md']);
const { blocks } = bench;
const issuer = await createTestIssuer({ listen: true });
const sidecar = await createTestSidecar(issuer);
after(async () => {
  await sidecar.close();
  await issuer.close();
});
const noCurl = process.env['CI'] === undefined && spawnSync('curl', ['--version']).error !== undefined;
const skip = noOldestNode === false && noCurl ? 'curl is not there' : noOldestNode;

/** The program itself beside the application of the issuer, for what pages say of plain HTTP. */
const ON = { AZURE_ENABLED: 'true', TOKEN_X_ENABLED: 'true', IDPORTEN_ENABLED: 'true', MASKINPORTEN_ENABLED: 'true' };
const real = await startSidecarCommand({ ...issuer.env, ...ON });
after(() => real.stop());
const env = {
  ...sidecar.env,
  NAIS_TOKEN_ENDPOINT: `${real.origin}/api/v1/token`,
  NAIS_TOKEN_EXCHANGE_ENDPOINT: `${real.origin}/api/v1/token/exchange`,
  NAIS_TOKEN_INTROSPECTION_ENDPOINT: `${real.origin}/api/v1/introspect`,
};

for (const name of ['fullmakt/demo/case-api.ts', 'hono.ts', 'fastify.ts', 'node.ts']) {
  test(`docs/tasks/protect-an-api.md: ${name} lets in whom it says and refuses as it says`, { skip }, async (t) => {
    const origin = await bench.start(t, 'protect-an-api', name, issuer.env);
    const answer = await ask(`${origin}/cases`, issuer.mint('tokenx'));
    assert.equal(answer.status, 200);
    const { pid, caller } = Object(await answer.json());
    assert.deepEqual([pid, caller], ['01819090285', 'test:team:caller']);
    await assertRefuses(`${origin}/cases`, issuer, blocks.take('protect-an-api', 'json 2'));
    if (!name.startsWith('fullmakt/')) return;
    assert.deepEqual(await (await ask(`${origin}/report`, issuer.mint('entra-machine'))).json(), {
      caller: 'test:team:caller',
    });
    assert.equal((await ask(`${origin}/report`, issuer.mint('tokenx'))).status, 403);
    assert.equal(await (await ask(`${origin}/healthz`)).text(), 'ok');
  });
}

test('docs/tasks/protect-an-api.md: the route handler of Next.js does the same', { skip }, async (t) => {
  blocks.take('protect-an-api', 'app/cases/route.ts');
  const server = `import { createServer } from 'node:http';
    import { GET } from './app/cases/route.js';
    const [host, port] = process.env.BIND_ADDRESS.split(':');
    createServer(async ({ headers, url }, res) => {
      const answer = await GET(new Request('http://x' + url, { headers }), { params: Promise.resolve({}) });
      res.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    }).listen(Number(port), host);`;
  writeFileSync(join(bench.folder, 'out/protect-an-api/served.js'), server);
  const origin = await bench.startFile(t, 'protect-an-api/served.js', issuer.env);
  assert.equal((await ask(`${origin}/cases`, issuer.mint('tokenx'))).status, 200);
  await assertRefuses(`${origin}/cases`, issuer, blocks.take('protect-an-api', 'json 2'));
});

test('docs/tasks/protect-an-api.md: over plain HTTP the sidecar judges, and says why', { skip }, async () => {
  const page = 'protect-an-api';
  const judge = (token: string): Promise<unknown> => bench.call(page, 'judge.js', { fn: 'judge', args: [token], env });
  const good = issuer.mint('tokenx');
  assert.deepEqual(await judge(good), claimsOf(good));
  const expired = issuer.mint('tokenx', { expiresInSeconds: -120 });
  const stranger = issuer.mint('tokenx', { claims: { client_id: 'test:team:stranger' } });
  for (const token of [expired, stranger, 'x']) assert.equal(await judge(token), null);

  const shown = JSON.parse(blocks.take(page, 'json 1'));
  assert.deepEqual(JSON.parse(await bench.shell(page, 'sh 1', { ...env, TOKEN: expired })), shown);
});

/** Beside a sidecar, with a neighbour that answers. */
function besideSidecar(neighbour: string, origin: string): Record<string, string> {
  return { ...sidecar.env, FULLMAKT_OUTBOUND_URLS: JSON.stringify({ [`test:demo:${neighbour}`]: origin }) };
}

test('docs/tasks/call-another-api-for-the-user.md: its application asks with a token of the same citizen for the other one', {
  skip,
}, async (t) => {
  const api = await startApi(t);
  const page = 'call-another-api-for-the-user';
  const origin = await bench.start(t, page, 'fullmakt/demo/case-web.ts', besideSidecar('case-api', api.origin));
  assert.deepEqual(await (await ask(origin, issuer.mint('idporten'))).json(), { path: '/cases' });
  const { aud, pid } = bearerOf(api.seen[0]?.headers.authorization);
  assert.deepEqual([aud, pid], ['test:demo:case-api', '01819090285']);
  assert.equal((await ask(origin)).status, 401);

  issuer.fail('down');
  t.after(() => issuer.fail());
  const refused = await ask(origin, issuer.mint('idporten', { claims: { jti: 'another' } }));
  assert.deepEqual([refused.status, await refused.json()], [502, { error: 'transient' }]);
});

test('docs/tasks/call-another-api-for-the-user.md: the other forms do the same', { skip }, async (t) => {
  const page = 'call-another-api-for-the-user';
  const user = issuer.mint('entra-user');
  const employee = { fn: 'authorizationFor', args: [user, 'test:demo:case-api'], env };
  const given = await bench.call(page, 'for-employee.ts', employee);
  assert.equal(bearerOf(String(given))['NAVident'], 'Z990001');

  const api = await startApi(t);
  const token = issuer.mint('idporten');
  const wanted = { fn: 'casesOf', args: [token, api.origin], env };
  assert.deepEqual(await bench.call(page, 'cases-of.js', wanted), { path: '/cases' });
  assert.equal(bearerOf(api.seen[0]?.headers.authorization)['aud'], 'test:demo:case-api');
  const stale = { ...wanted, args: [issuer.mint('idporten', { expiresInSeconds: -60 }), api.origin] };
  await assert.rejects(bench.call(page, 'cases-of.js', stale), /400 invalid_request: /);

  const answer = JSON.parse(await bench.shell(page, 'sh 1', { ...env, TOKEN: token }));
  assertLike(answer, page, 'json 1');
  assert.equal(claimsOf(answer.access_token)['aud'], 'test:demo:case-api');
});

/** An answer has the members a page shows, of the same types. */
function assertLike(answer: object, page: string, block: string): void {
  assert.deepEqual(membersOf(answer), membersOf(JSON.parse(blocks.take(page, block))));
}

test('docs/tasks/call-as-yourself.md: the job asks with a token of its own', { skip }, async (t) => {
  const page = 'call-as-yourself';
  const api = await startApi(t);
  const origin = await bench.start(t, page, 'fullmakt/demo/case-job.ts', besideSidecar('case-api', api.origin));
  api.seen.splice(0);
  assert.deepEqual(await (await ask(origin)).json(), { status: 200, report: { path: '/report' } });
  const { idtyp, roles } = bearerOf(api.seen[0]?.headers.authorization);
  assert.deepEqual([idtyp, roles], ['app', ['access_as_application']]);

  api.seen.splice(0);
  const wanted = { fn: 'report', args: [api.origin], env };
  assert.deepEqual(await bench.call(page, 'report.js', wanted), { path: '/report' });
  assert.equal(bearerOf(api.seen[0]?.headers.authorization)['idtyp'], 'app');
  const { access_token: token } = JSON.parse(await bench.shell(page, 'sh 1', env));
  assert.equal(claimsOf(token)['idtyp'], 'app');

  const client = { fn: 'tokenFor', args: ['test:demo:case-api'], env };
  assert.equal(claimsOf(String(await bench.call(page, 'with-a-client.js', client)))['idtyp'], 'app');

  const body = new URLSearchParams({ identity_provider: 'tokenx', target: 'test:demo:case-api' });
  const refused = await fetch(env.NAIS_TOKEN_ENDPOINT, { method: 'POST', body });
  assert.equal(refused.status, 400);
  const shown = JSON.parse(blocks.take(page, 'json 1'));
  const { error, ...rest } = Object(await refused.json());
  assert.deepEqual([error, Object.keys(rest)], [shown.error, ['error_description']]);
});

test('docs/tasks/call-another-organisation.md: one end asks with the scope, the other lets in that organisation alone', {
  skip,
}, async (t) => {
  const page = 'call-another-organisation';
  const archive = await bench.start(t, page, 'fullmakt/demo/case-archive.ts', issuer.env);
  const scope = 'example:cases:read';
  const good = await ask(archive, issuer.mint('maskinporten', { claims: { scope } }));
  assert.deepEqual(await good.json(), { organisation: '310000019', scopes: [scope] });

  const origin = await bench.start(t, page, 'fullmakt/demo/case-feed.ts', besideSidecar('case-archive', archive));
  assert.deepEqual(await (await ask(origin)).json(), { organisation: '310000019', scopes: [scope] });
  const wanted = { fn: 'fromArchive', args: [archive], env };
  assert.deepEqual(await bench.call(page, 'from-archive.js', wanted), { organisation: '310000019', scopes: [scope] });
  const { access_token: token } = JSON.parse(await bench.shell(page, 'sh 1', env));
  assert.equal(claimsOf(token)['scope'], scope);

  const other = await ask(archive, issuer.mint('maskinporten', { claims: { scope: 'example:other' } }));
  assert.equal(other.status, 403);
  assert.match(other.headers.get('WWW-Authenticate') ?? '', /error="insufficient_scope".*scope="example:cases:read"/);
  const consumer = { authority: 'iso6523-actorid-upis', ID: '0192:310000027' };
  assert.equal((await ask(archive, issuer.mint('maskinporten', { claims: { scope, consumer } }))).status, 403);
  assert.equal((await ask(archive, issuer.mint('tokenx'))).status, 403);
});

test('docs/tasks/test-without-a-network.md: its tests pass', { skip }, async () => {
  const page = 'test-without-a-network';
  blocks.take(page, 'cases.ts');
  for (const name of ['cases.test.ts', 'calls.test.ts']) await bench.run(page, name, {}, ['--test']);

  const out = join(bench.folder, 'out');
  copyFileSync(join(out, 'fullmakt/demo/case-api.js'), join(out, page, 'case-api.js'));
  const file = join(out, page, 'whole-program.test.js');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('8081', String(await freePort())));
  await bench.run(page, 'whole-program.test.ts', {}, ['--test']);
});

test('src/sdk/README.md: what it shows runs', { skip }, async (t) => {
  const api = await startApi(t);
  const origin = await bench.start(t, 'sdk', 'first.ts', { ...env, REGISTER_URL: api.origin });
  assert.deepEqual(await (await ask(origin, issuer.mint('tokenx'))).json(), { path: '/people/me' });
  assert.equal(bearerOf(api.seen[0]?.headers.authorization)['aud'], 'local:demo:register');
  assert.equal((await ask(origin, issuer.mint('entra-machine'))).status, 403);

  await bench.run('sdk', 'first.test.ts', {}, ['--test']);
  assert.match(await bench.run('sdk', 'inspect.ts', sidecar.env), /^entra_id validate: ready$/m);
  assert.match(
    await bench.run('sdk', 'inspect.ts', { TOKEN_X_ISSUER: 'https://x.example' }),
    /^tokenx validate: lacks /m,
  );
  blocks.take('sdk', 'guards.ts');
  blocks.take('sdk', 'events.ts');
  const told = `import { auth } from './events.js'; import { reader } from './guards.js';
    const { ok } = await auth.authenticate({ headers: { authorization: 'Bearer x' } }, reader);
    console.log(ok);`;
  writeFileSync(join(bench.folder, 'out/sdk/told.js'), told);
  assert.match(await bench.runFile('sdk/told.js', issuer.env), /^false$/m);
});

test('what is to be installed is what the pages import, and the folder is where they put things', () => {
  const installed = [blocks.take('README', 'sh 1'), blocks.take('sdk', 'sh 1')];
  assert.deepEqual(installed, [
    'npm install @fullmakt/sdk express\nnpm install --save-dev @types/express @types/node\n',
    'npm install @fullmakt/sdk\n',
  ]);
  const folder = blocks.take('README', 'text 1');
  for (const { name } of blocks.all.filter(({ language }) => language === 'yaml'))
    assert.ok(folder.includes(name.slice(0, name.lastIndexOf('/') + 1)), name);
});

test('the manifests are valid together, and the platform they describe works as the pages say', { skip }, async (t) => {
  for (const { page, name, language } of blocks.all) if (language === 'yaml') blocks.take(page, name);
  assert.equal(await bench.shell('README', 'sh 2', {}), '5 valid apps\n');
  assert.match(await bench.shell('protect-an-api', 'sh 2', {}), /^yes: local:demo:case-web gets a TokenX token/);

  await assertPlatform(t, join(bench.folder, 'fullmakt'));
});

test('every block of the pages was used above', { skip }, () => {
  assert.deepEqual(blocks.untouched(), []);
});
