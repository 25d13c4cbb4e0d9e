const { createServer } = require('node:http');
const { fromEnv } = require('@fullmakt/sdk');
const { tokensFromEnv } = require('@fullmakt/sdk/tokens');
const { createFetch } = require('@fullmakt/sdk/fetch');
const { createTestIssuer } = require('@fullmakt/sdk/testing');

fromEnv();
const names = [fromEnv, tokensFromEnv, createFetch, createTestIssuer].map((each) => each.name);
const server = createServer((_req, res) => res.end(JSON.stringify(names)));
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
